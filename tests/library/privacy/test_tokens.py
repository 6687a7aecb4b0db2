from __future__ import annotations

import hmac

import pyarrow as pa
import pytest

from riskloom import Entity, EventSource, FeatureView, aggregate, tokens
from riskloom.errors import PrivacyError
from riskloom.lake import tables
from riskloom.lake.key_ids import key_in_use
from riskloom.store.keyed import under_each_key
from riskloom.tokens import Ring

A, B = b"a" * 16, b"b" * 16
ONE, TWO = Ring((("k1", A),)), Ring((("k1", A), ("k2", B)))


@pytest.fixture(autouse=True)
def no_keys(monkeypatch):
    for name in tokens.VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_a_token_is_the_hmac_of_the_identifier_under_its_key():
    assert ONE.token("C-1042") == f"tok:k1:{hmac.digest(A, b'C-1042', 'sha256').hex()[:32]}"


def test_a_token_of_an_older_key_becomes_the_one_of_the_newest_without_the_identifier():
    assert TWO.token(ONE.token("C-1042")) == TWO.token("C-1042")
    assert TWO.token("C-1042").startswith("tok:k2:")
    assert TWO.until("k1").token("C-1042") == ONE.token("C-1042")


def test_an_entity_is_looked_for_under_each_key_also_by_its_token(monkeypatch):
    monkeypatch.setenv(tokens.KEYS, f"k1:{A.hex()},k2:{B.hex()}")
    entity = Entity.of("pair", user="string", number="int64")
    source = EventSource(name="s", files="*", transform="t:f", columns=dict(entity.keys), tokens=("user",))
    view = FeatureView(name="v", entity=entity, source=source, windows=("1h",), aggregations=(aggregate.count(),))
    both = [[(TWO.token("x"), 7)], [(ONE.token("x"), 7)]]
    assert under_each_key(view, [("x", 7)]) == both
    assert under_each_key(view, [(ONE.token("x"), 7)]) == both
    assert under_each_key(view, [(TWO.token("x"), 7)]) == [both[0]] * 2
    with pytest.raises(
        PrivacyError, match=r"^there is no key 'k9' for tokens that were made with it\. Available: k1, k2\.$"
    ):
        under_each_key(view, [("tok:k9:" + "0" * 32, 7)])


def test_a_column_keeps_nulls_and_equality():
    found = TWO.column(pa.chunked_array([["x", None], ["y", "x", ""]])).to_pylist()
    assert found == [TWO.token("x"), None, TWO.token("y"), TWO.token("x"), TWO.token("")]
    assert ONE.column(pa.chunked_array([], pa.string())).to_pylist() == []


def test_each_version_of_a_table_says_which_key_it_has(tmp_path):
    for ring in (ONE, TWO):
        tables.overwrite(tmp_path, pa.table({"number": [1], "user": [ring.token("C-1042")]}))
    assert [key_in_use(tmp_path, ["user"], version) for version in (0, 1, None)] == ["k1", "k2", "k2"]


def test_keys_come_from_the_environment_a_file_or_a_backend(monkeypatch, tmp_path):
    assert Ring.of_environment() is None
    monkeypatch.setenv(tokens.KEYS_FROM, "secrets_of_test:keys")
    (tmp_path / "secrets_of_test.py").write_text("def keys():\n    return {'k1': b'a' * 16}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert Ring.of_environment() == ONE
    (tmp_path / "keys").write_text(f"k1:{A.hex()}\nk2:{B.hex()}\n")
    monkeypatch.setenv(tokens.KEYS_FILE, str(tmp_path / "keys"))
    assert Ring.of_environment() == TWO
    monkeypatch.setenv(tokens.KEYS, f"k1:{A.hex()}")
    assert Ring.of_environment() == ONE
    assert A.hex() not in repr(Ring.of_environment())


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (",", "RISKLOOM_TOKEN_KEYS: it holds no key."),
        ("k1:xyz", "RISKLOOM_TOKEN_KEYS: key 1 is not hexadecimal."),
        ("k1:00ff", "RISKLOOM_TOKEN_KEYS: key 'k1' has 2 bytes, fewer than 16."),
        (f"K:{A.hex()}", "RISKLOOM_TOKEN_KEYS: the id of key 1 is not 1 to 16 lower-case letters and digits."),
        (f"k1:{A.hex()},k1:{B.hex()}", "RISKLOOM_TOKEN_KEYS: the id 'k1' comes twice."),
    ],
)
def test_keys_that_cannot_be_used_are_refused(monkeypatch, text, error):
    monkeypatch.setenv(tokens.KEYS, text)
    with pytest.raises(PrivacyError) as caught:
        Ring.of_environment()
    assert str(caught.value) == f"{error} Give ID:HEX pairs with commas between them, the oldest first."


def test_a_missing_ring_file_backend_or_key_is_told(monkeypatch, tmp_path):
    with pytest.raises(PrivacyError) as caught:
        Ring.required("source 'orders'")
    assert str(caught.value) == (
        "source 'orders' needs keys for its tokens, and there are none. "
        "Set one of RISKLOOM_TOKEN_KEYS, RISKLOOM_TOKEN_KEYS_FILE, RISKLOOM_TOKEN_KEYS_FROM."
    )
    with pytest.raises(PrivacyError, match=r"^there is no key 'k2' for tokens .* Available: k1\.$"):
        ONE.token(TWO.token("C-1042"))
    monkeypatch.setenv(tokens.KEYS_FROM, "no_such_module:keys")
    with pytest.raises(
        PrivacyError, match=r"^RISKLOOM_TOKEN_KEYS_FROM: no_such_module:keys failed: ModuleNotFoundError"
    ):
        Ring.of_environment()
    monkeypatch.setenv(tokens.KEYS_FILE, str(tmp_path / "none"))
    with pytest.raises(PrivacyError, match=r"/none cannot be read: No such file or directory"):
        Ring.of_environment()
