from __future__ import annotations

import random

import pyarrow as pa
import pytest

from riskloom.extract.protect import Protection
from riskloom.extract.redact import redact, redact_column
from riskloom.tokens import Ring

RING = Ring((("k1", b"a" * 16),))
PERSONAL = {
    "jane.doe+x@example.co.uk": "<EMAIL>",
    "a%40b.com": "<EMAIL>",
    "GB82 WEST 1234 5698 7654 32": "<IBAN>",
    "4111 1111 1111 1111": "<CARD>",
    "5500-0055-5555-5559": "<CARD>",
    "138-0013-8000": "<PHONE>",
    "+44 20 7946 0958": "<PHONE>",
    "(555) 234-5678": "<PHONE>",
    "06 12 34 56 78": "<PHONE>",
    "123-45-6789": "<NATIONAL_ID>",
    "11010519491231002X": "<NATIONAL_ID>",
    "AB 12 34 56 C": "<NATIONAL_ID>",
    "529.982.247-25": "<NATIONAL_ID>",
    "12345678Z": "<NATIONAL_ID>",
    "221B Baker Street": "<ADDRESS>",
    "12 rue de Rivoli": "<ADDRESS>",
    "Musterstraße 12, 10115 Berlin": "<ADDRESS>",
    "PO Box 1234": "<ADDRESS>",
}
HARMLESS = [
    "2015-05-17 10:05:03",
    "1396437466.94",
    "1396437466940",
    "83.149.9.216",
    "10.20.30.40:5555",
    "order 20101201 qty 6",
    "4111 1111 1111 1112",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/33.0.1750.91 Safari/537.36",
    "2010-12-01T08:26:00.123456Z",
    "6 items in the way",
    "GET /a?x=12345678 HTTP/1.1",
]


@pytest.mark.parametrize(("text", "tag"), PERSONAL.items())
def test_what_is_personal_becomes_its_tag(text, tag):
    assert redact(f"see {text}; please") == (f"see {tag}; please", (f"pii_{tag.strip('<>').lower()}",))


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_harmless_stays(text):
    assert redact(text) == (text, ())


def test_the_quick_way_over_a_column_gives_what_each_text_gives():
    random.seed(3)
    pieces = [*PERSONAL, *HARMLESS, "", " ", "hello", "price 12,50", "\n", "é", "订单", "<EMAIL>"]
    texts = [None if number % 50 == 0 else "".join(random.choices(pieces, k=3)) for number in range(3_000)]
    column, flags = redact_column(pa.array(texts))
    expected = [(None, ()) if text is None else redact(text) for text in texts]
    assert column.to_pylist() == [text for text, _ in expected]
    assert flags == {place: found for place, (_, found) in enumerate(expected) if found}


def test_a_batch_leaves_bronze_without_identifiers_and_personal_text():
    batch = pa.record_batch(
        {
            "customer": pa.array(["C-1042", None, "C-7"]),
            "note": pa.array(["C-1042 wrote a@b.com", "fine", None]),
            "flags": pa.array([["late"], [], None], pa.list_(pa.string())),
            "extras": pa.array(
                [[("client", "C-1042"), ("trace", "at C-1042 138-0013-8000")], None, [("a@b.com", None)]],
                pa.map_(pa.string(), pa.string()),
            ),
        }
    )
    protection = Protection(redact=("note",), tokens=("customer",), ring=RING)
    # A slice has offsets of its own.
    padded = pa.Table.from_batches([batch, batch, batch]).combine_chunks().to_batches()[0].slice(3, 3)
    for given in (batch, padded):
        (found,) = protection.batches([given])
        assert found.schema == batch.schema
        assert found.to_pylist() == [
            {
                "customer": RING.token("C-1042"),
                "note": "<ID> wrote <EMAIL>",
                "flags": ["late", "pii_email", "pii_identifier", "pii_phone"],
                "extras": [("client", RING.token("C-1042")), ("trace", "at <ID> <PHONE>")],
            },
            {"customer": None, "note": "fine", "flags": [], "extras": None},
            {"customer": RING.token("C-7"), "note": None, "flags": ["pii_email"], "extras": [("<EMAIL>", None)]},
        ]
    (plain,) = Protection().batches([batch])
    assert plain["customer"].to_pylist() == ["C-1042", None, "C-7"]
    assert plain["extras"].to_pylist()[0] == [("client", "C-1042"), ("trace", "at C-1042 <PHONE>")]
