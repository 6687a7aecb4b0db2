"""Errors of the gate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from riskloom.errors.base import RiskloomError

if TYPE_CHECKING:
    from collections.abc import Iterable


class QualityError(RiskloomError):
    """A gate that could not be run or shown."""

    @classmethod
    def no_page(cls, suite: str) -> Self:
        """Build the error for a run of a suite that left no page of Data Docs."""
        return cls(f"suite {suite!r}: Data Docs rendered no page of this run. Read the log above, then run it again.")


class ValidationFailed(RiskloomError):  # noqa: N818 - it reports a verdict on data, not a fault of the program
    """A critical expectation that the staged data does not meet."""

    @classmethod
    def critical(cls, source: str, checks: Iterable[object], page: object, interval: object) -> Self:
        """Build the error for a batch that is not published: one line for each expectation that failed."""
        failed = "".join(f"\n  {check}" for check in checks)
        return cls(
            f"source {source!r}, interval {interval}: nothing was published: critical expectations failed:{failed}\n"
            f"Counts are on {page}. Correct the data, its transform or its suite, and run the interval again."
        )
