"""Lines to typed rows: classified, joined to records, read by their format."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskloom.extract.classify import RECORD, decode
from riskloom.extract.drift import Drift
from riskloom.extract.formats import frames, times
from riskloom.extract.formats.columns import Reader
from riskloom.extract.formats.record import Context, Unit, units
from riskloom.extract.kinds import Kinds
from riskloom.extract.newest import newest_of
from riskloom.intervals import to_micros

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskloom.extract.classify import Row, Rules
    from riskloom.extract.formats.plan import Plan

_LINE = (*frames.ORIGIN, *frames.LINE)


class Decoder:
    """Reads a source's lines: clean records by kernels, all others one by one, with the same result.

    Args:
        rules: Which lines are records.
        plan: How records become rows.

    Attributes:
        drift: Counters of what is otherwise than declared, of all that was read.
    """

    def __init__(self, rules: Rules, plan: Plan) -> None:
        self._rules, self._plan = rules, plan
        self._reader, self._kinds = Reader(plan), Kinds(rules)
        self._names = rules.names()
        self._schema = frames.schema(plan)
        self.drift = Drift(plan)

    def rows(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
        """Read lines; where records span lines, each file's must come together and in order.

        Args:
            batches: Columns of ``classify.INPUT``.

        Yields:
            A row for each event, each reject, and each line that begins no record.
        """
        for table in self._tables(batches):
            self.drift.read(table)
            yield table

    def _tables(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
        if self._rules.spans or self._plan.identical:
            for found in self._rules.records(batches):
                yield self._listed([_with_identity(line) for line in found] if self._plan.identical else found)
            return
        for batch in self._rules.among(batches):
            for part in self._of_one_file(batch):
                yield self._batch(part)

    def _of_one_file(self, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        if self._plan.csv is None or batch.num_rows == 0:
            yield batch
            return
        hashes = batch.column("file_hash")
        for file_hash in pc.unique(hashes):
            yield batch.filter(pc.equal(hashes, file_hash))

    def _batch(self, batch: pa.RecordBatch) -> pa.Table:
        kinds = self._kinds.of(batch)
        names = self._names.get(batch.column("file_hash")[0].as_py(), ()) if batch.num_rows else ()
        records = batch.take(pa.array(kinds.records))
        arrived = _micros(records.column("ingest_ts"))
        clean = self._reader.read(kinds.texts.take(pa.array(kinds.records)), names, arrived)
        self.drift.noted(clean.drift)
        parts = []
        if len(clean.rows):
            origin = [records.column(name).take(pa.array(clean.rows)) for name, _ in frames.ORIGIN]
            line = [pa.repeat(RECORD, len(clean.rows)), pa.nulls(len(clean.rows), pa.string())]
            parts.append(pa.Table.from_arrays([*origin, *line, *clean.arrays], schema=self._schema))
        left = np.ones(len(kinds.records), np.bool_)
        left[clean.rows] = False
        odd = np.sort(np.concatenate([kinds.records[left], kinds.odd]))
        if len(odd):
            rows = next(iter(self._rules.records(iter([batch.take(pa.array(odd))]))))
            parts.append(self._plain(rows))
        if len(kinds.others):
            parts.append(self._others(batch.take(pa.array(kinds.others)), kinds.names))
        return pa.concat_tables(parts) if parts else self._schema.empty_table()

    def _others(self, lines: pa.RecordBatch, names: list[tuple[str, str | None]]) -> pa.Table:
        """Give a row for each line that is no record."""
        count = lines.num_rows
        origin = [lines.column(name) for name, _ in frames.ORIGIN]
        line = [pa.array([kind for kind, _ in names], pa.string()), pa.array([rule for _, rule in names], pa.string())]
        empty = Unit(values=[None] * len(self._plan.columns))
        columns = frames.unit_columns([empty] * count, self._plan)
        return pa.Table.from_arrays([*origin, *line, *columns], schema=self._schema)

    def _listed(self, lines: list[Row]) -> pa.Table:
        """Read lines that were joined to records: whole ones of one line by kernels."""
        parts = []
        whole = [
            place for place, line in enumerate(lines) if line["record"] is not None and b"\n" not in line["record"]
        ]
        left = set(range(len(lines)))
        for file_hash in {lines[place]["file_hash"] for place in whole}:
            mine = [place for place in whole if lines[place]["file_hash"] == file_hash]
            texts = pa.array([lines[place]["record"] for place in mine], pa.binary())
            arrived = pa.array([lines[place]["ingest_ts"] for place in mine], frames.TIMESTAMP)
            clean = self._reader.read(texts, self._names.get(file_hash, ()), _micros(arrived))
            self.drift.noted(clean.drift)
            rows = [mine[row] for row in clean.rows]
            left.difference_update(rows)
            if rows:
                parts.append(self._table([lines[place] for place in rows], clean.arrays))
        parts.append(self._plain([lines[place] for place in sorted(left)]))
        return pa.concat_tables(parts)

    def _plain(self, lines: list[Row]) -> pa.Table:
        pairs = [(line, unit) for line in lines for unit in self._units(line)]
        self.drift.noted(name for _, unit in pairs for name in unit.drift)
        return self._table([line for line, _ in pairs], frames.unit_columns((unit for _, unit in pairs), self._plan))

    def _table(self, lines: list[Row], columns: list[pa.Array]) -> pa.Table:
        origin = [pa.array([line[name] for line in lines], dtype) for name, dtype in _LINE]
        return pa.Table.from_arrays([*origin, *columns], schema=self._schema)

    def _units(self, line: Row) -> list[Unit]:
        if line["kind"] != RECORD:
            return [Unit(values=[None] * len(self._plan.columns))]
        if line["failure"]:
            return [Unit(reason=line["failure"])]
        arrived = line["ingest_ts"]
        context = Context(
            names=self._names.get(line["file_hash"], ()),
            arrived=None if arrived is None else to_micros(arrived),
            newest=newest_of(line["file"], arrived),
        )
        return units(line["record"], self._plan, context)


def rows(batches: Iterator[pa.RecordBatch], rules: Rules, plan: Plan) -> Iterator[pa.RecordBatch]:
    """Read lines as Arrow batches; see ``Decoder``."""
    for table in Decoder(rules, plan).rows(batches):
        yield from table.to_batches()


def _micros(arrived: Any) -> Any:  # noqa: ANN401 - Arrow and NumPy arrays
    return pc.fill_null(arrived.cast(pa.int64()), times.LAST).to_numpy(zero_copy_only=False)


def _with_identity(line: Row) -> Row:
    """Let a record's text name it, so that an identical one has the same name."""
    if line["record"] is None:
        return line
    text = f"{line['identity']} {decode(line['record'])}"
    return {**line, "identity": hashlib.sha256(text.encode()).hexdigest()}
