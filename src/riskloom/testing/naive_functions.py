"""The oracle's own reading of each function: from the values of a window, oldest first, to one value."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from riskloom.declare.functions import DISTINCT_CAP, NEWEST_CAP
from riskloom.intervals import SECOND

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Values = list[Any]
Params = tuple[float, ...]


def of_values(function: str, values: Values, params: Params = ()) -> Any:  # noqa: ANN401 - of the feature's type
    """Give what a function makes of the values of a column; None for null.

    Example:
        >>> of_values("top_k", ["b", "a", "b", "c"], (2,))
        ['b', 'a']
    """
    if function == "count":
        return len(values)
    if function == "count_distinct":
        return min(len(set(values)), DISTINCT_CAP)
    if len(values) < (2 if function == "stddev" else 1):
        return None
    if function in ("top_k", "top_share", "entropy", "hhi") and len(set(values)) > DISTINCT_CAP:
        return None
    return _FUNCTIONS[function](values, params)


def of_times(function: str, times: Sequence[int], at: int) -> float | None:
    """Give what a function makes of the times of events, in seconds; None for null.

    Example:
        >>> of_times("gap_mean", [0, 1_000_000, 4_000_000], 5_000_000)
        2.0
    """
    if function.startswith("time_since"):
        return (at - times[-1 if function.endswith("last") else 0]) / SECOND if times else None
    newest = times[-NEWEST_CAP:]
    gaps = [Fraction(after - before, SECOND) for before, after in pairwise(newest)]
    if function == "gap_last":
        return float(gaps[-1]) if gaps else None
    if function == "gap_entropy":
        return _gap_entropy([after - before for before, after in pairwise(newest)])
    if function == "gap_mean":
        return float(statistics.mean(gaps)) if gaps else None
    return float(statistics.stdev(gaps)) if len(gaps) > 1 else None


def _gap_entropy(gaps: Sequence[int]) -> float | None:
    """Give the entropy of gaps by how many bits they have."""
    if len(gaps) < 2:  # noqa: PLR2004 - between three events
        return None
    shares = [count / len(gaps) for count in Counter(gap.bit_length() for gap in gaps).values()]
    return abs(math.fsum(share * math.log(share) for share in shares))


def distance(latitudes: Values | None, longitudes: Values | None) -> float | None:
    """Give the kilometres between two places, the newest first, by the angle between their directions from the centre.

    Example:
        >>> round(distance([0.0, 0.0], [0.0, 90.0]))
        10008
    """
    if not latitudes or not longitudes or len(latitudes) < 2 or len(longitudes) < 2:  # noqa: PLR2004 - places
        return None
    if max(map(abs, latitudes)) > 90 or max(map(abs, longitudes)) > 180:  # noqa: PLR2004 - degrees
        return None
    one, other = (
        (math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat))
        for lat, lon in zip(map(math.radians, latitudes), map(math.radians, longitudes), strict=True)
    )
    cross = [one[i - 1] * other[i - 2] - one[i - 2] * other[i - 1] for i in range(3)]
    return 6371.0088 * math.atan2(math.hypot(*cross), sum(a * b for a, b in zip(one, other, strict=True)))


def decayed(times: Sequence[int], values: Sequence[float], at: int, half_life: float) -> float | None:
    """Add up values, each halved with every half-life of its age; None for no values."""
    if not times:
        return None
    weights = [2.0 ** ((time - at) / half_life) for time in times]
    return math.fsum(value * weight for value, weight in zip(values, weights, strict=True))


def _finite(values: Values) -> bool:
    return all(math.isfinite(value) for value in values)


def _total(values: Values, _: Params) -> Any:  # noqa: ANN401 - int or float
    if all(isinstance(value, int) for value in values):
        return sum(values)
    return float(sum(map(Fraction, values))) if _finite(values) else sum(values)


def _mean(values: Values, _: Params) -> float:
    total = sum(map(Fraction, values)) if _finite(values) else sum(values)
    return float(total / len(values))


def _deviation(values: Values, _: Params) -> float:
    return float(statistics.stdev(map(Fraction, values))) if _finite(values) else math.nan


def _last_k(values: Values, params: Params) -> Values:
    return values[::-1][: int(params[0])]


def _top_k(values: Values, params: Params) -> Values:
    counts = Counter(values)
    return sorted(counts, key=lambda value: (-counts[value], value))[: int(params[0])]


def _shares(values: Values) -> list[float]:
    return [count / len(values) for count in Counter(values).values()]


def _quantile(values: Values, params: Params) -> float:
    q, low, high = params
    return float(sorted(min(max(value, low), high) for value in values)[int(q * (len(values) - 1))])


_FUNCTIONS: dict[str, Callable[[Values, Params], Any]] = {
    "sum": _total,
    "mean": _mean,
    "stddev": _deviation,
    "min": lambda values, _: min(values),
    "max": lambda values, _: max(values),
    "first": lambda values, _: values[0],
    "last": lambda values, _: values[-1],
    "last_k": _last_k,
    "top_k": _top_k,
    "top_share": lambda values, _: max(_shares(values)),
    "entropy": lambda values, _: math.fsum(-share * math.log(share) for share in _shares(values)),
    "hhi": lambda values, _: math.fsum(share * share for share in _shares(values)),
    "quantile": _quantile,
}
