"""LabelSource: what turned out to be true, and when it could be known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskloom.declare.names import check_name
from riskloom.errors import DeclarationError
from riskloom.intervals import parse_duration

if TYPE_CHECKING:
    from riskloom.declare.entity import Entity
    from riskloom.declare.source import EventSource


@dataclass(frozen=True, kw_only=True)
class LabelSource:
    """Labels of events, each seen only once it was available.

    A label describes the event of its entity at its ``event_ts``. A later label of the same
    event, a revocation for example, replaces an earlier one once it is available itself.

    Attributes:
        name: Name of the label and of its column in a training set.
        entity: Whose event is labelled.
        source: Source whose events are the labels.
        value: Column that holds the label.
        available: Timestamp column from which the label may be seen.
        delay: How long after ``event_ts`` the label may be seen, where no column says it.
        description: One line for people.

    Example:
        >>> from riskloom import Entity, EventSource
        >>> reports = EventSource(
        ...     name="reports", files="reports/{date}.csv", transform="reports:to_events",
        ...     columns={"account_id": "string", "confirmed": "bool", "reported_at": "timestamp"},
        ...     available="reported_at",
        ... )
        >>> account = Entity.of("account", account_id="string")
        >>> LabelSource(name="confirmed_report", entity=account, source=reports, value="confirmed").availability
        'reported_at'
    """

    name: str
    entity: Entity
    source: EventSource
    value: str
    available: str | None = None
    delay: str | None = None
    description: str = ""

    def __post_init__(self) -> None:
        """Check the label against its source."""
        check_name("label", self.name)
        place = f"label {self.name!r}"
        for column in (*self.entity.key_columns, self.value, *([self.available] if self.available else [])):
            if column not in self.source.columns:
                raise DeclarationError.unknown_column(place, column, self.source.columns)
        if self.available and self.delay:
            raise DeclarationError.invalid(place, "give available or delay, not both.")
        if self.available and self.source.columns[self.available] != "timestamp":
            raise DeclarationError.wrong_type(
                place, self.available, self.source.columns[self.available], ("timestamp",)
            )
        if self.delay is not None:
            parse_duration(self.delay)
        if not (self.available or self.delay or self.source.available):
            why = "nothing says when it is available. Give available=COLUMN or delay=DURATION: it would leak."
            raise DeclarationError.invalid(place, why)

    @property
    def availability(self) -> str:
        """The column, or else the delay, that says when the label may be seen."""
        return self.available or self.delay or str(self.source.available)
