"""What a packed state holds, worked out from a view's declaration.

At any instant at or after a state's cut, a window is a suffix of the events that every window may hold by then. So a
row keeps the aggregates of everything from one tile to the end, and a window is read off one row. Tiles are as coarse
as the windows longer than their age allow, which is exact because each hop divides the next. A delay only lets events
in later.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from riskloom.intervals import EXACT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskloom.declare import Feature, FeatureView, Filter
    from riskloom.intervals import Window

COUNT, INTEGER, SQUARE, FLOAT, TIME = "count", "integer", "square", "float", "time"
# Widths of a state's counts, whole numbers and squares; the last one of whole numbers holds what no int64 does.
COUNT_CODES, INTEGER_CODES = ("B", "H", "I"), ("i", "q", "24s")
WIDE = len(INTEGER_CODES) - 1
CODES = len(COUNT_CODES) * len(INTEGER_CODES) ** 2
MAX_CHANNELS = 64
DECAYED = "decayed"
_NUMERIC = frozenset({"sum", "mean", "min", "max", "stddev", "decayed_sum"})
GAPS = frozenset({"gap_mean", "gap_stddev", "gap_last", "gap_entropy"})
TALLIED = frozenset({"entropy", "hhi", "top_share", "top_k"})
LISTED = GAPS | TALLIED | {"last_k", "quantile"}
_NUMPY = {"B": "u1", "H": "<u2", "I": "<u4", "i": "<i4", "q": "<i8", "24s": "V24", "d": "<f8"}


def packable(view: FeatureView) -> bool:
    """Say whether a packed state can answer each feature of a view.

    An exact window has no tiles. What is left out of several kinds of wider entities is read of the one whose key is
    the state's, or of some with more keys.
    """
    leaves = [leaf for feature in view.features for leaf in feature.leaves]
    wider = {leaf.keys for leaf in leaves if leaf.keys}
    return (
        (not wider or view.partition_keys in wider)
        and not any(leaf.window.hop == EXACT for leaf in leaves)
        and len({(leaf.column, leaf.where) for leaf in leaves}) <= MAX_CHANNELS
    )


@dataclass(frozen=True, slots=True)
class Field:
    """One number of a row.

    Attributes:
        channel: Which events it is of, as a place in ``Shape.channels``.
        measure: What of them: ``count``, ``sum``, ``squares``, ``centre``, ``root``, ``min``, ``max``, ``first``,
            ``distinct``, ``oldest`` (time), or a sum that ``decays``.
        kind: How it is kept.
    """

    channel: int
    measure: str
    kind: str


@dataclass(frozen=True, slots=True)
class Coded:
    """A list of numbers that stand for the values of a channel, one an event.

    Attributes:
        channel: Whose values, as a place in ``Shape.channels``.
        low: Of the buckets of a quantile, the low end of their range; None where each number is one value.
        high: The high end.
        listed: Whether the values themselves are kept as well.
    """

    channel: int
    low: float | None
    high: float | None
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Channel:
    """The events that pass a filter and hold a value of a column.

    Attributes:
        column: The column; None for the events themselves.
        where: The filter, or None.
        dtype: Declared type of the column; None without one.
        functions: What is computed of them.
        newest: How many of the newest values are kept as they are.
        half_lives: Those of its decayed sums, microseconds.
    """

    column: str | None
    where: Filter | None
    dtype: str | None
    functions: frozenset[str]
    newest: int = 0
    half_lives: tuple[float, ...] = ()

    @property
    def numeric(self) -> bool:
        """Whether numbers are computed of its values."""
        return self.column is not None and bool(self.functions & _NUMERIC)

    @property
    def picked(self) -> bool:
        """Whether single values of it are kept as they are."""
        return bool(self.functions & {"first", "last", "last_k"})

    @property
    def distinct(self) -> bool:
        """Whether its different values are counted."""
        return "count_distinct" in self.functions

    @property
    def is_float(self) -> bool:
        """Whether its values are doubles."""
        return self.dtype == "float64"

    def measures(self) -> dict[str, str]:
        """Give what a row keeps of it, with the kind of each."""
        number = FLOAT if self.is_float else INTEGER
        kept = {"count": COUNT}
        if self.functions & {"sum", "mean"} or ("stddev" in self.functions and not self.is_float):
            kept["sum"] = number
        if "stddev" in self.functions:
            kept |= {"centre": FLOAT, "root": FLOAT} if self.is_float else {"squares": SQUARE}
        kept |= {name: number for name in ("min", "max") if name in self.functions}
        kept |= {
            name: COUNT
            for name, asked in (("first", "first"), ("distinct", "count_distinct"))
            if asked in self.functions
        }
        if "time_since_first" in self.functions:
            kept["oldest"] = TIME
        return kept | {decays(half_life): FLOAT for half_life in self.half_lives}


def decays(half_life: float) -> str:
    """Name the measure of a decayed sum.

    Example:
        >>> decays(60_000_000)
        'decayed60000000'
    """
    return f"{DECAYED}{half_life:.0f}"


class Shape:
    """The layout of a view's packed states.

    Args:
        view: A view that is ``packable``.
        leaves: What is read; None for all leaves of its features.

    Attributes:
        channels: The kinds of events that features are computed of.
        fields: The numbers of a row.
        place: Where each number stands in a row, by channel and measure.
        places: The same by channel.
        windows: The windows, longest first.
        tail: What is kept once a state: the newest time and the last pick of the channels that need them.
        tail_place: Where they stand behind a row's numbers.
        last_place: Where the last values themselves stand behind those, by channel, once a state is read.
        gaps: Places of the channels whose newest times are kept.
        coded: The lists of numbers that stand for values.
        decayed: Half-lives of the decayed sums, by their place in a row.
        raw_numbers: Place of a channel's number in a raw event.
        raw_picks: Place of a channel's pick.
        raw_hashes: Place of the hash of a channel's value; behind it the last row that holds the value.
        raw_codes: Place of the number that stands for a value, by list.
    """

    def __init__(self, view: FeatureView, leaves: Sequence[Feature] | None = None) -> None:
        leaves = [leaf for feature in view.features for leaf in feature.leaves] if leaves is None else leaves
        self.channels = _channels(view, leaves)
        self._numbers = {(channel.column, channel.where): i for i, channel in enumerate(self.channels)}
        self.fields = tuple(
            Field(i, measure, kind)
            for i, channel in enumerate(self.channels)
            for measure, kind in channel.measures().items()
        )
        self.place = {(item.channel, item.measure): i for i, item in enumerate(self.fields)}
        self.places: list[dict[str, int]] = [{} for _ in self.channels]
        for (owner, measure), place in self.place.items():
            self.places[owner][measure] = place
        self.windows: tuple[Window, ...] = tuple(
            sorted({leaf.window for leaf in leaves}, key=lambda window: (-window.length, -window.hop))
        )
        tail = [("time", i) for i, channel in enumerate(self.channels) if "time_since_last" in channel.functions]
        tail += [("last", i) for i, channel in enumerate(self.channels) if channel.functions & {"last", "last_k"}]
        self.tail = tuple(tail)
        self.tail_place = {what: len(self.fields) + i for i, what in enumerate(tail)}
        lasts = [channel for what, channel in tail if what == "last"]
        self.last_place = {channel: len(self.fields) + len(tail) + i for i, channel in enumerate(lasts)}
        self.gaps = tuple(i for i, channel in enumerate(self.channels) if channel.functions & GAPS)
        self.coded = _coded(self.channels, leaves, self._numbers)
        # A raw event is its time, when it is known and the channels that it is of; then what ``raw_struct`` says.
        numbers, picks = 3, 3 + len(self.numeric)
        hashes = picks + len(self.picked)
        codes = hashes + 2 * len(self.distinct)
        self.raw_numbers = {channel: numbers + i for i, channel in enumerate(self.numeric)}
        self.raw_picks = {channel: picks + i for i, channel in enumerate(self.picked)}
        self.raw_hashes = {channel: hashes + 2 * i for i, channel in enumerate(self.distinct)}
        self.raw_codes = {item: codes + i for i, item in enumerate(self.coded)}
        self.decayed = {
            self.place[i, decays(half_life)]: half_life
            for i, channel in enumerate(self.channels)
            for half_life in channel.half_lives
        }

    def channel_of(self, leaf: Feature) -> int:
        """Give the place of a feature's channel."""
        return self._numbers[leaf.column, leaf.where]

    @cached_property
    def numeric(self) -> tuple[int, ...]:
        """Places of the channels of numbers."""
        return tuple(i for i, channel in enumerate(self.channels) if channel.numeric)

    @cached_property
    def picked(self) -> tuple[int, ...]:
        """Places of the channels that keep single values."""
        return tuple(i for i, channel in enumerate(self.channels) if channel.picked)

    @cached_property
    def distinct(self) -> tuple[int, ...]:
        """Places of the channels whose different values are counted."""
        return tuple(i for i, channel in enumerate(self.channels) if channel.distinct)

    @cached_property
    def tail_struct(self) -> struct.Struct:
        """How the tail is written."""
        return struct.Struct("<" + "".join("q" if what == "time" else "I" for what, _ in self.tail))

    @cached_property
    def raw_struct(self) -> struct.Struct:
        """How an event that is not folded is written: times, channels, numbers, picks, hashes and rows."""
        numbers = "".join("d" if self.channels[i].is_float else "q" for i in self.numeric)
        listed = "I" * len(self.picked) + "QI" * len(self.distinct) + "I" * len(self.coded)
        return struct.Struct("<qqQ" + numbers + listed)

    @cached_property
    def row_structs(self) -> tuple[struct.Struct, ...]:
        """How a row is written, by ``width_code``."""
        return tuple(struct.Struct("<" + "".join(self._codes(code))) for code in range(CODES))

    def row_dtype(self, code: int) -> np.dtype[np.void]:
        """Give a row as NumPy's type, laid out as ``row_structs`` has it."""
        return np.dtype([(f"f{i}", _NUMPY[item]) for i, item in enumerate(self._codes(code))])

    def raw_dtype(self) -> np.dtype[np.void]:
        """Give an event that is not folded as NumPy's type."""
        codes = self.raw_struct.format.removeprefix("<")
        return np.dtype([(f"f{i}", {"Q": "<u8"}.get(item) or _NUMPY[item]) for i, item in enumerate(codes)])

    def tail_dtype(self) -> np.dtype[np.void]:
        """Give the tail as NumPy's type."""
        return np.dtype([(f"f{i}", "<i8" if what == "time" else "<u4") for i, (what, _) in enumerate(self.tail)])

    def _codes(self, code: int) -> list[str]:
        counts, integers, squares = widths(code)
        codes = {
            COUNT: COUNT_CODES[counts],
            INTEGER: INTEGER_CODES[integers],
            SQUARE: INTEGER_CODES[squares],
            FLOAT: "d",
            TIME: "q",
        }
        return [codes[item.kind] for item in self.fields]


def width_code(counts: int, integers: int, squares: int) -> int:
    """Put three widths into one number.

    Example:
        >>> widths(width_code(2, 1, 0))
        (2, 1, 0)
    """
    return counts * 9 + integers * 3 + squares


def widths(code: int) -> tuple[int, int, int]:
    """Give the widths of counts, whole numbers and squares."""
    return code // 9, code // 3 % 3, code % 3


def _channels(view: FeatureView, leaves: Sequence[Feature]) -> tuple[Channel, ...]:
    read: dict[tuple[str | None, Filter | None], list[Feature]] = {}
    for leaf in leaves:
        read.setdefault((leaf.column, leaf.where), []).append(leaf)
    return tuple(
        Channel(
            column,
            where,
            None if column is None else view.source.columns[column],
            frozenset(leaf.function for leaf in found),
            max((int(leaf.params[0]) for leaf in found if leaf.function == "last_k"), default=0),
            tuple(sorted({leaf.params[0] for leaf in found if leaf.function == "decayed_sum"})),
        )
        for (column, where), found in read.items()
    )


def _coded(
    channels: tuple[Channel, ...], leaves: Sequence[Feature], numbers: dict[tuple[str | None, Filter | None], int]
) -> tuple[Coded, ...]:
    values = [
        Coded(i, None, None, "top_k" in channel.functions)
        for i, channel in enumerate(channels)
        if channel.functions & TALLIED
    ]
    buckets = [
        Coded(numbers[leaf.column, leaf.where], leaf.params[1], leaf.params[2])
        for leaf in leaves
        if leaf.function == "quantile"
    ]
    return (*values, *dict.fromkeys(buckets))
