"""Aggregation: what is computed of the events in a window, and the features it gives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from riskloom.declare.names import DTYPES, NUMERIC
from riskloom.errors import DeclarationError
from riskloom.intervals import Window, default_hop, format_duration, parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskloom.declare.filter import Filter
    from riskloom.declare.source import EventSource

DISTINCT_CAP = 4096
COMPARABLE = (*NUMERIC, "timestamp")
# Types that a function's column may have. An empty tuple: the function takes no column.
COLUMN_TYPES: dict[str, tuple[str, ...]] = {
    "count": DTYPES,
    "sum": NUMERIC,
    "mean": NUMERIC,
    "min": COMPARABLE,
    "max": COMPARABLE,
    "stddev": NUMERIC,
    "first": DTYPES,
    "last": DTYPES,
    "count_distinct": DTYPES,
    "time_since_last": (),
    "ratio": (),
}
_COLUMN_OPTIONAL = ("count",)
_OF_COLUMN_TYPE = ("sum", "min", "max", "first", "last")
_INTEGER = ("count", "count_distinct")


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One value: an aggregation over one window.

    Attributes:
        name: Derived name, such as ``failed_events_count_1h``.
        function: Name of the aggregation's function.
        column: Column that it reads, or None.
        where: Filter of the events, or None.
        window: Window of the events; of a ratio, that of its first part.
        dtype: Type of the value.
        parts: The two features that a ratio divides, else empty.
    """

    name: str
    function: str
    column: str | None
    where: Filter | None
    window: Window
    dtype: str
    parts: tuple[Feature, ...] = ()

    @property
    def default(self) -> int | None:
        """The value of no events: 0 for counts, null for everything else."""
        return 0 if self.function in _INTEGER else None

    @property
    def leaves(self) -> tuple[Feature, ...]:
        """The features that read events: the parts of a ratio, else the feature itself."""
        return tuple(leaf for part in self.parts for leaf in part.leaves) or (self,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregation:
    """A function of the events in each of several windows.

    Build one with the functions of ``riskloom.aggregate``.

    Attributes:
        function: One of ``COLUMN_TYPES``.
        column: Column that it reads; none for ``time_since_last``, and for ``count`` of rows.
        where: Filter of the events.
        windows: Lengths; empty for the view's own.
        delay: How far the windows end before the instant of the read; None for the source's delay.
        hop: Step of the windows' edges; None for the default of each length, ``"1us"`` for exact.
        parts: The two aggregations that a ratio divides.
    """

    function: str
    column: str | None = None
    where: Filter | None = None
    windows: tuple[str, ...] = ()
    delay: str | None = None
    hop: str | None = None
    parts: tuple[Aggregation, ...] = ()

    def __post_init__(self) -> None:
        """Check the parts that need no source."""
        if self.function not in COLUMN_TYPES:
            raise DeclarationError.invalid(
                f"aggregation {self.function!r}", f"there is no such function. Known: {', '.join(COLUMN_TYPES)}."
            )
        takes_column = bool(COLUMN_TYPES[self.function])
        if not takes_column and self.column is not None:
            raise DeclarationError.invalid(self.label, "it takes no column.")
        if takes_column and self.column is None and self.function not in _COLUMN_OPTIONAL:
            raise DeclarationError.invalid(self.label, "it needs a column.")
        if (self.function == "ratio") != (len(self.parts) == 2):  # noqa: PLR2004 - a ratio is of two
            raise DeclarationError.invalid(self.label, "a ratio is of two aggregations, and nothing else is.")
        for duration in (*self.windows, *(d for d in (self.delay, self.hop) if d is not None)):
            parse_duration(duration)

    @property
    def label(self) -> str:
        """The aggregation as a person would write it, for errors."""
        if self.function == "ratio":
            return " / ".join(part.label for part in self.parts)
        return f"{self.function}({self.column or ''})"

    def features(self, place: str, source: EventSource, windows: tuple[str, ...]) -> Iterator[Feature]:
        """Give a feature for each window.

        Args:
            place: The view, for errors.
            source: Source whose columns are read.
            windows: The view's windows, used where the aggregation has none.

        Yields:
            Features in the order of the windows.

        Raises:
            DeclarationError: A column is unknown or of a type that the function can't take.
        """
        lengths = self.windows or windows
        if not lengths:
            raise DeclarationError.invalid(place, f"{self.label} has no windows. Give windows to it or to the view.")
        dtype = self._dtype(place, source)
        for length in lengths:
            yield self._feature(place, source, length, dtype)

    def _feature(self, place: str, source: EventSource, length: str, dtype: str) -> Feature:
        parts = tuple(self._part(part, place, source, length) for part in self.parts)
        window = parts[0].window if parts else self._window(place, source, length)
        name = "_per_".join(part.name for part in parts) if parts else self._name(window, source)
        return Feature(
            name=name,
            function=self.function,
            column=self.column,
            where=self.where,
            window=window,
            dtype=dtype,
            parts=parts,
        )

    def _part(self, part: Aggregation, place: str, source: EventSource, length: str) -> Feature:
        inherited = replace(part, delay=part.delay or self.delay, hop=part.hop or self.hop)
        own = part.windows or (length,)
        if len(own) != 1:
            raise DeclarationError.invalid(place, f"{self.label}: a part of a ratio has one window, or the ratio's.")
        feature = next(inherited.features(place, source, own))
        if feature.dtype not in NUMERIC:
            raise DeclarationError.invalid(
                place, f"{self.label}: {part.label} is a {feature.dtype}. A ratio divides numbers."
            )
        return feature

    def _window(self, place: str, source: EventSource, length: str) -> Window:
        delay = source.delay if self.delay is None else self.delay
        if parse_duration(delay) < parse_duration(source.delay):
            whose = f"{source.delay}, the delay of source {source.name!r}"
            why = f"{self.label} has delay {delay}, shorter than {whose}. Give a longer one, or none."
            raise DeclarationError.invalid(place, why)
        return Window.of(length, delay=delay, hop=self.hop)

    def _dtype(self, place: str, source: EventSource) -> str:
        if self.where is not None:
            self.where.check_against(place, source.columns)
        if self.column is None:
            return "int64" if self.function in _INTEGER else "float64"
        if self.column not in source.columns:
            raise DeclarationError.unknown_column(f"{place}, {self.label}", self.column, source.columns)
        dtype = source.columns[self.column]
        if dtype not in COLUMN_TYPES[self.function]:
            raise DeclarationError.wrong_type(f"{place}, {self.label}", self.column, dtype, COLUMN_TYPES[self.function])
        if self.function in _INTEGER:
            return "int64"
        return dtype if self.function in _OF_COLUMN_TYPE else "float64"

    def _name(self, window: Window, source: EventSource) -> str:
        words = [self.where.name] if self.where else []
        words += [self.column or "events", self.function, format_duration(window.length)]
        if window.delay != parse_duration(source.delay):
            words.append(f"delay{format_duration(window.delay)}")
        if window.hop != default_hop(window.length):
            words.append(f"hop{format_duration(window.hop)}")
        return "_".join(words)
