"""What has changed in a view's table since a version of it, and what that means for a value that was read then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from riskloom.intervals import to_micros
from riskloom.store.keyed import as_tokens
from riskloom.store.point_in_time import AVAILABLE_TS, EVENT_ID, EVENT_TS, read_events
from riskloom.store.spine import AT
from riskloom.windows.tables import ARROW, INSTANT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from riskloom.declare import Feature, FeatureView
    from riskloom.store.state import Mark

    Key = tuple[Any, ...]
    Wanted = Sequence[tuple[Key, int]]

LATE, CORRECTED, NOT_YET = "late event", "correction", "not yet materialized"


class _Change(NamedTuple):
    event_ts: int
    known_ts: int
    corrected: bool


class Changes:
    """Events of some entities that are new or other than in a version of a view's table.

    Args:
        view: The view.
        path: Its gold table.
        mark: How far the view had come: the version, and up to when it was complete.
        wanted: Keys and instants of the reads.
    """

    def __init__(self, view: FeatureView, path: Path, mark: Mark, wanted: Wanted) -> None:
        self._complete = mark.watermark
        spine = spine_of(view, wanted)
        then_keys, before = _events(view, path, spine, mark.version)
        now_keys, after = _events(view, path, spine, None)
        self._places = {key: place for place, (key, _) in enumerate(wanted)}
        self._changes = [
            _changed(before.get(then, {}), after.get(now, {})) for then, now in zip(then_keys, now_keys, strict=True)
        ]

    def kind(self, feature: Feature, key: Key, at: int) -> str:
        """Say what has happened to the events of a feature since; empty where nothing has."""
        windows = [leaf.window for leaf in feature.leaves]
        found = [
            change
            for change in self._changes[self._places[key]]
            if change.known_ts <= at and any(window.covers(change.event_ts, at) for window in windows)
        ]
        if any(change.corrected for change in found):
            return CORRECTED
        if any(change.event_ts < self._complete for change in found):
            return LATE
        return NOT_YET if found else ""


def spine_of(view: FeatureView, wanted: Wanted) -> pa.Table:
    """Give keys and instants as the window kernel takes them."""
    columns = {
        column: pa.array([key[place] for key, _ in wanted], ARROW[dtype])
        for place, (column, dtype) in enumerate(view.entity.keys)
    }
    return pa.table({**columns, AT: pa.array([at for _, at in wanted], pa.int64()).cast(INSTANT)})


def _events(
    view: FeatureView, path: Path, spine: pa.Table, version: int | None
) -> tuple[list[Key], dict[Key, dict[str, dict[str, Any]]]]:
    """Give each read's key as the table has it, and the events of those keys by id."""
    columns = list(view.partition_keys)
    held = as_tokens(view, path, spine, version)
    keys = list(zip(*(held.column(column).to_pylist() for column in columns), strict=True))
    span = pc.min_max(spine.column(AT).cast(pa.int64())).as_py()
    rows = read_events(view, path, span["min"] - view.reach, span["max"], version, held.select(columns))
    found: dict[Key, dict[str, dict[str, Any]]] = {key: {} for key in keys}
    for row in rows.to_pylist():
        key = tuple(row[column] for column in columns)
        if key in found:
            found[key][row[EVENT_ID]] = row
    return keys, found


def _changed(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> list[_Change]:
    # Texts, since NaN differs from itself.
    other = [(row, True) for name, row in before.items() if repr(after.get(name)) != repr(row)]
    other += [(row, name in before) for name, row in after.items() if repr(before.get(name)) != repr(row)]
    return [
        _Change(to_micros(row[EVENT_TS], EVENT_TS), to_micros(row[AVAILABLE_TS], AVAILABLE_TS), corrected)
        for row, corrected in other
    ]
