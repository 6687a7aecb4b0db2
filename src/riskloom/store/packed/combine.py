"""Puts features together of the values of the leaves that they read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from riskloom.declare import Feature

    Combined = tuple[list[Any], list[bool] | None]


def combiner(features: Sequence[Feature], leaves: Sequence[Feature]) -> Callable[[list[Any], set[int]], Combined]:
    """Make the function of leaves' values, and of the places of those that are past a bound, that gives features.

    Args:
        features: The features wanted.
        leaves: The features that read events, in the order of the values.
    """
    places = {leaf: place for place, leaf in enumerate(leaves)}
    read = [[places[leaf] for leaf in feature.leaves] for feature in features]
    plain = not any(feature.parts for feature in features) and [places[feature] for feature in features]
    same = plain == list(range(len(leaves)))

    def combined(found: list[Any], lacking: set[int]) -> Combined:
        if same:
            values = found
        elif plain:
            values = [found[place] for place in plain]
        else:
            values = [_value(feature, places, found) for feature in features]
        if not lacking:
            return values, None
        lacks = [not lacking.isdisjoint(mine) for mine in read]
        return [None if lack else value for value, lack in zip(values, lacks, strict=True)], lacks

    return combined


def _value(feature: Feature, places: dict[Feature, int], found: list[Any]) -> Any:  # noqa: ANN401 - a feature's value
    if not feature.parts:
        return found[places[feature]]
    return _COMBINED[feature.function](*(_value(part, places, found) for part in feature.parts))


def _ratio(numerator: float | None, denominator: float | None) -> float | None:
    return float(numerator) / float(denominator) if numerator is not None and denominator else None


def _zscore(mean: float | None, usual: float | None, deviation: float | None) -> float | None:
    return None if mean is None or usual is None or not deviation else (mean - usual) / deviation


def _novelty(inside: int, ever: int) -> bool | None:
    return inside == ever if inside else None


_COMBINED: dict[str, Callable[..., Any]] = {"ratio": _ratio, "zscore": _zscore, "novelty": _novelty}
