"""Puts features together of the values of the leaves that they read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from riskloom.windows.combine import EARTH_RADIUS, POLE, leaves_of, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet

    from riskloom.declare import Feature

    Combined = tuple[list[Any], list[bool] | None]
    Combiner = Callable[[list[Any], AbstractSet[int]], Combined]


INT64 = range(-(2**63), 2**63)


def combiner(features: Sequence[Feature], leaves: Sequence[Feature]) -> Combiner:
    """Make the function of leaves' values, and of the places of those that are past a bound, that gives features.

    Args:
        features: The features wanted.
        leaves: The features that read events, in the order of the values.
    """
    places = {leaf: place for place, leaf in enumerate(leaves)}
    read = [[places[leaf] for leaf in leaves_of(feature)] for feature in features]
    sums = [
        place
        for place, feature in enumerate(features)
        if feature.function == "leave_own_out" and feature.parts[0].function == "sum" and feature.dtype == "int64"
    ]
    plain = not any(feature.parts for feature in features) and [places[feature] for feature in features]
    same = plain == list(range(len(leaves)))

    def combined(found: list[Any], lacking: AbstractSet[int]) -> Combined:
        if same:
            values = found
        elif plain:
            values = [found[place] for place in plain]
        else:
            values = [_value(feature, places, found) for feature in features]
        beyond = [place for place in sums if values[place] is not None and values[place] not in INT64] if sums else sums
        if not lacking and not beyond:
            return values, None
        lacks = [place in beyond or not lacking.isdisjoint(mine) for place, mine in enumerate(read)]
        return [None if lack else value for value, lack in zip(values, lacks, strict=True)], lacks

    return combined


def _value(feature: Feature, places: dict[Feature, int], found: list[Any]) -> Any:  # noqa: ANN401 - a feature's value
    if not feature.parts:
        return found[places[feature]]
    values = [_value(part, places, found) for part in parts(feature)]
    if feature.function == "leave_own_out":
        return _left(feature.parts[0].function, *values)
    return _COMBINED[feature.function](*values)


def _ratio(numerator: float | None, denominator: float | None) -> float | None:
    return float(numerator) / float(denominator) if numerator is not None and denominator else None


def _zscore(mean: float | None, usual: float | None, deviation: float | None) -> float | None:
    return None if mean is None or usual is None or not deviation else (mean - usual) / deviation


def _novelty(inside: int, ever: int) -> bool | None:
    return inside == ever if inside else None


def _left(function: str, whole: tuple[Any, ...], own: tuple[Any, ...]) -> float | None:
    """Subtract what is one's own from count, sum and sum of squares."""
    # One side may keep more than the other, for features of its own.
    count, *sums = (all_of - mine for all_of, mine in zip(whole, own, strict=False))
    if function == "count":
        return int(count)
    if count < (2 if function == "stddev" else 1):
        return None
    if function == "stddev":
        total, squares = sums
        return math.sqrt((count * squares - total * total) / (count * (count - 1)))
    left: float = sums[0] if function == "sum" else sums[0] / count
    return left


def _distance(latitudes: list[float] | None, longitudes: list[float] | None) -> float | None:
    """Measure between the newest two places, by the formula of ``windows.combine``."""
    if not latitudes or not longitudes or not len(latitudes) == len(longitudes) == 2:  # noqa: PLR2004 - places
        return None
    if max(map(abs, latitudes)) > POLE or max(map(abs, longitudes)) > 2 * POLE:
        return None
    other, one = map(math.radians, latitudes)
    turn = math.radians(longitudes[0] - longitudes[1])
    across = math.hypot(
        math.cos(other) * math.sin(turn),
        math.cos(one) * math.sin(other) - math.sin(one) * math.cos(other) * math.cos(turn),
    )
    along = math.sin(one) * math.sin(other) + math.cos(one) * math.cos(other) * math.cos(turn)
    return EARTH_RADIUS * math.atan2(across, along)


_COMBINED: dict[str, Callable[..., Any]] = {
    "ratio": _ratio,
    "zscore": _zscore,
    "novelty": _novelty,
    "distance": _distance,
}
