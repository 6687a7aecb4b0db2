"""Spans to typed columns: every record whose values are plain, and word of those whose are not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskloom.extract import drift
from riskloom.extract.formats import access_log, frames, times
from riskloom.extract.formats.kernels import care, gather, json_scan, numbers
from riskloom.extract.formats.kernels import times as time_kernel
from riskloom.extract.formats.numbers import exponent_of
from riskloom.extract.formats.spans import Scanner, Spans

if TYPE_CHECKING:
    import numpy.typing as npt

    from riskloom.extract.formats.plan import Column, Plan

    Flags = npt.NDArray[np.bool_]
    Bytes = npt.NDArray[np.uint8]
    Ints = npt.NDArray[np.int64]
    Where = tuple[Bytes, Ints, Ints, Bytes]

_BOT = "is_bot_ua"
_ABSENT = (json_scan.ABSENT, json_scan.NULL)
_WRITTEN = {
    drift.TEXT: (json_scan.STRING,),
    drift.NUMBER: (json_scan.NUMBER,),
    drift.TRUTH: (json_scan.TRUE, json_scan.FALSE),
}
# By type of column, which kinds of JSON values are of it or none.
_KINDS_OF = {
    dtype: np.isin(np.arange(json_scan.NESTED + 1), (*_WRITTEN[usual], *_ABSENT))
    for dtype, usual in drift.WRITTEN_AS.items()
}
_PRECISIONS, _SOURCES = pa.array(time_kernel.PRECISIONS), pa.array(time_kernel.SOURCES)


@dataclass(slots=True)
class Clean:
    """What the kernels read of a batch.

    Attributes:
        rows: Places of the records that were read, ascending.
        arrays: Their columns, in the order of ``frames.UNIT`` and of the plan's columns.
        drift: Counters of what is otherwise than declared, as ``drift`` names them.
    """

    rows: npt.NDArray[np.int64]
    arrays: list[pa.Array]
    drift: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Values:
    """One value of the records that are still in, and which of its fields it is from."""

    begins: npt.NDArray[np.int64]
    stops: npt.NDArray[np.int64]
    kinds: npt.NDArray[np.uint8]
    nth: npt.NDArray[np.uint8]


class Reader:
    """Reads clean records of a source in batches."""

    def __init__(self, plan: Plan) -> None:
        """Make ready for a plan."""
        self._plan = plan
        self._scanner = Scanner(plan)
        self._usual_times = not plan.times
        money = [column.name for column in plan.columns if column.meaning == "money"]
        # Where lines name no currency and the source does, amounts bring it with them.
        self._currencies = {f"{name}_currency" for name in money} if plan.profile.currency else set()

    def read(self, records: pa.Array, names: tuple[str, ...], arrived: npt.NDArray[np.int64]) -> Clean:
        """Read the records that are clean.

        Args:
            records: Binary array of records, without nulls.
            names: Columns of their file, for delimited values.
            arrived: When each came into bronze, in microseconds.
        """
        spans = self._scanner.scan(records, names)
        when, unsure = self._when(spans)
        ends = np.minimum(arrived + times.SKEW_ALLOWED + 1, times.LAST)
        limits = np.stack([np.full(len(arrived), times.FIRST), ends])
        micros, precision, source, valid, doubtful = time_kernel.instants(
            spans.data, when.begins, when.stops, when.kinds, self._plan.profile.zone is not None, limits
        )
        good = spans.read & valid & ~doubtful & ~unsure
        values = [
            self._first(spans, [self._scanner.place[path] for path in column.paths]) for column in self._plan.columns
        ]
        made = [self._column(*pair, spans, good) for pair in zip(self._plan.columns, values, strict=True)]
        rows = np.flatnonzero(good)
        if not len(rows):
            return Clean(rows, [])
        picked = pa.array(rows)
        columns = [
            array.take(picked) if isinstance(array, pa.Array) else self._strings(spans, array, rows) for array in made
        ]
        envelope = [
            pa.array(np.zeros(len(rows), np.int32)),
            pa.nulls(len(rows), pa.string()),
            pa.nulls(len(rows), pa.string()),
            pa.array(micros[rows], frames.TIMESTAMP),
            _no_lists(len(rows)),
            _PRECISIONS.take(pa.array(precision[rows])),
            _SOURCES.take(pa.array(source[rows])),
            _no_lists(len(rows)),
            self._extras(spans, rows, names),
        ]
        return Clean(rows, [*envelope, *columns], self._drift(spans, rows, when, values))

    def _drift(self, spans: Spans, rows: Ints, when: _Values, values: list[_Values]) -> dict[str, int]:
        """Count values that are from another field than a column's first, and those that JSON writes as another type."""
        counts: dict[str, int] = {}
        sources = [(column.paths, found) for column, found in zip(self._plan.columns, values, strict=True)]
        sources += [(self._plan.times, when)] if self._plan.times else []
        for paths, found in sources:
            taken = np.bincount(found.nth[rows], minlength=len(paths)) if len(paths) > 1 else ()
            for path, count in zip(paths[1:], taken[1:], strict=True):
                counts[f"{drift.ALIAS}:{path}"] = counts.get(f"{drift.ALIAS}:{path}", 0) + int(count)
        typed = rows[spans.typed[rows]]
        for column, found in zip(self._plan.columns, values, strict=True) if len(typed) else ():
            usual = _KINDS_OF.get(column.dtype)
            if usual is not None:
                counts[f"{drift.RETYPED}:{column.name}"] = int(np.count_nonzero(~usual[found.kinds[typed]]))
        return counts

    def _when(self, spans: Spans) -> tuple[_Values, Flags]:
        """Give the field of the event's time; a record with two of the usual ones is for the plain reading."""
        candidates = [self._scanner.place[path] for path in self._plan.all_times]
        found = self._first(spans, candidates)
        unsure = (found.kinds == 1) & (found.begins == found.stops)
        there = [_present(spans.kinds[place]) for place in candidates]
        if self._usual_times and len(there) > 1:
            unsure |= np.sum(there, axis=0) > 1
        return found, unsure

    @staticmethod
    def _first(spans: Spans, fields: list[int]) -> _Values:
        """Give the first of several fields that is there, record by record."""
        first = fields[0]
        found = _Values(
            spans.begins[first].copy(),
            spans.stops[first].copy(),
            spans.kinds[first].copy(),
            np.zeros(len(spans.read), np.uint8),
        )
        for number, field_ in enumerate(fields[1:], start=1):
            other = ~_present(found.kinds) & _present(spans.kinds[field_])
            for mine, its in ((found.begins, spans.begins), (found.stops, spans.stops), (found.kinds, spans.kinds)):
                mine[other] = its[field_][other]
            found.nth[other] = number
        return found

    def _column(self, column: Column, values: _Values, spans: Spans, good: Flags) -> pa.Array | _Values:
        """Read a column of all records, and take those that are not plain out of ``good``."""
        there = _present(values.kinds)
        if column.required:
            good &= there & ~((values.kinds == 1) & (values.begins == values.stops))
        where: Where = (spans.data, values.begins, values.stops, values.kinds)
        if column.meaning == "ip":
            good &= ~numbers.not_quads(*where)
            return values
        if column.meaning == "money" and column.dtype != "int64":
            good &= ~there
            return pa.nulls(len(good), frames.ARROW_TYPES[column.dtype])
        if column.meaning == "handle":
            good &= ~care.beyond_ascii(spans.data, values.begins, values.stops)
        if column.name in self._currencies:
            good &= there
        if column.dtype == "string":
            return values
        if self._plan.profile.decimal != "." and column.dtype != "timestamp":
            # Text may write a fraction as the source's country does.
            good &= values.kinds != 1
        read, valid, unsure = self._read(column, where)
        good &= ~unsure
        if _BOT in column.paths and column.dtype == "bool" and spans.access.any():
            return self._with_bots(spans, read, valid)
        return gather.numeric(read, valid, frames.ARROW_TYPES[column.dtype])

    def _read(self, column: Column, where: Where) -> tuple[npt.NDArray[np.generic], Flags, Flags]:
        if column.meaning == "money":
            return numbers.minor_units(*where, exponent_of(self._plan.profile.currency))
        if column.dtype == "int64":
            return numbers.integers(*where)
        if column.dtype == "float64":
            return numbers.fractions(*where, numbers.EXACT_POWERS)
        if column.dtype == "bool":
            return numbers.truths(*where)
        limits = np.array([[times.FIRST], [times.LAST]]).repeat(len(where[1]), axis=1)
        micros, _, _, valid, unsure = time_kernel.instants(*where, self._plan.profile.zone is not None, limits)
        return micros, valid, unsure

    @staticmethod
    def _with_bots(spans: Spans, values: npt.NDArray[np.generic], valid: Flags) -> pa.Array:
        """Say by its user agent whether a program asked, where the line is of an access log."""
        agents = gather.strings(spans.data, *spans.agents)
        bots = pc.match_substring_regex(agents, access_log.BOT, ignore_case=True)
        own = gather.numeric(values, valid, pa.bool_())
        return pc.if_else(pa.array(spans.access), bots, own)

    @staticmethod
    def _strings(spans: Spans, values: _Values, rows: npt.NDArray[np.int64]) -> pa.Array:
        return gather.strings(spans.data, values.begins[rows], values.stops[rows], values.kinds[rows])

    def _extras(self, spans: Spans, rows: npt.NDArray[np.int64], names: tuple[str, ...]) -> pa.Array:
        place = np.full(len(spans.read), -1, np.int64)
        place[rows] = np.arange(len(rows))
        extras = spans.extras[place[spans.extras[:, 0]] >= 0] if len(spans.extras) else spans.extras
        owners = place[extras[:, 0]] if len(extras) else np.zeros(0, np.int64)
        order = np.argsort(owners, kind="stable")
        extras, owners = extras[order], owners[order]
        offsets = np.searchsorted(owners, np.arange(len(rows) + 1)).astype(np.int32)
        nodes = extras[:, 1]
        # Keys of delimited values are names of columns; those below the root have a path before them.
        present = np.where(nodes >= 0, 1, 0).astype(np.uint8)
        keys = gather.strings(spans.data, extras[:, 2].copy(), extras[:, 3].copy(), present)
        if len(nodes) and (nodes != 0).any():
            keys = self._full_keys(keys, nodes, names)
        values = gather.strings(spans.data, extras[:, 4].copy(), extras[:, 5].copy(), extras[:, 6].astype(np.uint8))
        return pa.MapArray.from_arrays(pa.array(offsets), keys, values)

    def _full_keys(self, keys: pa.Array, nodes: npt.NDArray[np.int64], names: tuple[str, ...]) -> pa.Array:
        prefixes = self._scanner.tree.prefixes
        known = pa.array([*prefixes, *reversed(names)])
        heads = known.take(pa.array(np.where(nodes >= 0, nodes, len(known) + nodes)))
        return pc.binary_join_element_wise(heads, pc.fill_null(keys, ""), "")


def _present(kinds: npt.NDArray[np.uint8]) -> Flags:
    found: Flags = (kinds != 0) & (kinds != 5)  # noqa: PLR2004 - null, as json_scan has it
    return found


def _no_lists(count: int) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(np.zeros(count + 1, np.int32)), pa.array([], pa.string()))
