"""The kernel: the features of all spine rows at once, by arrays alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from riskloom.windows.combine import combine, leaves_of, parts
from riskloom.windows.functions import evaluate
from riskloom.windows.layout import check, lay_out
from riskloom.windows.selection import Scratch
from riskloom.windows.tables import whole
from riskloom.windows.visible import Visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from riskloom.declare import Feature, FeatureView
    from riskloom.intervals import Window
    from riskloom.windows.layout import Layout

    Ints = npt.NDArray[np.int64]

ROWS_AT_ONCE = 60000


def run(view: FeatureView, events: pa.Table, spine: pa.Table, features: Sequence[Feature]) -> list[pa.ChunkedArray]:
    """Compute features.

    Args:
        view: The view.
        events: As ``riskloom.windows.compute`` takes them.
        spine: Likewise.
        features: Features of the view.

    Returns:
        For each feature its values, one for each spine row, in the spine's order.

    Raises:
        WindowError: A table does not fit the view, or the sum of a window is no int64.
    """
    given = check(view, events, spine)
    leaves = dict.fromkeys(leaf for feature in features for leaf in leaves_of(feature))
    values: dict[Feature, pa.ChunkedArray] = {}
    for keys in dict.fromkeys(leaf.keys for leaf in leaves):
        own = view.entity.key_columns
        others = [key for key in own if keys and key not in keys]
        layout = lay_out(given, keys or own, others)
        values |= _evaluate(layout, [leaf for leaf in leaves if leaf.keys == keys])
    return [_value(feature, values) for feature in features]


def _evaluate(layout: Layout, features: Sequence[Feature]) -> dict[Feature, pa.ChunkedArray]:
    pieces: dict[Feature, list[pa.Array]] = {feature: [] for feature in features}
    scratch = Scratch()
    for piece in layout.pieces(ROWS_AT_ONCE) if len(layout.at) else [layout]:
        for feature, values in Kernel(piece, scratch).run(features).items():
            pieces[feature].append(values)
    columns = {feature: pa.chunked_array(values) for feature, values in pieces.items()}
    if layout.back is None:
        return columns
    back = pa.array(layout.back)
    return {feature: pa.chunked_array([whole(column).take(back)]) for feature, column in columns.items()}


def _value(feature: Feature, values: dict[Feature, pa.ChunkedArray]) -> pa.ChunkedArray:
    if not feature.parts:
        return values[feature]
    return pa.chunked_array([combine(feature, [whole(_value(part, values)) for part in parts(feature)])])


@dataclass(slots=True)
class Kernel:
    """Evaluates features over one layout.

    Attributes:
        layout: The sorted events and spine.
        scratch: Memory that may be used again.
    """

    layout: Layout
    scratch: Scratch
    _visible: Visible = field(init=False)

    def __post_init__(self) -> None:
        """Share one stream of events among all windows."""
        self._visible = Visible(self.layout, self.scratch)

    def run(self, features: Sequence[Feature]) -> dict[Feature, pa.Array]:
        """Compute features that have no parts, window by window."""
        values: dict[Feature, pa.Array] = {}
        for window in dict.fromkeys(feature.window for feature in features):
            values |= self._evaluate(window, [feature for feature in features if feature.window == window])
        return values

    def _evaluate(self, window: Window, features: Sequence[Feature]) -> dict[Feature, pa.Array]:
        queries = []
        pieces: dict[Feature, list[pa.Array]] = {feature: [] for feature in features}
        for frame in self._visible.frames(window):
            queries.append(frame.queries)
            for what in dict.fromkeys((feature.column, feature.where) for feature in features):
                selection = frame.stream.select(*what)
                stretches = selection.within(frame.stretches)
                for feature in features:
                    if (feature.column, feature.where) == what:
                        pieces[feature].append(evaluate(feature, selection, stretches))
        back = _back(queries)
        return {feature: _join(values, back) for feature, values in pieces.items()}


def _back(queries: Sequence[Ints | None]) -> pa.Array | None:
    """Say where each spine row stands in the pieces put together; None for the same place."""
    known = [piece for piece in queries if piece is not None]
    if not known:
        return None
    order = np.concatenate(known)
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    return pa.array(back)


def _join(pieces: Sequence[pa.Array], back: pa.Array | None) -> pa.Array:
    joined = pieces[0] if len(pieces) == 1 else pa.concat_arrays(pieces)
    return joined if back is None else joined.take(back)
