"""Decoded rows to what is staged, without Spark: events with id, availability and hash, rejects with a reason.

It gives what ``riskloom.extract.units`` gives of the same rows, column by column and hash by hash.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskloom.compiled import compiled
from riskloom.declare.names import ENVELOPE
from riskloom.extract.classify import RECORD
from riskloom.extract.formats import frames
from riskloom.extract.reasons import CODE, LATE, NO_AVAILABLE, NO_TIMESTAMP, POINTER, UNNAMED_REASON, UNREADABLE
from riskloom.intervals import parse_duration
from riskloom.lake.row_hash import row_hashes
from riskloom.windows.predicate import evaluate

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from riskloom.declare import EventSource, Suite
    from riskloom.declare.suite import RowRule

TIMES = ("event_id", "event_ts", "available_ts")
QUARANTINE = ("file_hash", "file", "line_no", "byte_offset", "ordinal", "stage", "reason", "detail", "row_hash")
_RUN = (("run_id", pa.string()), ("ingest_ts", frames.TIMESTAMP))
_ORIGIN, _UNIT = dict(frames.ORIGIN), dict(frames.UNIT)
_IDENTITY, _OFFSET, _ORDINAL = 32, 15, 5


@dataclass(slots=True)
class Tally:
    """What became of the lines and records of one content.

    Attributes:
        lines: Lines by kind and rule.
        outcomes: Units by reason, None for events.
        records: Units that are the first of their record.
    """

    lines: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    outcomes: Counter[str | None] = field(default_factory=Counter)
    records: int = 0

    def update(self, other: Tally) -> None:
        """Add another one of the same content."""
        self.lines.update(other.lines)
        self.outcomes.update(other.outcomes)
        self.records += other.records


@dataclass(frozen=True)
class Finish:
    """How a source's decoded rows become staged ones, ready to be sent to workers.

    Attributes:
        columns: The event's columns with their Arrow types.
        rules: Rules for single rows.
        available: Column of the time from which an event may be seen; empty for none.
        delay: Microseconds from an event to when it may be seen, where no column says it.
        run_id: The run.
        seen_on_arrival: Whether an event may be seen from when its line came in.
        lateness: Microseconds by which an event may be older than its file, or its arrival, before it is late.
        began: By content, from when on its file holds events by its name, in microseconds since the epoch.
    """

    columns: Mapping[str, pa.DataType]
    rules: tuple[RowRule, ...] = ()
    available: str = ""
    delay: int = 0
    run_id: str = ""
    seen_on_arrival: bool = False
    lateness: int = 0
    began: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, source: EventSource, suite: Suite | None, run_id: str, began: Mapping[str, int]) -> Finish:
        """Give what a source and its suite declare.

        Raises:
            DeclarationError: A rule names a column that the source does not have, or compares it with another type.
        """
        rules = suite.rows if suite else ()
        for rule in rules:
            rule.check_against(f"suite {source.name!r}", source.columns)
        columns = {name: frames.ARROW_TYPES[dtype] for name, dtype in source.columns.items()}
        delay = 0 if source.available else parse_duration(source.delay)
        late = (source.seen_on_arrival, parse_duration(source.lateness), began)
        return cls(columns, rules, source.available or "", delay, run_id, *late)

    @property
    def events(self) -> pa.Schema:
        """Columns of the events."""
        head = (("event_id", pa.string()), ("event_ts", frames.TIMESTAMP), ("available_ts", frames.TIMESTAMP))
        envelope = ((name, _UNIT[name]) for name in ENVELOPE)
        pointer = ((name, _ORIGIN.get(name) or _UNIT[name]) for name in POINTER)
        return pa.schema([*head, *envelope, *self.columns.items(), ("row_hash", pa.string()), *pointer, *_RUN])

    @property
    def rejects(self) -> pa.Schema:
        """Columns of the rejects."""
        types = {**_ORIGIN, **_UNIT, "stage": pa.string(), "row_hash": pa.string()}
        return pa.schema([*((name, types[name]) for name in QUARANTINE), *_RUN])

    def tables(self, decoded: pa.Table, tally: Tally) -> tuple[pa.Table, pa.Table]:
        """Turn decoded rows into events and rejects.

        Args:
            decoded: Rows as ``frames.schema`` has them, protected already.
            tally: Counts them.
        """
        _count_lines(decoded, tally)
        units = decoded.filter(pc.equal(decoded["kind"], RECORD)).combine_chunks()
        units = units.append_column("available_ts", self._available(units))
        reasons, stages = self._refused(units)
        for reason, count in _counted(reasons):
            tally.outcomes[reason] += count
        tally.records += int(pc.sum(pc.equal(units["ordinal"], 0)).as_py() or 0)
        kept = pc.is_null(reasons)
        return self._events(units.filter(kept)), self._rejects(units, reasons, stages, pc.invert(kept))

    def _available(self, units: pa.Table) -> pa.ChunkedArray:
        if self.available:
            return units[self.available]
        moved = pc.add(units["event_ts"].cast(pa.int64()), self.delay) if self.delay else units["event_ts"]
        return moved.cast(frames.TIMESTAMP)

    def _refused(self, units: pa.Table) -> tuple[pa.Array, pa.Array]:
        """Give each unit's reason and stage, null for events."""
        found = _flat(units["reason"])
        if found.null_count < len(found):
            found = _coded(found)
        unusable = pc.case_when(
            pc.make_struct(pc.is_null(units["event_ts"]), pc.is_null(units["available_ts"])),
            NO_TIMESTAMP,
            NO_AVAILABLE,
        )
        reasons = _flat(pc.coalesce(found, unusable.cast(pa.string())))
        stages = _flat(pc.if_else(pc.is_in(reasons, pa.array(UNREADABLE)), "extract", "parse"))
        stages = pc.if_else(pc.is_valid(reasons), stages, pa.scalar(None, pa.string()))
        for rule in self.rules:
            broken = pc.and_(pc.is_null(reasons), pa.array(~evaluate(rule, units.select(list(self.columns)))))
            reasons, stages = pc.if_else(broken, rule.name, reasons), pc.if_else(broken, "rule", stages)
        return reasons, stages

    def _events(self, units: pa.Table) -> pa.Table:
        ids = position_ids(_flat(units["identity"]), units["byte_offset"], units["ordinal"])
        units = units.append_column("event_id", ids)
        times = TIMES[:-1] if self.seen_on_arrival else TIMES
        units = units.append_column("row_hash", row_hashes(units, [*times, *ENVELOPE, *self.columns]))
        return self._selected(self._flagged(units), self.events)

    def _flagged(self, units: pa.Table) -> pa.Table:
        """Flag late events; that is no part of what was delivered, and of no hash."""
        times = units["event_ts"].cast(pa.int64())
        if self.seen_on_arrival:
            since = units["ingest_ts"].cast(pa.int64())
        else:
            hashes = _flat(units["file_hash"]).dictionary_encode()
            known = pa.array([self.began.get(file_hash) for file_hash in hashes.dictionary.to_pylist()], pa.int64())
            since = known.take(hashes.indices)
        late = pc.fill_null(pc.greater(pc.subtract(since, times), self.lateness), fill_value=False)
        if not pc.any(late).as_py():
            return units
        place = units.column_names.index("flags")
        pairs = zip(units["flags"].to_pylist(), late.to_pylist(), strict=True)
        flags = [[*(flags or ()), LATE] if is_late else flags for flags, is_late in pairs]
        return units.set_column(place, "flags", pa.array(flags, units["flags"].type))

    def _rejects(self, units: pa.Table, reasons: pa.Array, stages: pa.Array, among: pa.Array) -> pa.Table:
        named = units.drop_columns("reason").append_column("reason", reasons).append_column("stage", stages)
        rejected = named.filter(among)
        hashes = row_hashes(rejected, [*POINTER, "stage", "reason", "detail"])
        return self._selected(rejected.append_column("row_hash", hashes), self.rejects)

    def _selected(self, table: pa.Table, schema: pa.Schema) -> pa.Table:
        named = table.append_column("run_id", pa.repeat(self.run_id, table.num_rows))
        return named.select(schema.names).cast(schema)


def position_ids(identities: pa.Array, offsets: pa.ChunkedArray, ordinals: pa.ChunkedArray) -> pa.Array:
    """Name events by content and place, so that names sort as lines do.

    Example:
        >>> place = (pa.chunked_array([[7]]), pa.chunked_array([[0]]))
        >>> position_ids(pa.array(["ab" * 32]), *place).to_pylist()
        ['abababababababababababababababab-000000000000007-00000']
    """
    count, width = len(identities), _IDENTITY + _OFFSET + _ORDINAL + 2
    heads = pc.utf8_slice_codeunits(identities, 0, _IDENTITY)
    if count and (pc.min(pc.binary_length(heads)).as_py(), heads.null_count) != (_IDENTITY, 0):
        message = "an identity is the SHA-256 of a content"
        raise ValueError(message)
    data = np.frombuffer(heads.buffers()[2] or b"", np.uint8)
    at, number = (_flat(one).to_numpy().astype(np.int64) for one in (offsets, ordinals))
    signs = _places(data, at, number, width)
    edges = np.arange(count + 1, dtype=np.int32) * width
    return pa.StringArray.from_buffers(count, pa.py_buffer(edges), pa.py_buffer(signs))


@compiled
def _places(
    data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64], ordinals: npt.NDArray[np.int64], width: int
) -> npt.NDArray[np.uint8]:
    out = np.empty(len(offsets) * width, np.uint8)
    for row in range(len(offsets)):
        at = row * width
        out[at : at + 32] = data[row * 32 : row * 32 + 32]
        out[at + 32], out[at + 48] = 45, 45
        left = offsets[row]
        for place in range(at + 47, at + 32, -1):
            out[place] = 48 + left % 10
            left //= 10
        left = ordinals[row]
        for place in range(at + 53, at + 48, -1):
            out[place] = 48 + left % 10
            left //= 10
    return out


def _count_lines(decoded: pa.Table, tally: Tally) -> None:
    # A record of several events stands in as many rows, but is one line.
    first = decoded.filter(pc.equal(decoded["ordinal"], 0))
    for row in first.group_by(["kind", "rule"]).aggregate([([], "count_all")]).to_pylist():
        tally.lines[row["kind"], row["rule"]] += row["count_all"]


def _counted(values: pa.Array) -> list[tuple[str | None, int]]:
    return [(row["values"], row["counts"]) for row in pc.value_counts(values).to_pylist()]


def _coded(reasons: pa.Array) -> pa.Array:
    coded = reasons.dictionary_encode()
    known = [reason if re.search(CODE, reason, re.ASCII) else UNNAMED_REASON for reason in coded.dictionary.to_pylist()]
    return pa.array(known, pa.string()).take(coded.indices)


def _flat(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    if isinstance(column, pa.Array):
        return column
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [pa.array([], column.type)])
