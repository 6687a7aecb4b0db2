"""BatchFeatureView: features that a table holds already, looked up as of an instant."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from riskloom.declare.names import check_name, check_types
from riskloom.errors import DeclarationError
from riskloom.intervals import parse_duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskloom.declare.entity import Entity


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A feature that is a column of a table: null where no row is valid.

    Attributes:
        name: Name of the column and of the feature.
        dtype: Its type.
    """

    name: str
    dtype: str

    @property
    def default(self) -> None:
        """The value where there is no row."""
        return


@dataclass(frozen=True, kw_only=True)
class BatchFeatureView:
    """Features of an entity that a batch job writes to a table: the latest row that was there at an instant.

    At ``t`` a row counts whose ``timestamp`` is at or before ``t``, and not more than ``ttl`` before it. Of several,
    the one with the latest time wins, and of those that are tied in it, the one that was created last. Stamp a row with
    the time at which it became available, not with the day that it describes: else a training set sees it too early.

    Attributes:
        name: Name of the view.
        entity: Whose features; its key columns are columns of the table.
        table: Folder of the Delta table: absolute, or below the lake's root.
        columns: Feature columns and their types: string, int64, float64, bool, timestamp.
        timestamp: Column that says when a row became available.
        created: Column that says when a row was written; among rows of one time the last one wins.
        ttl: How long a row is valid, the last instant included; None for ever.
        description: One line for people.
        owner: Who answers for the view.
        risks: What its features help to find, in the project's own words.
        units: In what a column is measured, where that is not said by its type.

    Example:
        >>> from riskloom import BatchFeatureView, Entity
        >>> profile = BatchFeatureView(
        ...     name="customer_profile", entity=Entity.of("customer", customer_id="string"), ttl="30d",
        ...     table="batch/customer_profile", columns={"segment": "string", "limit": "int64"}, timestamp="written_ts",
        ... )
        >>> profile.feature_names
        ('segment', 'limit')
    """

    name: str
    entity: Entity
    table: str
    columns: Mapping[str, str] = field(hash=False)
    timestamp: str
    created: str | None = None
    ttl: str | None = None
    description: str = ""
    owner: str = ""
    risks: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Check names and types, so that a view that exists is one that can be joined."""
        check_name("view", self.name)
        place = f"view {self.name!r}"
        if not self.columns:
            raise DeclarationError.invalid(place, "it has no columns. Give one feature at least.")
        check_types(place, tuple(self.columns.items()))
        for risk in self.risks:
            check_name(f"{place}: risk", risk)
        for column in self.units:
            if column not in self.columns:
                raise DeclarationError.unknown_column(f"{place}, units", column, self.columns)
        if not self.table or ".." in self.table.split("/"):
            raise DeclarationError.invalid(
                place, f"table={self.table!r} must be a folder: absolute, or below the lake's root."
            )
        times = (self.timestamp, *([self.created] if self.created else []))
        for column in (*self.entity.key_columns, *times):
            if column in self.columns:
                raise DeclarationError.invalid(place, f"column {column!r} is a key or a time, so it is no feature.")
        if self.ttl is not None and parse_duration(self.ttl) == 0:
            raise DeclarationError.invalid(
                place, "ttl must be more than zero. Leave it out for rows that never expire."
            )

    @cached_property
    def features(self) -> tuple[TableColumn, ...]:
        """The features, in the order of declaration."""
        return tuple(TableColumn(name, dtype) for name, dtype in self.columns.items())

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features, in the order of declaration."""
        return tuple(self.columns)

    @property
    def times(self) -> tuple[str, ...]:
        """The columns that hold a row's times."""
        return (self.timestamp, self.created) if self.created else (self.timestamp,)

    @property
    def lifetime(self) -> int | None:
        """Microseconds that a row is valid; None for ever."""
        return None if self.ttl is None else parse_duration(self.ttl)
