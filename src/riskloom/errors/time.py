"""Errors of time: durations, instants, windows and intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from riskloom.errors.base import RiskloomError

if TYPE_CHECKING:
    from collections.abc import Iterable


class TimeError(RiskloomError):
    """A duration, instant, window or interval that has no clear meaning."""

    @classmethod
    def bad_duration(cls, text: object) -> Self:
        """Build the error for a text that is no duration."""
        return cls(
            f"{text!r} is not a duration. Write a whole number and a unit of us, ms, s, m, h or d, such as '5m' or '7d'."
        )

    @classmethod
    def naive(cls, text: object, where: str) -> Self:
        """Build the error for a time without a zone."""
        return cls(f"{where}: {text} has no time zone. Give UTC, such as 2010-12-01T08:00:00Z, or an aware datetime.")

    @classmethod
    def bad_instant(cls, text: object, where: str) -> Self:
        """Build the error for something that is no instant."""
        return cls(
            f"{where}: {text!r} is not an instant. Give an aware datetime or ISO text such as 2010-12-01T08:00:00Z."
        )

    @classmethod
    def bad_interval(cls, text: object) -> Self:
        """Build the error for a text that is no interval."""
        return cls(
            f"{text!r} is not an interval. Write START/END, the end not included, such as 2010-12-01/2010-12-05."
        )

    @classmethod
    def empty_interval(cls, text: str) -> Self:
        """Build the error for an interval that holds no instant."""
        return cls(f"interval {text} is empty: its end is its start. The end is not included; give a later one.")

    @classmethod
    def reversed_interval(cls, text: str) -> Self:
        """Build the error for an interval that ends before it starts."""
        return cls(f"interval {text} is reversed: it ends before it starts. Swap the two.")

    @classmethod
    def bad_hop(cls, hop: str, available: Iterable[str]) -> Self:
        """Build the error for a hop that is not of the list."""
        return cls(f"hop {hop} is not one of {', '.join(available)} (1us is exact).")

    @classmethod
    def bad_window(cls, text: str, why: str) -> Self:
        """Build the error for a window that cannot be evaluated."""
        return cls(f"window {text}: {why}.")
