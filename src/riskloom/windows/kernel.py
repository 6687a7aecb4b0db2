"""The kernel: the features of all spine rows at once, by arrays alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from riskloom.windows import predicate
from riskloom.windows.functions import Selection, evaluate
from riskloom.windows.layout import dictionary_codes
from riskloom.windows.tables import known, to_numpy
from riskloom.windows.visible import Frame, frames

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    import numpy.typing as npt

    from riskloom.declare import Feature, Filter
    from riskloom.intervals import Window
    from riskloom.windows.layout import Layout

_NUMERIC_FUNCTIONS = ("sum", "mean", "min", "max", "stddev")


@dataclass(slots=True)
class Kernel:
    """Evaluates features over one layout, and keeps what several of them share.

    Attributes:
        layout: The sorted events and spine.
    """

    layout: Layout
    _masks: dict[tuple[str | None, Filter | None], npt.NDArray[np.bool_]] = field(default_factory=dict)
    _numbers: dict[tuple[str, bool], npt.NDArray[Any]] = field(default_factory=dict)
    _values: dict[Feature, pa.Array] = field(default_factory=dict)

    def run(self, features: Sequence[Feature]) -> list[pa.Array]:
        """Compute features.

        Args:
            features: Features of the view that the layout was made for.

        Returns:
            For each feature its values, one for each sorted spine row.

        Raises:
            WindowError: The sum of a window is no int64.
        """
        leaves = dict.fromkeys(leaf for feature in features for leaf in feature.leaves)
        for window in dict.fromkeys(leaf.window for leaf in leaves):
            self._evaluate(window, [leaf for leaf in leaves if leaf.window == window])
        return [self._value(feature) for feature in features]

    def _value(self, feature: Feature) -> pa.Array:
        if not feature.parts:
            return self._values[feature]
        return _divide(*(self._value(part) for part in feature.parts))

    def _evaluate(self, window: Window, leaves: Sequence[Feature]) -> None:
        queries: list[npt.NDArray[np.int64]] = []
        pieces: dict[Feature, list[pa.Array]] = {leaf: [] for leaf in leaves}
        for frame in frames(self.layout, window):
            queries.append(frame.queries)
            chosen: dict[tuple[str | None, Filter | None], Frame] = {}
            for leaf in leaves:
                what = (leaf.column, leaf.where)
                if what not in chosen:
                    chosen[what] = _choose(frame, self._mask(*what))
                pieces[leaf].append(evaluate(leaf, self._selection(leaf, chosen[what])))
        back = np.argsort(np.concatenate(queries))
        self._values |= {leaf: pa.concat_arrays(values).take(pa.array(back)) for leaf, values in pieces.items()}

    def _mask(self, column: str | None, where: Filter | None) -> npt.NDArray[np.bool_]:
        """Say of each event whether it passes the filter and holds a value."""
        if (column, where) not in self._masks:
            events = self.layout.events
            mask = np.ones(events.num_rows, np.bool_) if where is None else predicate.evaluate(where, events)
            self._masks[column, where] = mask if column is None else mask & known(events.column(column))
        return self._masks[column, where]

    def _selection(self, leaf: Feature, frame: Frame) -> Selection:
        layout = self.layout
        values = None if leaf.column is None else layout.events.column(leaf.column)
        numbers = np.zeros(0, np.int64) if leaf.column is None else self._as_numbers(leaf, leaf.column)
        at = layout.at[frame.queries]
        return Selection(values, numbers, layout.event_ts, frame.rows, frame.groups, frame.low, frame.high, at)

    def _as_numbers(self, leaf: Feature, column: str) -> npt.NDArray[Any]:
        what = (column, leaf.function in _NUMERIC_FUNCTIONS)
        if what not in self._numbers:
            values = self.layout.events.column(column)
            self._numbers[what] = _numbers(values) if what[1] else dictionary_codes(values)[0]
        return self._numbers[what]


def _numbers(values: pa.ChunkedArray) -> npt.NDArray[Any]:
    """Numbers of a column; what stands in place of a null is never read."""
    whole = values if pa.types.is_floating(values.type) else values.cast(pa.int64())
    return to_numpy(whole.fill_null(0))


def _choose(frame: Frame, mask: npt.NDArray[np.bool_]) -> Frame:
    """Keep the events of a frame that a mask lets through."""
    if mask.all():
        return frame
    kept = mask if frame.whole else mask[frame.rows]
    before = np.concatenate(([0], np.cumsum(kept)))
    return Frame(
        frame.queries, frame.rows[kept], frame.groups[kept], before[frame.low], before[frame.high], whole=False
    )


def _divide(numerator: pa.Array, denominator: pa.Array) -> pa.Array:
    """Divide as doubles; null where either is null or the divisor is 0."""
    top, bottom = (part.cast(pa.float64(), safe=False).fill_null(0.0).to_numpy() for part in (numerator, denominator))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        values = top / bottom
    null = numerator.is_null().to_numpy(zero_copy_only=False) | (bottom == 0)
    return pa.array(values, mask=null)
