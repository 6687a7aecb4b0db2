"""The aggregations, one function each, as declarations write them.

What each one means at an instant, with examples, is in ``docs/point_in_time.md``.

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
    from riskloom.declare.entity import Entity
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
    """What a combination may be given by name: ``Options`` without the filter, which its parts have."""

    windows: tuple[str, ...]
    delay: str | None
    hop: str | None


def count(column: str | None = None, **options: Unpack[Options]) -> Aggregation:
    """Count rows, or the values of a column that are neither null nor NaN; 0 for none.

    Example:
        >>> count("amount").label
        'count(amount)'
    """
    return Aggregation(function="count", column=column, **options)


def sum(column: str, **options: Unpack[Options]) -> Aggregation:
    """Add the values of a column; exact for integers, null for no values.

    Example:
        >>> sum("amount").label
        'sum(amount)'
    """
    return Aggregation(function="sum", column=column, **options)


def mean(column: str, **options: Unpack[Options]) -> Aggregation:
    """Average the values of a column; null for no values.

    Example:
        >>> mean("amount").label
        'mean(amount)'
    """
    return Aggregation(function="mean", column=column, **options)


def min(column: str, **options: Unpack[Options]) -> Aggregation:
    """Find the smallest value of a column; null for no values.

    Example:
        >>> min("amount").label
        'min(amount)'
    """
    return Aggregation(function="min", column=column, **options)


def max(column: str, **options: Unpack[Options]) -> Aggregation:
    """Find the largest value of a column; null for no values.

    Example:
        >>> max("amount").label
        'max(amount)'
    """
    return Aggregation(function="max", column=column, **options)


def stddev(column: str, **options: Unpack[Options]) -> Aggregation:
    """Give the sample standard deviation of a column (n - 1); null for fewer than two values.

    Example:
        >>> stddev("amount").label
        'stddev(amount)'
    """
    return Aggregation(function="stddev", column=column, **options)


def first(column: str, **options: Unpack[Options]) -> Aggregation:
    """Give the value of the oldest event that has one; ties go by event id.

    Example:
        >>> first("country").label
        'first(country)'
    """
    return Aggregation(function="first", column=column, **options)


def last(column: str, **options: Unpack[Options]) -> Aggregation:
    """Give the value of the newest event that has one; ties go by event id.

    Example:
        >>> last("country").label
        'last(country)'
    """
    return Aggregation(function="last", column=column, **options)


def last_k(column: str, k: int, **options: Unpack[Options]) -> Aggregation:
    """List the newest ``k`` values of a column (at most 256), newest first; null for no values.

    Example:
        >>> last_k("country", 3).params
        (3,)
    """
    return Aggregation(function="last_k", column=column, params=(k,), **options)


def count_distinct(column: str, **options: Unpack[Options]) -> Aggregation:
    """Count different values of a column, at most 4,096; 0 for none.

    Example:
        >>> count_distinct("device").label
        'count_distinct(device)'
    """
    return Aggregation(function="count_distinct", column=column, **options)


def top_k(column: str, k: int, **options: Unpack[Options]) -> Aggregation:
    """List the ``k`` most frequent values of a column (at most 256), most frequent first, ties by value.

    Null for no values, and for more than 4,096 different ones.

    Example:
        >>> top_k("merchant", 3).params
        (3,)
    """
    return Aggregation(function="top_k", column=column, params=(k,), **options)


def top_share(column: str, **options: Unpack[Options]) -> Aggregation:
    """Give the share of the most frequent value among the values of a column, above 0 and at most 1.

    Null for no values, and for more than 4,096 different ones.

    Example:
        >>> top_share("merchant").label
        'top_share(merchant)'
    """
    return Aggregation(function="top_share", column=column, **options)


def entropy(column: str, **options: Unpack[Options]) -> Aggregation:
    """Give the Shannon entropy of the values of a column, in nats; 0 where all are equal.

    Null for no values, and for more than 4,096 different ones.

    Example:
        >>> entropy("device").label
        'entropy(device)'
    """
    return Aggregation(function="entropy", column=column, **options)


def hhi(column: str, **options: Unpack[Options]) -> Aggregation:
    """Give the Herfindahl-Hirschman index of the values of a column: the sum of their squared shares.

    Null for no values, and for more than 4,096 different ones.

    Example:
        >>> hhi("buyer").label
        'hhi(buyer)'
    """
    return Aggregation(function="hhi", column=column, **options)


def quantile(column: str, q: float, *, low: float, high: float, **options: Unpack[Options]) -> Aggregation:
    """Give a quantile of a column within 1 %, from buckets that grow logarithmically; null for no values.

    Args:
        column: Numbers. Those below ``low`` (zero and negative ones too) count as ``low``, those above ``high``
            as ``high``.
        q: 0 is the smallest value, 0.5 the median, 1 the largest. The value meant is the one at place
            ``floor(q * (n - 1))`` of the n sorted ones.
        low: Low end of the range, above 0.
        high: High end of the range.
        **options: See ``Options``.

    Example:
        >>> quantile("amount", 0.95, low=0.01, high=1e6).params
        (0.95, 0.01, 1000000.0)
    """
    return Aggregation(function="quantile", column=column, params=(q, low, high), **options)


def decayed_sum(column: str | None = None, *, half_life: str, **options: Unpack[Options]) -> Aggregation:
    """Add the values of a column, or count rows, each halved with every half-life of its age; null for none.

    Example:
        >>> decayed_sum("amount", half_life="1h").params
        ('1h',)
    """
    return Aggregation(function="decayed_sum", column=column, params=(half_life,), **options)


def time_since_first(**options: Unpack[Options]) -> Aggregation:
    """Give the seconds since the entity was first seen in the window; null where it was not.

    Example:
        >>> time_since_first(windows=("90d",)).label
        'time_since_first()'
    """
    return Aggregation(function="time_since_first", **options)


def time_since_last(**options: Unpack[Options]) -> Aggregation:
    """Give the seconds since the newest event of the window; null for none.

    Example:
        >>> time_since_last().label
        'time_since_last()'
    """
    return Aggregation(function="time_since_last", **options)


def gap_mean(**options: Unpack[Options]) -> Aggregation:
    """Average the seconds between neighbours of the newest 256 events; null for fewer than two events.

    Example:
        >>> gap_mean().label
        'gap_mean()'
    """
    return Aggregation(function="gap_mean", **options)


def gap_stddev(**options: Unpack[Options]) -> Aggregation:
    """Give the sample standard deviation of the seconds between neighbours of the newest 256 events.

    Null for fewer than three events. Divided by ``gap_mean`` it is their coefficient of variation.

    Example:
        >>> ratio(gap_stddev(), gap_mean()).label
        'gap_stddev() / gap_mean()'
    """
    return Aggregation(function="gap_stddev", **options)


def gap_last(column: str | None = None, **options: Unpack[Options]) -> Aggregation:
    """Give the seconds between the newest two events, or the newest two that have a value; null for fewer than two.

    Example:
        >>> gap_last("latitude").label
        'gap_last(latitude)'
    """
    return Aggregation(function="gap_last", column=column, **options)


def gap_entropy(**options: Unpack[Options]) -> Aggregation:
    """Give the Shannon entropy of the gaps between neighbours of the newest 256 events, in nats; 0 for a machine's.

    Gaps are told apart by their power of two, in microseconds. Null for fewer than three events.

    Example:
        >>> gap_entropy().label
        'gap_entropy()'
    """
    return Aggregation(function="gap_entropy", **options)


def distance(latitude: str, longitude: str, **options: Unpack[Options]) -> Aggregation:
    """Give the kilometres between the newest two places, along a great circle; null for fewer than two.

    Divided by ``gap_last`` it is the speed of whoever was at both: of more than 0.25 km a second, nobody's.

    Args:
        latitude: Degrees, from -90 to 90; a place outside of the globe is none.
        longitude: Degrees, from -180 to 180. An event has both or neither.
        **options: See ``Options``.

    Example:
        >>> ratio(distance("latitude", "longitude"), gap_last("latitude")).label
        'distance(latitude, longitude) / gap_last(latitude)'
    """
    where = options.get("where")
    parts = (last_k(latitude, 2, where=where), last_k(longitude, 2, where=where))
    return Aggregation(function="distance", parts=parts, **options)


def novelty(*, history: str, **options: Unpack[Options]) -> Aggregation:
    """Say whether all that is known of the entity in a longer window lies in this one; null where nothing is.

    Declare it over a composite entity, such as a device and an account, to know whether the pair is new.

    Args:
        history: Length of the longer window.
        **options: See ``Options``.

    Example:
        >>> novelty(history="90d", windows=("1d",)).baseline
        '90d'
    """
    return Aggregation(function="novelty", baseline=history, **options)


def zscore(column: str, *, baseline: str, **options: Unpack[Options]) -> Aggregation:
    """Give how many standard deviations the mean of the window lies above the mean of the entity's longer one.

    Null where the window is empty, or the longer one has no deviation or one of 0.

    Args:
        column: Numbers.
        baseline: Length of the longer window.
        **options: See ``Options``.

    Example:
        >>> zscore("amount", baseline="30d", windows=("1h",)).baseline
        '30d'
    """
    return Aggregation(function="zscore", column=column, baseline=baseline, **options)


def ratio(numerator: Aggregation, denominator: Aggregation, **spans: Unpack[Spans]) -> Aggregation:
    """Divide one aggregation by another; null where either is null or the divisor is 0.

    Example:
        >>> ratio(count(windows=("5m",)), count(windows=("1d",))).label
        'count() / count()'
    """
    return Aggregation(function="ratio", parts=(numerator, denominator), **spans)


def leave_own_out(aggregation: Aggregation, *, within: Entity, **spans: Unpack[Spans]) -> Aggregation:
    """Aggregate the events of a wider entity without the entity's own: of a device, those of all other accounts.

    Args:
        aggregation: A count, sum or mean, or a stddev of integers.
        within: The wider entity, whose keys are some of the view's.
        **spans: See ``Spans``.

    Example:
        >>> from riskloom import Entity
        >>> leave_own_out(sum("amount"), within=Entity.of("device", device_id="string")).label
        'leave_own_out(sum(amount))'
    """
    keys = within.key_columns
    return Aggregation(function="leave_own_out", parts=(aggregation,), within=within.name, keys=keys, **spans)
