"""The kernel: the features of all spine rows at once, by arrays alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from riskloom.windows.combine import combine, parts
from riskloom.windows.functions import evaluate
from riskloom.windows.layout import check, lay_out
from riskloom.windows.visible import Visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from riskloom.declare import Feature, FeatureView
    from riskloom.intervals import Window
    from riskloom.windows.layout import Layout


def run(view: FeatureView, events: pa.Table, spine: pa.Table, features: Sequence[Feature]) -> list[pa.Array]:
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
    leaves = dict.fromkeys(leaf for feature in features for leaf in _read(feature))
    values: dict[Feature, pa.Array] = {}
    for keys in dict.fromkeys(leaf.keys for leaf in leaves):
        own = view.entity.key_columns
        others = [key for key in own if keys and key not in keys]
        kernel = Kernel(lay_out(given, keys or own, others))
        values |= kernel.run([leaf for leaf in leaves if leaf.keys == keys])
    return [_value(feature, values) for feature in features]


def _read(feature: Feature) -> Iterator[Feature]:
    """Give the features that are read from events."""
    if not feature.parts:
        yield feature
    for part in parts(feature):
        yield from _read(part)


def _value(feature: Feature, values: dict[Feature, pa.Array]) -> pa.Array:
    if not feature.parts:
        return values[feature]
    return combine(feature, [_value(part, values) for part in parts(feature)])


@dataclass(slots=True)
class Kernel:
    """Evaluates features over one layout.

    Attributes:
        layout: The sorted events and spine.
    """

    layout: Layout
    _visible: Visible = field(init=False)

    def __post_init__(self) -> None:
        """Share one stream of events among all windows."""
        self._visible = Visible(self.layout)

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
        back = _back(self.layout, queries)
        return {feature: _join(values, back) for feature, values in pieces.items()}


def _back(layout: Layout, queries: Sequence[np.ndarray | None]) -> pa.Array | None:
    """Say where each spine row of the input stands in the pieces put together; None for the same place."""
    if queries[0] is None:
        return None if layout.back is None else pa.array(layout.back)
    whole = np.concatenate([piece for piece in queries if piece is not None])
    back = np.empty(len(whole), np.int64)
    back[whole] = np.arange(len(whole))
    return pa.array(back if layout.back is None else back[layout.back])


def _join(pieces: Sequence[pa.Array], back: pa.Array | None) -> pa.Array:
    whole = pieces[0] if len(pieces) == 1 else pa.concat_arrays(pieces)
    return whole if back is None else whole.take(back)
