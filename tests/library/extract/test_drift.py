"""Fields that are otherwise than declared are counted, by kernels and by the plain reading alike."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from riskloom import Csv, EventSource, JsonLines
from riskloom.extract.classify import Rules
from riskloom.extract.decode import Decoder
from riskloom.extract.drift import MOST_NAMES
from riskloom.extract.formats.plan import Plan

SOURCE = EventSource(
    name="s",
    files="s",
    format=JsonLines(),
    columns={"user_name": "string", "port": "int64", "ok": "bool", "seen": "timestamp", "city": "string"},
    fields={"user_name": ("user_name", "uid"), "city": "geo.city"},
    timestamp=("ts", "at"),
)


def drift(source, *lines, plain=False, head=b""):
    """Read lines; a mark that nobody sees sends them to the plain reading."""
    raw = [line + b"\0" if plain else line for line in lines]
    count = len(raw)
    columns = {
        "file_hash": pa.repeat("h", count),
        "file": pa.repeat("s", count),
        "line_no": pa.array(range(2, count + 2)),
        "byte_offset": pa.array(range(count)),
        "raw": pa.array(raw, pa.binary()),
        "failure": pa.nulls(count, pa.string()),
        "identity": pa.repeat("h", count),
        "ingest_ts": pa.array([1_790_000_000_000_000] * count, pa.timestamp("us", "UTC")),
    }
    plan = Plan.of(source)
    decoder = Decoder(Rules(header=bool(head), heads={"h": head}, plan=plan), plan)
    tables = list(decoder.rows(iter([pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))])))
    assert {tuple(codes) for table in tables for codes in table["repair_codes"].to_pylist()} == {
        ("control_chars",) if plain else ()
    }
    return decoder.drift.counts


def lines(*records):
    return [json.dumps({"ts": 1_700_000_000} | record).encode() for record in records]


@pytest.mark.parametrize("plain", [False, True])
def test_each_kind_of_drift_has_its_counter(plain):
    whole = {"user_name": "a", "port": 1, "ok": True, "seen": 1_700_000_000, "geo": {"city": "Oslo"}}
    assert drift(SOURCE, *lines(whole, whole | {"seen": "2024-05-01T10:00:00Z"}), plain=plain) == {}
    renamed = {"uid": "a", **{name: value for name, value in whole.items() if name != "user_name"}}
    assert drift(SOURCE, *lines(renamed, whole), plain=plain) == {"alias:uid": 1}
    retyped = whole | {"user_name": 7, "port": "12", "ok": "true"}
    expected = {"retyped:user_name": 1, "retyped:port": 1, "retyped:ok": 1}
    assert drift(SOURCE, *lines(retyped, whole), plain=plain) == expected
    new = whole | {"plan": "gold", "geo": {"city": "Oslo", "lat": 1}}
    assert drift(SOURCE, *lines(new, new, whole), plain=plain) == {"new:plan": 2, "new:geo.lat": 2}
    removed = {"user_name": "a", "ok": None, "at": 1_700_000_000, "ts": None}
    expected = {"missing:port": 1, "missing:ok": 1, "missing:seen": 1, "missing:city": 1, "alias:at": 1}
    assert drift(SOURCE, *lines(removed, whole), plain=plain) == expected


def test_a_new_column_of_delimited_values_is_counted_by_its_name():
    rows = EventSource(name="s", files="s", format=Csv(), header=True, columns={"a": "int64"})
    assert drift(rows, b"1700000000,1,x", b"1700000000,,", head=b"ts,a,b") == {"new:b": 1, "missing:a": 1}


def test_names_that_may_be_somebodys_are_not_shown_and_their_number_is_bounded():
    strange = lines({"ann@example.com": 1, "+1 555 0100": 2, "4111111111111111": 3, "user 7": 4, "plan": 5})
    counts = drift(SOURCE, *strange)
    assert {name: count for name, count in counts.items() if name.startswith("new:")} == {
        "new:<other>": 4,
        "new:plan": 1,
    }
    many = lines(*({f"field_{number}": 1, "plan": 1} for number in range(3 * MOST_NAMES)))
    counts = {name: count for name, count in drift(SOURCE, *many).items() if name.startswith("new:")}
    assert len(counts) == MOST_NAMES + 1
    assert (counts["new:plan"], counts["new:<other>"]) == (3 * MOST_NAMES, 2 * MOST_NAMES + 1)
