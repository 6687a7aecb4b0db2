"""Bronze lines to records: which line begins one, continues one, or is none."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from riskloom.extract.lines import LINE_LIMIT, PIECE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RECORD, CONTINUATION, BLANK, HEADER, IGNORED = KINDS = ("record", "continuation", "blank", "header", "ignored")
ORPHAN, RECORD_TOO_LONG = "orphan_continuation", "record_too_long"
INPUT = ("file_hash", "file", "line_no", "byte_offset", "raw", "failure", "identity", "ingest_ts")
_ORIGIN = (
    ("file_hash", pa.string()),
    ("file", pa.string()),
    ("line_no", pa.int64()),
    ("byte_offset", pa.int64()),
    ("identity", pa.string()),
    ("ingest_ts", pa.timestamp("us", "UTC")),
)
_TEXTS = ("kind", "rule", "failure", "text", "header")
SCHEMA = pa.schema([*_ORIGIN, *((name, pa.string()) for name in _TEXTS)])
SPARK_SCHEMA = (
    "file_hash STRING, file STRING, line_no BIGINT, byte_offset BIGINT, identity STRING, ingest_ts TIMESTAMP, "
    + ", ".join(f"{name} STRING" for name in _TEXTS)
)


@dataclass(frozen=True)
class Rules:
    """A source's rules for lines, ready to be sent to workers.

    Attributes:
        header: Whether each file's first line names its columns.
        ignore: Regular expressions by the name of their rule.
        record_start: Regular expression found in the first line of a record; None where each line is one.
        heads: First line of each file by its hash.
    """

    header: bool = False
    ignore: Mapping[str, str] = field(default_factory=dict)
    record_start: str | None = None
    heads: Mapping[str, bytes] = field(default_factory=dict)

    def rows(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Classify lines; where records span lines, each file's must come together and in order.

        Args:
            batches: Columns of ``INPUT``.

        Yields:
            A row for each line; ``text`` is set where a record begins and is that of the whole record.
        """
        joiner = _Joiner(self)
        for batch in batches:
            lines = batch.to_pylist()
            yield _batch(row for line in lines for row in joiner.take(line))
        yield _batch(joiner.end())


def decode(raw: bytes) -> str:
    r"""Decode a line: UTF-8 where it is, else Latin-1, which any bytes are.

    Example:
        >>> decode("é".encode()), decode("é".encode("latin-1")), decode(b"a\r")
        ('é', 'é', 'a')
    """
    line = raw.removesuffix(b"\r")
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


class _Joiner:
    """Classifies line by line, and holds back a record that the next line may continue."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._ignore = [(name, re.compile(pattern)) for name, pattern in rules.ignore.items()]
        self._start = re.compile(rules.record_start) if rules.record_start else None
        self._headers = {file_hash: decode(_without_mark(head)) for file_hash, head in rules.heads.items()}
        self._open: dict[str, Any] | None = None
        self._parts: list[str] = []
        self._length = 0

    def take(self, line: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if line["failure"] == PIECE:
            return
        text, kind, rule = self._kind(line)
        row = {**line, "kind": kind, "rule": rule, "text": None, "header": None}
        if self._start is None:
            yield self._record(row, text) if kind == RECORD else row
            return
        if self._open is not None and self._open["file_hash"] != line["file_hash"]:
            yield from self.end()
        if kind != RECORD:
            yield row
        elif line["failure"] or self._start.search(text):
            yield from self.end()
            self._begin(row, text)
        elif self._open is None:
            self._begin({**row, "failure": ORPHAN}, text)
        else:
            self._continue(text)
            yield {**row, "kind": CONTINUATION}

    def end(self) -> Iterator[dict[str, Any]]:
        """Give the record that was held back."""
        if self._open is not None:
            too_long = self._length > LINE_LIMIT and not self._open["failure"]
            row = {**self._open, "failure": RECORD_TOO_LONG} if too_long else self._open
            yield self._record(row, "\n".join(self._parts))
        self._open = None

    def _kind(self, line: dict[str, Any]) -> tuple[str, str, str | None]:
        if line["failure"]:
            return "", RECORD, None
        raw = _without_mark(line["raw"]) if line["line_no"] == 1 else line["raw"]
        text = decode(raw)
        if self._rules.header and line["line_no"] == 1:
            return text, HEADER, None
        if not text.strip():
            return text, BLANK, None
        for name, pattern in self._ignore:
            if pattern.search(text):
                return text, IGNORED, name
        return text, RECORD, None

    def _begin(self, row: dict[str, Any], text: str) -> None:
        self._open, self._parts, self._length = row, [text], len(text)

    def _continue(self, text: str) -> None:
        self._length += len(text) + 1
        if self._length <= LINE_LIMIT:
            self._parts.append(text)

    def _record(self, row: dict[str, Any], text: str) -> dict[str, Any]:
        if row["failure"]:
            return row
        return {**row, "text": text, "header": self._headers.get(row["file_hash"])}


def _without_mark(raw: bytes) -> bytes:
    return raw.removeprefix(codecs.BOM_UTF8)


def _batch(rows: Iterator[dict[str, Any]]) -> pa.RecordBatch:
    kept = list(rows)
    arrays = [pa.array([row[name] for row in kept], SCHEMA.field(name).type) for name in SCHEMA.names]
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)
