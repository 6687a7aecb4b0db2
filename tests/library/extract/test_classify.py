from __future__ import annotations

import pyarrow as pa

from riskloom.extract import classify
from riskloom.extract.classify import Rules


def classified(rules, texts, *, file_hash="f", failures=None, batch=2):
    failures = failures or {}
    rows = [
        {
            "file_hash": file_hash,
            "file": "a.log",
            "line_no": number,
            "byte_offset": number * 10,
            "raw": text if isinstance(text, bytes) else text.encode(),
            "failure": failures.get(number),
            "identity": file_hash,
            "ingest_ts": None,
        }
        for number, text in enumerate(texts, start=1)
    ]
    frames = [pa.RecordBatch.from_pylist(rows[start : start + batch]) for start in range(0, len(rows), batch)]
    out = [row for found in rules.rows(iter(frames)) for row in found.to_pylist()]
    return sorted((row["line_no"], row["kind"], row["rule"] or row["failure"], row["text"]) for row in out)


def test_each_line_is_one_kind():
    rules = Rules(header=True, ignore={"comment": "^#", "debug": "DEBUG"}, heads={"f": b"a,b"})
    assert classified(rules, ["a,b", "1,2", "", " \t", "# DEBUG", "x DEBUG"]) == [
        (1, "header", None, None),
        (2, "record", None, "1,2"),
        (3, "blank", None, None),
        (4, "blank", None, None),
        (5, "ignored", "comment", None),
        (6, "ignored", "debug", None),
    ]


def test_records_that_span_lines_are_joined_over_batches():
    rules = Rules(record_start=r"^\d")
    for batch in (1, 2, 3, 10):
        assert classified(rules, ["1 a", "  b", "", "  c", "2 d"], batch=batch) == [
            (1, "record", None, "1 a\n  b\n  c"),
            (2, "continuation", None, None),
            (3, "blank", None, None),
            (4, "continuation", None, None),
            (5, "record", None, "2 d"),
        ]


def test_a_continuation_without_a_first_line_is_an_orphan():
    assert classified(Rules(record_start=r"^\d"), ["  a", "  b", "1 c"]) == [
        (1, "record", "orphan_continuation", None),
        (2, "continuation", None, None),
        (3, "record", None, "1 c"),
    ]


def test_a_record_ends_with_its_file():
    rules = Rules(record_start=r"^\d")
    rows = classified(rules, ["1 a"], file_hash="f") + classified(rules, ["  b"], file_hash="g")
    assert rows == [(1, "record", None, "1 a"), (1, "record", "orphan_continuation", None)]


def test_lines_that_cannot_be_read_are_records_without_text():
    found = classified(Rules(), ["long", "piece", "x"], failures={1: "line_too_long", 2: "line_piece"})
    assert found == [(1, "record", "line_too_long", None), (3, "record", None, "x")]


def test_bytes_are_utf8_else_latin1_and_marks_and_returns_go():
    found = classified(Rules(), [b"\xef\xbb\xbfa\r", "é".encode(), b"\xe9"])
    assert [text for *_, text in found] == ["a", "é", "é"]


def test_a_record_that_grows_too_long_is_quarantined(monkeypatch):
    monkeypatch.setattr(classify, "LINE_LIMIT", 10)
    assert classified(Rules(record_start="^1"), ["1", "aaaaaaaa", "bbbb", "1 ok"]) == [
        (1, "record", "record_too_long", None),
        (2, "continuation", None, None),
        (3, "continuation", None, None),
        (4, "record", None, "1 ok"),
    ]
