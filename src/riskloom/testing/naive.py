"""The slow oracle: what every feature means, as plainly as it can be written.

Nothing here is shared with the kernel but ``Window`` and ``available``. One feature of one key at one instant is read
off a list of dicts by walking over all of it.
"""

from __future__ import annotations

import math
import statistics
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from riskloom.declare.aggregation import DISTINCT_CAP
from riskloom.intervals import SECOND, available
from riskloom.testing.naive_filter import passes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from riskloom.declare import Feature


def feature_value(feature: Feature, events: Sequence[Mapping[str, Any]], key: Mapping[str, Any], at: int) -> Any:  # noqa: ANN401 - of the feature's type
    """Give the value of a feature for a key at an instant.

    Args:
        feature: One of a view's features.
        events: All events, as ``riskloom.testing.rows.normalise`` gives them, in any order.
        key: Key columns and their values.
        at: Microseconds since the epoch.

    Returns:
        The value, None for null.

    Example:
        >>> from riskloom import Entity, EventSource, FeatureView, aggregate
        >>> user = Entity.of("user", user_name="string")
        >>> logins = EventSource(
        ...     name="logins", files="*.log", transform="logins:to_events", columns={"user_name": "string"}
        ... )
        >>> view = FeatureView(
        ...     name="v", entity=user, source=logins, windows=("5m",), aggregations=(aggregate.time_since_last(),)
        ... )
        >>> event = {"user_name": "ann", "event_id": "1", "event_ts": 0, "available_ts": 0}
        >>> feature_value(view.features[0], [event], {"user_name": "ann"}, 1_500_000)
        1.5
    """
    if feature.parts:
        numerator, denominator = (feature_value(part, events, key, at) for part in feature.parts)
        if numerator is None or denominator is None or denominator == 0:
            return None
        return float(numerator) / float(denominator)
    rows = seen(feature, events, key, at)
    if feature.function == "time_since_last":
        return (at - rows[-1]["event_ts"]) / SECOND if rows else None
    if feature.column is None:
        return len(rows)
    return _of_values(feature.function, [row[feature.column] for row in rows])


def seen(
    feature: Feature, events: Sequence[Mapping[str, Any]], key: Mapping[str, Any], at: int
) -> list[Mapping[str, Any]]:
    """Give the events that a feature reads for a key at an instant, oldest first."""
    rows = [
        event
        for event in events
        if all(event[column] is not None and event[column] == value for column, value in key.items())
        and feature.window.covers(event["event_ts"], at)
        and available(event["available_ts"], at)
        and (feature.where is None or passes(feature.where, event))
        and (feature.column is None or _is_value(event[feature.column]))
    ]
    return sorted(rows, key=lambda event: (event["event_ts"], event["event_id"].encode()))


def _is_value(value: object) -> bool:
    return value is not None and value == value  # noqa: PLR0124 - NaN alone differs from itself


def _of_values(function: str, values: list[Any]) -> Any:  # noqa: ANN401 - of the feature's type
    if function == "count":
        return len(values)
    if function == "count_distinct":
        return min(len(set(values)), DISTINCT_CAP)
    if len(values) < (2 if function == "stddev" else 1):
        return None
    return _FUNCTIONS[function](values)


def _finite(values: list[Any]) -> bool:
    return all(math.isfinite(value) for value in values)


def _total(values: list[Any]) -> Any:  # noqa: ANN401 - int or float
    if all(isinstance(value, int) for value in values):
        return sum(values)
    return float(sum(map(Fraction, values))) if _finite(values) else sum(values)


def _mean(values: list[Any]) -> float:
    total = sum(map(Fraction, values)) if _finite(values) else sum(values)
    return float(total / len(values))


def _deviation(values: list[Any]) -> float:
    return float(statistics.stdev(map(Fraction, values))) if _finite(values) else math.nan


_FUNCTIONS: dict[str, Callable[[list[Any]], Any]] = {
    "sum": _total,
    "mean": _mean,
    "stddev": _deviation,
    "min": min,
    "max": max,
    "first": lambda values: values[0],
    "last": lambda values: values[-1],
}


def tolerance(feature: Feature, events: Sequence[Mapping[str, Any]], key: Mapping[str, Any], at: int) -> float:
    """Give by how much another reader's value may differ from ``feature_value``.

    Integers, and values that are only picked, may not differ at all. Sums of doubles may by 1e-9 of the sum of
    absolute values in the window; means and deviations by 1e-9 of the largest one, or of 1 where that is more.
    """
    if feature.parts:
        return _ratio_tolerance(feature, events, key, at)
    if feature.column is None or feature.function not in ("sum", "mean", "stddev") or feature.dtype == "int64":
        return 0.0
    sizes = [abs(row[feature.column]) for row in seen(feature, events, key, at)]
    return 1e-9 * (float(sum(map(Fraction, sizes))) if feature.function == "sum" else max([1, *sizes]))


def _ratio_tolerance(feature: Feature, events: Sequence[Mapping[str, Any]], key: Mapping[str, Any], at: int) -> float:
    value = feature_value(feature, events, key, at)
    if value is None:
        return 0.0
    divisor = abs(feature_value(feature.parts[1], events, key, at))
    above, below = (tolerance(part, events, key, at) for part in feature.parts)
    return math.inf if below >= divisor else (above + abs(value) * below) / (divisor - below) + 1e-15 * abs(value)
