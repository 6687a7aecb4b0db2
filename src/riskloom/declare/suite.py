"""Suite: what must hold of a source's events before they are published, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from riskloom.declare.filter import Filter
from riskloom.declare.names import check_name
from riskloom.errors import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Mapping

RowRule = Filter
"""A predicate that each row must meet; a row that does not goes to quarantine under the rule's name."""


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """One expectation of Great Expectations, by its own name and arguments.

    Attributes:
        type: Name, such as ``expect_column_values_to_not_be_null``.
        kwargs: Its arguments, such as ``{"column": "user_name"}``.
        severity: A failed ``critical`` one publishes nothing; a failed ``warning`` one is recorded and shown.
        reason: Why it must hold, one line for people.

    Example:
        >>> Expectation(type="expect_table_row_count_to_be_between", kwargs={"min_value": 1}).severity
        'critical'
    """

    type: str
    kwargs: Mapping[str, Any] = field(default_factory=dict, hash=False)
    severity: Literal["critical", "warning"] = "critical"
    reason: str = ""

    def __post_init__(self) -> None:
        """Check what needs no Great Expectations."""
        if not self.type.startswith("expect_"):
            raise DeclarationError.invalid(f"expectation {self.type!r}", "a type starts with expect_.")
        if self.severity not in ("critical", "warning"):
            raise DeclarationError.invalid(f"expectation {self.type!r}", "severity is 'critical' or 'warning'.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Something that events name and another source is to know, such as the order that a refund is of.

    The gate adds a bool column of this name to the staged batch: null where an event names nothing, or where nothing of
    the other source is there yet. An expectation says how many must be known.

    Attributes:
        name: Name of the column that is added.
        column: Column that names something.
        source: Source whose published events know it.
        to: Their column.

    Example:
        >>> Reference(name="order_known", column="order_id", source="orders", to="order_id").to
        'order_id'
    """

    name: str
    column: str
    source: str
    to: str

    def __post_init__(self) -> None:
        """Check the name."""
        check_name("reference", self.name)


@dataclass(frozen=True, kw_only=True)
class Suite:
    """What must hold of one source's staged events.

    Attributes:
        source: Name of the source whose staged batch is checked.
        rows: Rules for single rows; rows that break one (false or null) go to quarantine, the rest goes on.
        expectations: Checked on the rest; they gate the publish.
        references: Columns for expectations that say whether what an event names is known to another source.

    Example:
        >>> Suite(source="logins", rows=(RowRule("user_named", "user_name IS NOT NULL"),)).name
        'logins'
    """

    source: str
    rows: tuple[RowRule, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    references: tuple[Reference, ...] = ()

    def __post_init__(self) -> None:
        """Check the names."""
        check_name("suite", self.source)
        names = [rule.name for rule in self.rows]
        if len(set(names)) != len(names):
            raise DeclarationError.invalid(f"suite {self.source!r}", "two row rules have one name. Rename one.")

    @property
    def name(self) -> str:
        """Name of the suite: that of its source."""
        return self.source
