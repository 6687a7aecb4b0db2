"""FeatureView: the features of one entity that come from one source."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from riskloom.declare.names import check_name
from riskloom.errors import DeclarationError
from riskloom.intervals import parse_duration

if TYPE_CHECKING:
    from riskloom.declare.aggregation import Aggregation
    from riskloom.declare.entity import Entity
    from riskloom.declare.feature import Feature
    from riskloom.declare.source import EventSource


@dataclass(frozen=True, kw_only=True)
class FeatureView:
    """Windowed features of one entity, declared once for training and scoring.

    Attributes:
        name: Name of the view and of its gold table.
        entity: Whose features; its key columns are columns of the source.
        source: Whose events.
        aggregations: What is computed.
        windows: Lengths for each aggregation that has none of its own.
        max_staleness: How far the view's watermark may lie before the instant of a read; None for no limit.
        max_events: How many events of one entity the online state may hold, newest first.
        hold: How long before a materialized state's end an event may be pushed; an older one comes by the log.
        max_recent: How many pushed events of one entity may wait for the log to confirm them.
        description: One line for people.
        owner: Who answers for the view.
        risks: What its features help to find, in the project's own words.

    Example:
        >>> from riskloom import Entity, EventSource, aggregate
        >>> user = Entity.of("user", user_name="string")
        >>> logins = EventSource(name="logins", files="*.log", transform="l:f", columns={"user_name": "string"})
        >>> view = FeatureView(
        ...     name="user_logins", entity=user, source=logins, windows=("5m", "1h"), aggregations=(aggregate.count(),)
        ... )
        >>> view.feature_names
        ('events_count_5m', 'events_count_1h')
    """

    name: str
    entity: Entity
    source: EventSource
    aggregations: tuple[Aggregation, ...]
    windows: tuple[str, ...] = ()
    max_staleness: str | None = None
    max_events: int = 10_000
    hold: str = "2h"
    max_recent: int = 1_024
    description: str = ""
    owner: str = ""
    risks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the view against its entity and source."""
        check_name("view", self.name)
        for risk in self.risks:
            check_name(f"{self._place}: risk", risk)
        if not self.aggregations:
            raise DeclarationError.invalid(self._place, "it has no aggregations. Give one at least.")
        if self.max_events < 1:
            raise DeclarationError.invalid(self._place, "max_events must be 1 or more.")
        parse_duration(self.hold)
        if self.max_recent < 0:
            raise DeclarationError.invalid(self._place, "max_recent must be 0 or more.")
        if self.max_staleness is not None:
            parse_duration(self.max_staleness)
        self._check_keys()
        self._check_features()

    @property
    def _place(self) -> str:
        return f"view {self.name!r}"

    def _check_keys(self) -> None:
        for column, dtype in self.entity.keys:
            if column not in self.source.columns:
                raise DeclarationError.unknown_column(
                    f"{self._place}, entity {self.entity.name!r}", column, self.source.columns
                )
            if self.source.columns[column] != dtype:
                raise DeclarationError.wrong_type(self._place, column, self.source.columns[column], (dtype,))

    def _check_features(self) -> None:
        seen: set[str] = set()
        for feature in self.features:
            if feature.name in seen:
                raise DeclarationError.repeated_feature(self._place, feature.name)
            seen.add(feature.name)
        if not self.partition_keys:
            why = "it leaves its own out of entities that share no key, so no key keeps its events together. Split it."
            raise DeclarationError.invalid(self._place, why)

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        """The features, in the order of declaration."""
        return tuple(
            feature
            for aggregation in self.aggregations
            for feature in aggregation.features(self._place, self.source, self.windows, self.entity)
        )

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features, in the order of declaration."""
        return tuple(feature.name for feature in self.features)

    @cached_property
    def event_columns(self) -> tuple[str, ...]:
        """Columns of the source that the view reads: its keys first, then the others, sorted."""
        leaves = [leaf for feature in self.features for leaf in feature.leaves]
        read = {leaf.column for leaf in leaves if leaf.column} | {
            c for leaf in leaves if leaf.where for c in leaf.where.columns
        }
        keys = self.entity.key_columns
        return (*keys, *sorted(read - set(keys)))

    @cached_property
    def partition_keys(self) -> tuple[str, ...]:
        """Key columns that the events of one value share: all keys, or those of the wider entities it reads.

        Example:
            >>> from riskloom import Entity, EventSource, aggregate
            >>> pair = Entity.of("device_account", device="string", account="string")
            >>> logins = EventSource(name="logins", files="*.log", transform="l:f", columns=dict(pair.keys))
            >>> others = aggregate.leave_own_out(aggregate.count(), within=Entity.of("device", device="string"))
            >>> FeatureView(
            ...     name="v", entity=pair, source=logins, windows=("1d",), aggregations=(others,)
            ... ).partition_keys
            ('device',)
        """
        wider = [leaf.keys for feature in self.features for leaf in feature.leaves if leaf.keys]
        return tuple(key for key in self.entity.key_columns if all(key in keys for keys in wider))

    @property
    def reach(self) -> int:
        """Microseconds before an instant from which an event may still count."""
        return max(leaf.window.reach for feature in self.features for leaf in feature.leaves)
