"""Feature: one value of a view, an aggregation over one window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskloom.declare.functions import COUNTS

if TYPE_CHECKING:
    from riskloom.declare.filter import Filter
    from riskloom.intervals import Window


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
        params: Numbers that the function takes: ``k``, ``q`` and the range, or a half-life in microseconds.
        keys: Key columns whose events are read; empty for all of the view's.
        parts: The features that this one combines, else empty.
    """

    name: str
    function: str
    column: str | None
    where: Filter | None
    window: Window
    dtype: str
    params: tuple[float, ...] = ()
    keys: tuple[str, ...] = ()
    parts: tuple[Feature, ...] = ()

    @property
    def default(self) -> int | None:
        """The value of no events: 0 for counts, null for everything else."""
        counts = self.parts[0].function if self.function == "leave_own_out" else self.function
        return 0 if counts in COUNTS else None

    @property
    def leaves(self) -> tuple[Feature, ...]:
        """The features that read events: the leaves of its parts, else the feature itself."""
        return tuple(leaf for part in self.parts for leaf in part.leaves) or (self,)

    def start(self, at: int) -> int:
        """Give from when on it reads events at an instant, microseconds since the epoch."""
        return min(leaf.window.start(at) for leaf in self.leaves)

    @property
    def of_others(self) -> bool:
        """Whether it reads events of other entities than the one asked for."""
        return any(leaf.keys for leaf in self.leaves)
