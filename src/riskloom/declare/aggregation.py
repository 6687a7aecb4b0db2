"""Aggregation: what is computed of the events in a window, and the features it gives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from riskloom.declare.feature import Feature
from riskloom.declare.functions import (
    FUNCTIONS,
    LEFT_OUT,
    list_of,
    parameter_fault,
    parameter_text,
    parameter_values,
)
from riskloom.declare.names import NUMERIC
from riskloom.errors import DeclarationError
from riskloom.intervals import Window, default_hop, format_duration, parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskloom.declare.entity import Entity
    from riskloom.declare.filter import Filter
    from riskloom.declare.source import EventSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregation:
    """A function of the events in each of several windows.

    Build one with the functions of ``riskloom.aggregate``.

    Attributes:
        function: One of ``FUNCTIONS``.
        column: Column that it reads; none for functions of times, and for ``count`` of rows.
        where: Filter of the events.
        windows: Lengths; empty for the view's own.
        delay: How far the windows end before the instant of the read; None for the source's delay.
        hop: Step of the windows' edges; None for the default of each length, ``"1us"`` for exact.
        params: What the function takes besides: ``k``, ``q`` and the range, or a half-life.
        baseline: Length of the longer window with which the windows are compared.
        within: Name of the wider entity whose events are read, with its own key's left out.
        keys: Key columns of that entity.
        parts: The aggregations that it combines.
    """

    function: str
    column: str | None = None
    where: Filter | None = None
    windows: tuple[str, ...] = ()
    delay: str | None = None
    hop: str | None = None
    params: tuple[float | str, ...] = ()
    baseline: str | None = None
    within: str | None = None
    keys: tuple[str, ...] = ()
    parts: tuple[Aggregation, ...] = ()

    def __post_init__(self) -> None:
        """Check what needs no source."""
        if self.function not in FUNCTIONS:
            raise DeclarationError.invalid(
                f"aggregation {self.function!r}", f"there is no such function. Known: {', '.join(FUNCTIONS)}."
            )
        known = FUNCTIONS[self.function]
        if len(self.parts) != known.parts:
            raise DeclarationError.invalid(self.function, f"it combines {known.parts} aggregations.")
        if not known.columns and self.column is not None:
            raise DeclarationError.invalid(self.label, "it takes no column.")
        if known.columns and self.column is None and not known.optional:
            raise DeclarationError.invalid(self.label, "it needs a column.")
        fault = parameter_fault(self.function, self.params)
        if fault:
            raise DeclarationError.invalid(self.label, fault)
        self._check_left_out()
        for duration in (*self.windows, *(d for d in (self.delay, self.hop, self.baseline) if d is not None)):
            parse_duration(duration)
        if known.baseline and self.baseline is None:
            raise DeclarationError.invalid(self.label, "it needs a baseline, a window that is longer than its own.")
        if self.baseline is not None and not known.baseline:
            raise DeclarationError.invalid(self.label, "it takes no baseline.")

    def _check_left_out(self) -> None:
        if self.function != "leave_own_out":
            return
        part = self.parts[0]
        if part.function not in LEFT_OUT:
            why = f"{part.label} cannot be taken apart again. It can be of {', '.join(LEFT_OUT)}."
            raise DeclarationError.invalid(self.label, why)
        if part.windows or part.delay or part.hop:
            raise DeclarationError.invalid(self.label, "give windows, delay and hop to it, not to its part.")

    @property
    def label(self) -> str:
        """The aggregation as a person would write it, for errors."""
        if self.function == "ratio":
            return " / ".join(part.label for part in self.parts)
        inside = [part.label for part in self.parts] or ([self.column] if self.column else [])
        if self.function == "distance":
            inside = [str(part.column) for part in self.parts]
        return f"{self.function}({', '.join(inside)})"

    def features(self, place: str, source: EventSource, windows: tuple[str, ...], entity: Entity) -> Iterator[Feature]:
        """Give a feature for each window.

        Args:
            place: The view, for errors.
            source: Source whose columns are read.
            windows: The view's windows, used where the aggregation has none.
            entity: The view's entity.

        Yields:
            Features in the order of the windows.

        Raises:
            DeclarationError: A column is unknown or of a type that the function can't take, a baseline is no longer
                than the window, or the wider entity is none of the view's.
        """
        lengths = self.windows or windows
        if not lengths:
            raise DeclarationError.invalid(place, f"{self.label} has no windows. Give windows to it or to the view.")
        dtype = self._dtype(place, source)
        for length in lengths:
            feature = self._feature(place, source, length, dtype)
            parts = self._parts(place, source, length, entity)
            yield self._combined(feature, parts) if parts else feature

    def _feature(self, place: str, source: EventSource, length: str, dtype: str) -> Feature:
        window = self._window(place, source, length)
        return Feature(
            name=self._name(window, source),
            function=self.function,
            column=self.column,
            where=self.where,
            window=window,
            dtype=dtype,
            params=parameter_values(self.function, self.params),
        )

    def _combined(self, feature: Feature, parts: tuple[Feature, ...]) -> Feature:
        if self.function != "ratio":
            return replace(feature, parts=parts)
        return replace(feature, parts=parts, name="_per_".join(part.name for part in parts), window=parts[0].window)

    def _parts(self, place: str, source: EventSource, length: str, entity: Entity) -> tuple[Feature, ...]:
        if self.function == "ratio":
            return tuple(self._ratio_part(part, place, source, length, entity) for part in self.parts)
        if self.function == "leave_own_out":
            return self._left_out(place, source, length, entity)
        if self.function == "distance":
            return tuple(self._coordinate(part, place, source, length, entity) for part in self.parts)
        if self.baseline is None:
            return ()
        if parse_duration(self.baseline) <= parse_duration(length):
            why = (
                f"{self.label} has the baseline {self.baseline}, no longer than its window {length}. Give a longer one."
            )
            raise DeclarationError.invalid(place, why)
        wanted = [("count", length), ("count", self.baseline)]
        if self.function == "zscore":
            wanted = [("mean", length), ("mean", self.baseline), ("stddev", self.baseline)]
        compared = (replace(self, function=function, baseline=None, windows=(span,)) for function, span in wanted)
        return tuple(next(part.features(place, source, (), entity)) for part in compared)

    def _ratio_part(self, part: Aggregation, place: str, source: EventSource, length: str, entity: Entity) -> Feature:
        inherited = replace(part, delay=part.delay or self.delay, hop=part.hop or self.hop)
        own = part.windows or (length,)
        if len(own) != 1:
            raise DeclarationError.invalid(place, f"{self.label}: a part of a ratio has one window, or the ratio's.")
        feature = next(inherited.features(place, source, own, entity))
        if feature.dtype not in NUMERIC:
            raise DeclarationError.invalid(
                place, f"{self.label}: {part.label} is a {feature.dtype}. A ratio divides numbers."
            )
        return feature

    def _coordinate(self, part: Aggregation, place: str, source: EventSource, length: str, entity: Entity) -> Feature:
        dtype = source.columns.get(part.column or "")
        if dtype is not None and dtype not in NUMERIC:
            raise DeclarationError.wrong_type(f"{place}, {self.label}", str(part.column), dtype, NUMERIC)
        shifted = replace(part, delay=self.delay, hop=self.hop)
        return next(shifted.features(place, source, (length,), entity))

    def _left_out(self, place: str, source: EventSource, length: str, entity: Entity) -> tuple[Feature, ...]:
        part = replace(self.parts[0], delay=self.delay, hop=self.hop)
        if part.function == "stddev" and source.columns.get(part.column or "") != "int64":
            why = f"{self.label}: a deviation can be taken apart again for int64 alone. Take it of minor units."
            raise DeclarationError.invalid(place, why)
        if not set(self.keys) < set(entity.key_columns):
            why = f"{self.label}: entity {self.within!r} must have some of the keys of {entity.name!r}, and not all."
            raise DeclarationError.invalid(place, f"{why} Those are {', '.join(entity.key_columns)}.")
        whole = next(part.features(place, source, (length,), entity))
        return (replace(whole, keys=self.keys), whole)

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
        known = FUNCTIONS[self.function]
        if known.gives == "part":
            return self.parts[0]._dtype(place, source)  # noqa: SLF001 - of its own class
        if self.column is None:
            return known.gives
        if self.column not in source.columns:
            raise DeclarationError.unknown_column(f"{place}, {self.label}", self.column, source.columns)
        dtype = source.columns[self.column]
        if dtype not in known.columns:
            raise DeclarationError.wrong_type(f"{place}, {self.label}", self.column, dtype, known.columns)
        return {"column": dtype, "list": list_of(dtype)}.get(known.gives, known.gives)

    def _name(self, window: Window, source: EventSource) -> str:
        inner = self.parts[0] if self.function == "leave_own_out" else self
        words = [inner.where.name] if inner.where else []
        columns = [str(part.column) for part in self.parts] if self.function == "distance" else []
        words += [
            inner.column or "_".join(columns) or "events",
            inner.function + parameter_text(inner.function, inner.params),
        ]
        if self.baseline:
            words[-1] += format_duration(parse_duration(self.baseline))
        if self.within:
            words += [self.function, self.within]
        words.append(format_duration(window.length))
        if window.delay != parse_duration(source.delay):
            words.append(f"delay{format_duration(window.delay)}")
        if window.hop != default_hop(window.length):
            words.append(f"hop{format_duration(window.hop)}")
        return "_".join(words)
