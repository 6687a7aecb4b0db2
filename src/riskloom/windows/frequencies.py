"""Functions of how often values stand in a window: entropy, concentration, the most frequent ones, quantiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from riskloom.declare.functions import DISTINCT_CAP, edges, middles
from riskloom.windows.loops import counting

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from riskloom.declare import Feature
    from riskloom.windows.selection import Selection, Stretches

    Ints = npt.NDArray[np.int64]

# c * ln(c) in whole 2**-30ths: sums of them are exact, so no order of events leaves a trace.
_UNIT = 2.0**30


def _tallies(selection: Selection, stretches: Stretches, weights: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    found: tuple[Ints, Ints, Ints, Ints] = counting.tallies(*selection.codes, stretches.low, stretches.high, weights)
    return found


def _most(stretches: Stretches) -> int:
    return int(stretches.count.max(initial=0))


def _null(stretches: Stretches, differ: Ints) -> npt.NDArray[np.bool_]:
    return stretches.empty | (differ > DISTINCT_CAP)


def _top_share(_: Feature, selection: Selection, stretches: Stretches) -> pa.Array:
    weights = np.zeros(_most(stretches) + 1, np.int64)
    differ, *_others, largest = _tallies(selection, stretches, weights)
    return pa.array(largest / np.maximum(stretches.count, 1), mask=_null(stretches, differ))


def _hhi(_: Feature, selection: Selection, stretches: Stretches) -> pa.Array:
    weights = np.zeros(_most(stretches) + 1, np.int64)
    differ, squares, *_others = _tallies(selection, stretches, weights)
    count = np.maximum(stretches.count, 1).astype(np.float64)
    return pa.array(squares / (count * count), mask=_null(stretches, differ))


def _entropy(_: Feature, selection: Selection, stretches: Stretches) -> pa.Array:
    counts = np.arange(1, _most(stretches) + 1, dtype=np.float64)
    weights = np.concatenate(([0], np.rint(counts * np.log(counts) * _UNIT))).astype(np.int64)
    differ, _squares, weighed, _largest = _tallies(selection, stretches, weights)
    count = np.maximum(stretches.count, 1)
    nats = np.where(differ == 1, 0.0, np.log(count) - weighed / (count * _UNIT))
    return pa.array(np.maximum(nats, 0.0), mask=_null(stretches, differ))


def _top_k(feature: Feature, selection: Selection, stretches: Stretches) -> pa.Array:
    ranks, values = selection.ranks
    most = int(feature.params[0])
    offsets, listed = counting.most_frequent(ranks, len(values), stretches.low, stretches.high, most, DISTINCT_CAP)
    null = np.diff(offsets) == 0
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values.take(pa.array(listed)), mask=pa.array(null))


def _quantile(feature: Feature, selection: Selection, stretches: Stretches) -> pa.Array:
    q, low, high = feature.params
    uppers = edges(low, high)
    clipped = np.minimum(selection.numbers.astype(np.float64), high)
    buckets = np.searchsorted(np.array(uppers), clipped)
    found = counting.quantiles(buckets, len(uppers), stretches.low, stretches.high, float(q))
    return pa.array(np.array(middles(uppers))[found], mask=stretches.empty)


FREQUENCIES: dict[str, Callable[[Feature, Selection, Stretches], pa.Array]] = {
    "top_share": _top_share,
    "hhi": _hhi,
    "entropy": _entropy,
    "top_k": _top_k,
    "quantile": _quantile,
}
