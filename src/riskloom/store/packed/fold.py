"""Cuts sorted events into tiles, and folds them into the numbers of suffix rows, for many entities at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from riskloom.intervals import SECOND, floor
from riskloom.store.packed import loops
from riskloom.store.packed.shape import DECAYED
from riskloom.windows import predicate
from riskloom.windows.layout import dictionary_codes
from riskloom.windows.tables import known, to_numpy

if TYPE_CHECKING:
    from typing import Any

    import numpy.typing as npt

    from riskloom.store.packed.shape import Shape

    Ints = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]

# Powers of two scale without rounding; sums of at most 2**31 values then stay finite.
DOWN = 2.0**-32
_SAFE_SUM, _SAFE_INTEGER = 1e300, 2.0**62


@dataclass(frozen=True, slots=True)
class Events:
    """The events of some entities, sorted by entity, time and id.

    Attributes:
        table: Their columns.
        begins: Where each entity's events begin, shape (e,).
        ends: Where they end, shape (e,).
        event_ts: Times, microseconds, shape (n,).
        known_ts: From when on a window that ends then may hold the event: after its time, and once it is available.
    """

    table: pa.Table
    begins: Ints
    ends: Ints
    event_ts: Ints
    known_ts: Ints

    @property
    def owner(self) -> Ints:
        """Entity of each event, shape (n,)."""
        return np.repeat(np.arange(len(self.begins)), self.ends - self.begins)


@dataclass(frozen=True, slots=True)
class Tiles:
    """Which events are folded into which row.

    Attributes:
        cut: Instant from which each state can be read, shape (e,).
        folded: Places of the folded events, shape (f,).
        starts: Where each row's events start in ``folded``, and f, shape (r + 1,).
        owner: Entity of each row, shape (r,).
        newest: Whether a row is its entity's newest, shape (r,).
        tile: Start of each row's tile, seconds since the epoch, shape (r,).
        raw: Places of the events that are kept as they are.
    """

    cut: Ints
    folded: Ints
    starts: Ints
    owner: Ints
    newest: Flags
    tile: Ints
    raw: Ints


def cut_tiles(shape: Shape, events: Events, cut: int, max_raw: int) -> Tiles:
    """Decide what is folded at a cut, and into which tiles.

    Where more than ``max_raw`` events of an entity are not certain at the cut, its own cut moves up until so many
    are left: its state is then bounded, and a read before its cut says so.
    """
    owner, cuts, entered = events.owner, np.full(len(events.begins), cut), _entered(shape, events)
    unsure = np.bincount(owner[entered > cut], minlength=len(cuts))
    for entity in np.flatnonzero(unsure > max_raw):
        ranked = np.sort(entered[events.begins[entity] : events.ends[entity]])
        cuts[entity] = ranked[-max_raw - 1]
    coarse_first = sorted(shape.windows, key=lambda window: -window.hop)
    starts = [window.start(cuts) for window in coarse_first]
    within = events.event_ts >= np.minimum.reduce(starts)[owner]
    certain = entered <= cuts[owner]
    folded = np.flatnonzero(certain & within)
    times, owner = events.event_ts[folded], owner[folded]
    tile = floor(times, coarse_first[0].hop)
    for window, start in zip(coarse_first[1:], starts[1:], strict=True):
        finer = np.flatnonzero(times >= start[owner])
        tile[finer] = floor(times[finer], window.hop)
    tile //= SECOND
    begins = np.ones(len(folded), np.bool_)
    begins[1:] = (np.diff(tile) != 0) | (np.diff(owner) != 0)
    rows = np.flatnonzero(begins)
    row_owner = owner[rows]
    newest = np.append(np.diff(row_owner) != 0, [True] * min(1, len(rows)))
    return Tiles(
        cuts, folded, np.append(rows, len(folded)), row_owner, newest, tile[rows], np.flatnonzero(~certain & within)
    )


def _entered(shape: Shape, events: Events) -> Ints:
    """Give from when on every window may hold an event: a delay lets a whole hop in at once."""
    entered = events.known_ts
    for window in shape.windows:
        if window.delay:
            entered = np.maximum(entered, floor(events.event_ts, window.hop) + (window.hop + window.delay))
    return entered


@dataclass(frozen=True, slots=True)
class Folded:
    """The numbers of the rows.

    Attributes:
        columns: One array a field of the shape, each of shape (r,); whole numbers that may leave int64 are objects.
        masks: Which events each channel is of, shape (n,) each.
        numbers: Values of the numeric channels by place, shape (n,) each.
        codes: Different values as numbers, of the channels that count or list them, shape (n,) each.
        last_of_value: Of those, whether no later folded event of its entity has its value, shape (f,) each.
        scaled: Whether an entity's sums of doubles are scaled down, shape (e,).
    """

    columns: list[npt.NDArray[Any]]
    masks: list[Flags]
    numbers: dict[int, npt.NDArray[Any]]
    codes: dict[int, Ints]
    last_of_value: dict[int, Flags]
    scaled: Flags


def fold(shape: Shape, events: Events, tiles: Tiles) -> Folded:
    """Compute what each row holds."""
    masks = [mask_of(events.table, channel.column, channel.where) for channel in shape.channels]
    numbers = {i: numbers_of(events.table.column(str(shape.channels[i].column))) for i in shape.numeric}
    counted = dict.fromkeys((*shape.distinct, *(item.channel for item in shape.coded if item.low is None)))
    codes = {i: dictionary_codes(events.table.column(str(shape.channels[i].column)))[0] for i in counted}
    scaled = _scaled(shape, events, masks, numbers)
    owner, folded = events.owner[tiles.folded], tiles.folded
    lasts = {i: _last_of_its_value(owner, codes[i][folded], masks[i][folded]) for i in shape.distinct}
    folding = _Folding(shape, events, tiles, masks, numbers, lasts, scaled)
    columns = [folding.column(item.channel, item.measure) for item in shape.fields]
    return Folded(columns, masks, numbers, codes, lasts, scaled)


@dataclass(slots=True)
class _Folding:
    shape: Shape
    events: Events
    tiles: Tiles
    masks: list[Flags]
    numbers: dict[int, npt.NDArray[Any]]
    last_of_value: dict[int, Flags]
    scaled: Flags

    def column(self, channel: int, measure: str) -> npt.NDArray[Any]:
        folded, edges = self.tiles.folded, (self.tiles.starts, self.tiles.newest)
        mask = self.masks[channel][folded]
        if measure == "count":
            return loops.counts(mask, *edges)
        if measure == "first":
            return loops.firsts(mask, *edges)
        if measure == "distinct":
            return loops.counts(self.last_of_value[channel], *edges)
        if measure == "oldest":
            return loops.extremes(self.events.event_ts[folded], mask, *edges)[0]
        if measure.startswith(DECAYED):
            return self._decayed(channel, float(measure.removeprefix(DECAYED)), mask)
        return self._of_numbers(channel, measure, self.numbers[channel][folded], mask)

    def _decayed(self, channel: int, half_life: float, mask: Flags) -> npt.NDArray[Any]:
        """Add up values as they are worth at their state's cut: no power is above 1."""
        folded = self.tiles.folded
        values = self.numbers[channel][folded].astype(np.float64) if channel in self.numbers else np.ones(len(folded))
        ages = self.tiles.cut[self._owner()] - self.events.event_ts[folded]
        with np.errstate(under="ignore", invalid="ignore"):
            worth = np.where(self.scaled[self._owner()], values * DOWN, values) * np.exp2(-ages / half_life)
        return loops.totals(worth, mask, self.tiles.starts, self.tiles.newest)

    def _of_numbers(self, channel: int, measure: str, values: npt.NDArray[Any], mask: Flags) -> npt.NDArray[Any]:
        edges = (self.tiles.starts, self.tiles.newest)
        if measure in ("min", "max"):
            return loops.extremes(values, mask, *edges)[measure == "max"]
        if measure in ("centre", "root"):
            return loops.spreads(values * DOWN, mask, *edges)[measure == "root"]
        if self.shape.channels[channel].is_float:
            return loops.totals(np.where(self.scaled[self._owner()], values * DOWN, values), mask, *edges)
        return self._whole(values, mask, power=2 if measure == "squares" else 1)

    def _owner(self) -> Ints:
        return self.events.owner[self.tiles.folded]

    def _whole(self, values: Ints, mask: Flags, power: int) -> npt.NDArray[Any]:
        """Add up whole numbers or their squares; entities that leave int64 are added up in Python's own."""
        edges = (self.tiles.starts, self.tiles.newest)
        sums: npt.NDArray[Any] = loops.totals(values**power, mask, *edges)
        sizes = np.where(mask, np.abs(values.astype(np.float64)) ** power, 0.0)
        huge = loops.totals(sizes, mask, *edges) >= _SAFE_INTEGER
        if huge.any():
            sums = sums.astype(object)
            for entity in np.unique(self.tiles.owner[huge]):
                self._add_up(sums, int(entity), values, mask, power)
        return sums

    def _add_up(self, sums: npt.NDArray[Any], entity: int, values: Ints, mask: Flags, power: int) -> None:
        total = 0
        for row in np.flatnonzero(self.tiles.owner == entity)[::-1]:
            events = slice(self.tiles.starts[row], self.tiles.starts[row + 1])
            total += sum(value**power for value in values[events][mask[events]].tolist())
            sums[row] = total


def mask_of(table: pa.Table, column: str | None, where: Any) -> Flags:  # noqa: ANN401 - Filter or None
    """Say of each event whether it passes a filter and holds a value of a column."""
    mask = np.ones(table.num_rows, np.bool_) if where is None else predicate.evaluate(where, table)
    return mask if column is None else mask & known(table.column(column))


def numbers_of(values: pa.ChunkedArray) -> npt.NDArray[Any]:
    """Give the values of a column of numbers or times; 0 where there is none."""
    if pa.types.is_floating(values.type):
        doubles: npt.NDArray[Any] = to_numpy(values.fill_null(0.0))
        return np.where(np.isnan(doubles), 0.0, doubles)
    return to_numpy(values.cast(pa.int64()).fill_null(0))


def _scaled(shape: Shape, events: Events, masks: list[Flags], numbers: dict[int, npt.NDArray[Any]]) -> Flags:
    scaled = np.zeros(len(events.begins), np.bool_)
    for i in shape.numeric:
        if shape.channels[i].is_float:
            sizes = np.where(masks[i] & np.isfinite(numbers[i]), np.abs(numbers[i]) * DOWN, 0.0)
            scaled |= np.bincount(events.owner, sizes, minlength=len(scaled)) > _SAFE_SUM * DOWN
    return scaled


def _last_of_its_value(owner: Ints, codes: Ints, mask: Flags) -> Flags:
    """Say of each event whether no later one of its entity has its value."""
    places = np.flatnonzero(mask)
    order = places[np.lexsort((places, codes[places], owner[places]))]
    last = np.ones(len(order), np.bool_)
    last[:-1] = (np.diff(codes[order]) != 0) | (np.diff(owner[order]) != 0)
    flags = np.zeros(len(codes), np.bool_)
    flags[order[last]] = True
    return flags
