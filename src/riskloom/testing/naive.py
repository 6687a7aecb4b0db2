"""The slow oracle: what every feature means, as plainly as it can be written.

Nothing here is shared with the kernel but ``Window`` and ``available``. One feature of one key at one instant is read
off a list of dicts by walking over all of it.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from riskloom.declare.functions import ACCURACY
from riskloom.intervals import SECOND, available
from riskloom.testing.naive_filter import passes
from riskloom.testing.naive_functions import decayed, distance, of_times, of_values

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
    if feature.function in _OF_PARTS:
        return _OF_PARTS[feature.function]([feature_value(part, events, key, at) for part in feature.parts])
    if feature.function == "leave_own_out":
        part = feature.parts[1]
        return _of_rows(part, _of_others(feature, events, key, at), at)
    return _of_rows(feature, seen(feature, events, key, at), at)


def _of_rows(feature: Feature, rows: list[Mapping[str, Any]], at: int) -> Any:  # noqa: ANN401 - of the feature's type
    times = [row["event_ts"] for row in rows]
    values = times if feature.column is None else [row[feature.column] for row in rows]
    if feature.function == "decayed_sum":
        ones = [1.0] * len(times)
        return decayed(times, ones if feature.column is None else values, at, feature.params[0])
    if feature.function in ("time_since_first", "time_since_last") or feature.function.startswith("gap_"):
        return of_times(feature.function, times, at)
    return of_values(feature.function, values, feature.params)


def _of_others(
    feature: Feature, events: Sequence[Mapping[str, Any]], key: Mapping[str, Any], at: int
) -> list[Mapping[str, Any]]:
    """Give the events of the wider entity that are not the key's own."""
    wide, own = feature.parts
    if None in key.values():
        return []
    wider = seen(wide, events, {name: key[name] for name in wide.keys}, at)
    mine = seen(own, events, key, at)
    return [row for row in wider if row not in mine]


def _ratio(values: list[Any]) -> float | None:
    numerator, denominator = values
    if numerator is None or denominator is None or denominator == 0:
        return None
    return float(numerator) / float(denominator)


def _zscore(values: list[Any]) -> float | None:
    mean, usual, deviation = values
    return None if mean is None or not deviation else (mean - usual) / deviation


_OF_PARTS: dict[str, Callable[[list[Any]], Any]] = {
    "ratio": _ratio,
    "zscore": _zscore,
    "distance": lambda places: distance(*places),
    "novelty": lambda counts: counts[0] == counts[1] if counts[0] else None,
}


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


def tolerance(feature: Feature, events: Sequence[Mapping[str, Any]], key: Mapping[str, Any], at: int) -> float:
    """Give by how much another reader's value may differ from ``feature_value``.

    Integers, and values that are only picked, may not differ at all. Sums of doubles may by 1e-9 of the sum of
    absolute values in the window; means and deviations by 1e-9 of the largest one, or of 1 where that is more;
    quantiles by 1 %.
    """
    if feature.function in ("ratio", "zscore"):
        return _quotient_tolerance(feature, events, key, at)
    rows = seen(feature.leaves[0], events, {name: key[name] for name in feature.leaves[0].keys or key}, at)
    if feature.function == "distance":
        return 1e-6
    if feature.function in ("gap_mean", "gap_stddev"):
        return 1e-9 * max([1.0, *(float((row["event_ts"] - rows[0]["event_ts"]) / SECOND) for row in rows)])
    if feature.function == "decayed_sum" and feature.column is None:
        return 1e-9 * len(rows)
    column = feature.leaves[0].column
    sizes = [] if column is None else [row[column] for row in rows]
    return _spread(feature, feature.leaves[0].function, sizes)


def agree(found: object, wanted: object, tolerance: Callable[[], float]) -> bool:
    """Say whether a reader's value is the oracle's: doubles within the tolerance, all else equal and of one type.

    Example:
        >>> agree(1.0, 1.0 + 1e-12, lambda: 1e-9), agree(1, 1.0, lambda: 0.0)
        (True, False)
    """
    if isinstance(wanted, float) and isinstance(found, float):
        return found == wanted or abs(found - wanted) <= tolerance()
    return type(found) is type(wanted) and found == wanted


def _spread(feature: Feature, function: str, values: list[Any]) -> float:
    if function in ("entropy", "hhi", "top_share", "gap_entropy"):
        return 1e-9
    if function == "quantile":
        return ACCURACY * float(max(map(abs, [*values, feature.params[1]]))) * (1 + 1e-9)
    if function not in ("sum", "mean", "stddev", "decayed_sum") or feature.dtype == "int64":
        return 0.0
    if function in ("sum", "decayed_sum") or feature.function == "leave_own_out":
        return 1e-9 * float(sum(abs(Fraction(value)) for value in values))
    return 1e-9 * float(max([1, *map(abs, values)]))


def _quotient_tolerance(
    feature: Feature, events: Sequence[Mapping[str, Any]], key: Mapping[str, Any], at: int
) -> float:
    value = feature_value(feature, events, key, at)
    if value is None:
        return 0.0
    divisor = abs(feature_value(feature.parts[-1], events, key, at))
    *above, below = (tolerance(part, events, key, at) for part in feature.parts)
    return math.inf if below >= divisor else (sum(above) + abs(value) * below) / (divisor - below) + 1e-15 * abs(value)
