"""The aggregations, one function each, as declarations write them.

Example:
    >>> from riskloom import aggregate
    >>> aggregate.sum("amount", windows=("1d", "7d")).label
    'sum(amount)'
"""

# ruff: noqa: A001 - the field's own words; this module is always used as `aggregate.sum(...)`

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, Unpack

from riskloom.declare.aggregation import Aggregation

if TYPE_CHECKING:
    from riskloom.declare.filter import Filter


class Options(TypedDict, total=False):
    """What every aggregation may be given by name.

    Attributes:
        where: Filter of the events.
        windows: Lengths, such as ``("5m", "1h")``; the view's own where none are given.
        delay: How far the windows end before the instant of the read.
        hop: Step of the windows' edges; ``"1us"`` is exact.
    """

    where: Filter | None
    windows: tuple[str, ...]
    delay: str | None
    hop: str | None


class Spans(TypedDict, total=False):
    """What a ratio may be given by name: ``Options`` without the filter, which its parts have."""

    windows: tuple[str, ...]
    delay: str | None
    hop: str | None


def count(column: str | None = None, **options: Unpack[Options]) -> Aggregation:
    """Count rows, or the values of a column that are neither null nor NaN; 0 for none."""
    return Aggregation(function="count", column=column, **options)


def sum(column: str, **options: Unpack[Options]) -> Aggregation:
    """Add the values of a column; exact for integers, null for no values."""
    return Aggregation(function="sum", column=column, **options)


def mean(column: str, **options: Unpack[Options]) -> Aggregation:
    """Average the values of a column; null for no values."""
    return Aggregation(function="mean", column=column, **options)


def min(column: str, **options: Unpack[Options]) -> Aggregation:
    """Find the smallest value of a column; null for no values."""
    return Aggregation(function="min", column=column, **options)


def max(column: str, **options: Unpack[Options]) -> Aggregation:
    """Find the largest value of a column; null for no values."""
    return Aggregation(function="max", column=column, **options)


def stddev(column: str, **options: Unpack[Options]) -> Aggregation:
    """Give the sample standard deviation of a column (n - 1); null for fewer than two values."""
    return Aggregation(function="stddev", column=column, **options)


def first(column: str, **options: Unpack[Options]) -> Aggregation:
    """Give the value of the oldest event that has one; ties go by event id."""
    return Aggregation(function="first", column=column, **options)


def last(column: str, **options: Unpack[Options]) -> Aggregation:
    """Give the value of the newest event that has one; ties go by event id."""
    return Aggregation(function="last", column=column, **options)


def count_distinct(column: str, **options: Unpack[Options]) -> Aggregation:
    """Count different values of a column, at most 4,096; 0 for none."""
    return Aggregation(function="count_distinct", column=column, **options)


def time_since_last(**options: Unpack[Options]) -> Aggregation:
    """Give the seconds since the newest event of the window; null for none."""
    return Aggregation(function="time_since_last", **options)


def ratio(numerator: Aggregation, denominator: Aggregation, **spans: Unpack[Spans]) -> Aggregation:
    """Divide one aggregation by another; null where either is null or the divisor is 0."""
    return Aggregation(function="ratio", parts=(numerator, denominator), **spans)
