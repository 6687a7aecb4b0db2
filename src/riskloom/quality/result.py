"""Check and GateResult: what a gate found, in counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from riskloom.errors import ValidationFailed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from riskloom.intervals import Interval


@dataclass(frozen=True, kw_only=True)
class Check:
    """The outcome of one expectation, without any value of a row.

    Attributes:
        type: Name of the expectation.
        column: Column or columns that it is about, joined by a comma; empty for the whole table.
        severity: ``critical`` or ``warning``.
        success: Whether it held.
        unexpected_count: Rows that break it; None where it is not about single rows.
        element_count: Rows that it looked at; None where it is not about single rows.
        detail: A count, a share or a reason, in words.
        kwargs: Arguments as they were declared.

    Example:
        >>> str(Check(type="expect_column_values_to_not_be_null", column="user_name", severity="warning",
        ...           success=False, unexpected_count=3, element_count=100))
        'expect_column_values_to_not_be_null(user_name): 3 of 100 rows'
    """

    type: str
    column: str = ""
    severity: Literal["critical", "warning"] = "critical"
    success: bool = True
    unexpected_count: int | None = None
    element_count: int | None = None
    detail: str = ""
    kwargs: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        """Write the expectation and its counts in one line."""
        counts = "" if self.unexpected_count is None else f"{self.unexpected_count} of {self.element_count} rows"
        found = ", ".join(part for part in (counts, self.detail) if part)
        return f"{self.type}({self.column})" + (f": {found}" if found else "")


@dataclass(frozen=True, kw_only=True)
class GateResult:
    """What a gate says of one staged batch.

    Attributes:
        source: Source of the batch.
        interval: Interval of the run.
        passed: Whether every critical expectation held; only then may the batch be published.
        checks: Outcomes in the order of declaration.
        page: Data Docs page of this run; None where the source has no suite.
    """

    source: str
    interval: Interval
    passed: bool
    checks: tuple[Check, ...] = ()
    page: Path | None = None

    @property
    def failures(self) -> tuple[Check, ...]:
        """Critical expectations that did not hold."""
        return tuple(check for check in self.checks if not check.success and check.severity == "critical")

    @property
    def warnings(self) -> tuple[Check, ...]:
        """Expectations of severity ``warning`` that did not hold."""
        return tuple(check for check in self.checks if not check.success and check.severity == "warning")

    def require(self) -> None:
        """Raise unless the batch passed.

        Raises:
            ValidationFailed: A critical expectation did not hold.
        """
        if not self.passed:
            raise ValidationFailed.critical(self.source, self.failures, self.page, self.interval)
