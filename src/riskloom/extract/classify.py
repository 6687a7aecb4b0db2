"""Bronze lines to records: which line begins one, continues one, or is none."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from riskloom.extract.formats.reading import Notes
from riskloom.extract.formats.record import header_names
from riskloom.extract.formats.text import decoded
from riskloom.extract.joins import Join, SignJoin, StartJoin
from riskloom.extract.lines import LINE_LIMIT, PIECE
from riskloom.lake.erasures import GONE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from riskloom.extract.again import Chosen
    from riskloom.extract.formats.plan import Plan

RECORD, CONTINUATION, BLANK, HEADER, IGNORED = KINDS = ("record", "continuation", "blank", "header", "ignored")
ORPHAN, RECORD_TOO_LONG = "orphan_continuation", "record_too_long"
INPUT = ("file_hash", "file", "line_no", "byte_offset", "raw", "failure", "identity", "ingest_ts")
ORIGIN = (
    ("file_hash", pa.string()),
    ("file", pa.string()),
    ("line_no", pa.int64()),
    ("byte_offset", pa.int64()),
    ("identity", pa.string()),
    ("ingest_ts", pa.timestamp("us", "UTC")),
)
_TEXTS = ("kind", "rule", "failure", "text", "header")
SCHEMA = pa.schema([*ORIGIN, *((name, pa.string()) for name in _TEXTS)])
SPARK_SCHEMA = (
    "file_hash STRING, file STRING, line_no BIGINT, byte_offset BIGINT, identity STRING, ingest_ts TIMESTAMP, "
    + ", ".join(f"{name} STRING" for name in _TEXTS)
)
Row = dict[str, Any]


@dataclass(frozen=True)
class Rules:
    """A source's rules for lines, ready to be sent to workers.

    Attributes:
        header: Whether each file's first line names its columns.
        ignore: Regular expressions by the name of their rule.
        record_start: Regular expression found in the first line of a record; None where each line is one.
        heads: First line of each file by its hash.
        plan: How records are read, where the source declares a format.
        chosen: Lines that are looked at; all of them where None.
    """

    header: bool = False
    ignore: Mapping[str, str] = field(default_factory=dict)
    record_start: str | None = None
    heads: Mapping[str, bytes] = field(default_factory=dict)
    plan: Plan | None = None
    chosen: Chosen | None = None

    @property
    def spans(self) -> bool:
        """Whether a record may go over several lines."""
        return self.record_start is not None or any(one.spans for one in (self.plan.formats if self.plan else ()))

    def rows(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Classify lines; where records span lines, each file's must come together and in order.

        Args:
            batches: Columns of ``INPUT``.

        Yields:
            A row for each line; ``text`` is set where a record begins and is that of the whole record.
        """
        for rows in self.records(batches):
            yield _batch([{**row, "text": _text(row), "header": row["head"]} for row in rows])

    def records(self, batches: Iterator[pa.RecordBatch]) -> Iterator[list[Row]]:
        """Classify lines, and join those of a record.

        Yields:
            A row for each line, in lists; ``record`` is set where one begins, and holds its bytes.
        """
        joined = self._joined(self.among(batches))
        yield from self.chosen.records(joined) if self.chosen is not None and self.spans else joined

    def among(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Leave out lines that are not chosen; where records span lines, only whole records can be."""
        return batches if self.chosen is None or self.spans else map(self.chosen.lines, batches)

    def _joined(self, batches: Iterator[pa.RecordBatch]) -> Iterator[list[Row]]:
        joiner = _Joiner(self)
        for batch in batches:
            yield [row for line in batch.to_pylist() for row in joiner.take(line)]
        yield list(joiner.end())

    def names(self) -> dict[str, tuple[str, ...]]:
        """Give the columns of each file of delimited values by its hash."""
        return {} if self.plan is None else header_names(_decoded_heads(self.heads), self.plan)


def decode(raw: bytes) -> str:
    r"""Decode a line: UTF-8 where it is, else Latin-1, which any bytes are.

    Example:
        >>> decode("é".encode()), decode("é".encode("latin-1")), decode(b"a\r")
        ('é', 'é', 'a')
    """
    return decoded(raw.removesuffix(b"\r"), Notes())


class _Joiner:
    """Classifies line by line, and holds back a record that the next line may continue."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._ignore = [(name, re.compile(pattern)) for name, pattern in rules.ignore.items()]
        self._start = StartJoin(re.compile(rules.record_start)) if rules.record_start else None
        signs = SignJoin(rules.plan.formats) if rules.spans and rules.plan is not None else None
        self._join: Join | None = self._start or signs
        self._heads = _decoded_heads(rules.heads)
        self._named = rules.names()
        self._open: Row | None = None
        self._parts: list[bytes] = []
        self._length = 0

    def take(self, line: Row) -> Iterator[Row]:
        if line["failure"] == PIECE:
            return
        raw = _without_mark(line["raw"]) if line["line_no"] == 1 else line["raw"]
        text = "" if line["failure"] else decode(raw)
        if self._join is None:
            kind, rule = self._kind(line, text)
            row = {**line, "kind": kind, "rule": rule, "record": None, "head": None}
            yield self._record(row, raw) if kind == RECORD else row
            return
        yield from self._joined(line, raw, text)

    def _joined(self, line: Row, raw: bytes, text: str) -> Iterator[Row]:
        assert self._join is not None  # noqa: S101 - the caller's condition
        if self._open is not None and self._open["file_hash"] != line["file_hash"]:
            yield from self.end()
        kind, rule = self._kind(line, text)
        row = {**line, "kind": kind, "rule": rule, "record": None, "head": None}
        by_signs = self._start is None and self._open is not None and not line["failure"]
        if (kind == RECORD or by_signs) and self._open is not None and not line["failure"] and self._join.takes(text):
            self._continue(raw)
            yield {**row, "kind": CONTINUATION, "rule": None}
        elif kind != RECORD:
            yield row
        else:
            yield from self.end()
            orphan = self._start is not None and not line["failure"] and not self._start.starts(text)
            self._begin({**row, "failure": ORPHAN} if orphan else row, raw)
            self._join.begin(text)

    def end(self) -> Iterator[Row]:
        """Give the record that was held back."""
        if self._open is not None:
            too_long = self._length > LINE_LIMIT and not self._open["failure"]
            row = {**self._open, "failure": RECORD_TOO_LONG} if too_long else self._open
            yield self._record(row, b"\n".join(self._parts))
        self._open = None

    def _kind(self, line: Row, text: str) -> tuple[str, str | None]:
        if line["failure"]:
            # A line that was taken out is left out by the rule of that name, so that it is still counted.
            return (IGNORED, line["failure"]) if line["failure"] in GONE else (RECORD, None)
        if self._is_header(line, text):
            return HEADER, None
        if not text.strip():
            return BLANK, None
        for name, pattern in self._ignore:
            if pattern.search(text):
                return IGNORED, name
        return RECORD, None

    def _is_header(self, line: Row, text: str) -> bool:
        if not self._rules.header:
            return False
        if self._rules.plan is None:
            return bool(line["line_no"] == 1)
        # A file of another of the source's formats has no header; that of delimited values may come again.
        return line["file_hash"] in self._named and text == self._heads[line["file_hash"]]

    def _begin(self, row: Row, raw: bytes) -> None:
        self._open, self._parts, self._length = row, [raw], len(raw)

    def _continue(self, raw: bytes) -> None:
        self._length += len(raw) + 1
        if self._length <= LINE_LIMIT:
            self._parts.append(raw)

    def _record(self, row: Row, raw: bytes) -> Row:
        if row["failure"]:
            return row
        return {**row, "record": raw.removesuffix(b"\r"), "head": self._heads.get(row["file_hash"])}


def _text(row: Row) -> str | None:
    return None if row["record"] is None else decode(row["record"])


def _decoded_heads(heads: Mapping[str, bytes]) -> dict[str, str]:
    return {file_hash: decode(_without_mark(head)) for file_hash, head in heads.items()}


def _without_mark(raw: bytes) -> bytes:
    return raw.removeprefix(codecs.BOM_UTF8)


def _batch(rows: list[Row]) -> pa.RecordBatch:
    arrays = [pa.array([row[name] for row in rows], SCHEMA.field(name).type) for name in SCHEMA.names]
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)
