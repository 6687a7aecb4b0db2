"""Features that are made of others: ratios, comparisons with a longer window, and what is left without one's own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskloom.windows import wide
from riskloom.windows.functions import MOMENTS, checked
from riskloom.windows.tables import ARROW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    import numpy.typing as npt

    from riskloom.declare import Feature

EARTH_RADIUS = 6371.0088
"""Mean radius of the Earth, in kilometres (IUGG)."""
POLE = 90.0
"""Latitude of a pole, in degrees."""


def parts(feature: Feature) -> tuple[Feature, ...]:
    """Give the features whose values a feature is made from; those of ``leave_own_out`` are sums to subtract."""
    if feature.function == "leave_own_out":
        return tuple(replace(part, function=MOMENTS) for part in feature.parts)
    return feature.parts


def leaves_of(feature: Feature) -> Iterator[Feature]:
    """Give the features that are read from events."""
    if not feature.parts:
        yield feature
    for part in parts(feature):
        yield from leaves_of(part)


def combine(feature: Feature, values: Sequence[pa.Array]) -> pa.Array:
    """Compute a feature from the values of its parts.

    Raises:
        WindowError: What is left of an integer sum is no int64.
    """
    return _COMBINED[feature.function](feature, values)


def _ratio(_: Feature, values: Sequence[pa.Array]) -> pa.Array:
    return _divide(*values)


def _divide(numerator: pa.Array, denominator: pa.Array) -> pa.Array:
    """Divide as doubles; null where either is null or the divisor is 0."""
    top, bottom = (part.cast(pa.float64(), safe=False).fill_null(0.0).to_numpy() for part in (numerator, denominator))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        values = top / bottom
    null = numerator.is_null().to_numpy(zero_copy_only=False) | (bottom == 0)
    return pa.array(values, mask=null)


def _zscore(_: Feature, values: Sequence[pa.Array]) -> pa.Array:
    mean, usual, deviation = values
    return _divide(pc.subtract(mean, usual), deviation)


def _novelty(_: Feature, values: Sequence[pa.Array]) -> pa.Array:
    inside, ever = values
    return pc.if_else(pc.equal(inside, 0), pa.scalar(None, pa.bool_()), pc.equal(inside, ever))


def _leave_own_out(feature: Feature, values: Sequence[pa.Array]) -> pa.Array:
    """Subtract the sums of the key from those of the wider entity's key."""
    (count, *whole), (own, *less) = ([to_numpy(field) for field in part.flatten()] for part in values)
    left = count - own
    kind = feature.parts[0].function
    if kind == "count":
        return pa.array(left)
    if len(whole) == 1:
        with np.errstate(invalid="ignore"):
            total = whole[0] - less[0]
            found = total if kind == "sum" else total / np.maximum(left, 1)
        return pa.array(found, mask=left == 0)
    lower = whole[1] - less[1]
    upper = whole[0] - less[0] + (lower >> 32)
    lower &= 2**32 - 1
    if kind == "sum":
        return pa.array(checked(feature, upper, lower), ARROW[feature.dtype], mask=left == 0)
    if kind == "mean":
        return pa.array(wide.to_float(upper, lower) / np.maximum(left, 1), mask=left == 0)
    words = [one - other for one, other in zip(whole[2:], less[2:], strict=True)]
    return pa.array(wide.deviation_of(left, (upper, lower), words), mask=left < 2)  # noqa: PLR2004 - of two at least


def _distance(_: Feature, values: Sequence[pa.Array]) -> pa.Array:
    """Measure between the newest two places on a sphere as large as the Earth."""
    (later_lat, lat, has_lat), (later_lon, lon, has_lon) = (_newest_two(part) for part in values)
    on_globe = (np.maximum(abs(lat), abs(later_lat)) <= POLE) & (np.maximum(abs(lon), abs(later_lon)) <= 2 * POLE)
    there = has_lat & has_lon & on_globe
    one, other, turn = (np.radians(np.where(there, part, 0.0)) for part in (lat, later_lat, later_lon - lon))
    # Vincenty's formula for a sphere (Survey Review XXIII, 1975), exact for places near each other and for antipodes.
    across = np.hypot(
        np.cos(other) * np.sin(turn), np.cos(one) * np.sin(other) - np.sin(one) * np.cos(other) * np.cos(turn)
    )
    along = np.sin(one) * np.sin(other) + np.cos(one) * np.cos(other) * np.cos(turn)
    return pa.array(EARTH_RADIUS * np.arctan2(across, along), mask=~there)


def _newest_two(lists: pa.Array) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """Take the first two of each list, and say whether there are two."""
    lengths = to_numpy(pc.fill_null(pc.list_value_length(lists), 0))
    two = lengths == 2  # noqa: PLR2004 - places
    starts = (np.cumsum(lengths) - lengths)[two]
    flat = to_numpy(lists.flatten().cast(pa.float64(), safe=False))
    newest, before = np.zeros((2, len(two)))
    newest[two], before[two] = flat[starts], flat[starts + 1]
    return newest, before, two


def to_numpy(values: pa.Array) -> npt.NDArray[Any]:
    """Give an array without nulls as NumPy's."""
    array: npt.NDArray[Any] = values.to_numpy(zero_copy_only=False)
    return array


_COMBINED: dict[str, Callable[[Feature, Sequence[pa.Array]], pa.Array]] = {
    "ratio": _ratio,
    "distance": _distance,
    "zscore": _zscore,
    "novelty": _novelty,
    "leave_own_out": _leave_own_out,
}
