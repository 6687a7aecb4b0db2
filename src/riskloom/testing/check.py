"""``check_view``: a view against literal rows, in a user's own test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskloom.errors import WindowError
from riskloom.intervals import format_instant
from riskloom.testing.frames import plural, report, same_value
from riskloom.testing.rows import events_table, micros, spine_table
from riskloom.windows.in_process import compute

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskloom.declare import FeatureView


def check_view(view: FeatureView, events: Sequence[Mapping[str, Any]], expected: Sequence[Mapping[str, Any]]) -> None:
    """Compare the features of a view with values worked out by hand.

    Args:
        view: The view under test.
        events: Rows of ``event_ts`` (aware datetime or ISO text) and the source's columns, those left out being null.
            ``event_id`` is the row's position and ``available_ts`` follows the source's declaration, unless given.
        expected: Rows of the key columns, ``at``, and any of the view's features with the value each should have.

    Raises:
        AssertionError: A value differs; the text is a table of the cells that do.
        WindowError: A feature is unknown, or the events don't fit the view.

    Example:
        >>> from riskloom import Entity, EventSource, FeatureView, aggregate
        >>> user = Entity.of("user", user_name="string")
        >>> logins = EventSource(
        ...     name="logins", files="*.log", transform="logins:to_events", columns={"user_name": "string"}
        ... )
        >>> view = FeatureView(
        ...     name="user_logins", entity=user, source=logins, windows=("5m",), aggregations=(aggregate.count(),)
        ... )
        >>> check_view(
        ...     view,
        ...     [{"user_name": "ann", "event_ts": "2010-12-01T08:00:00Z"}],
        ...     [{"user_name": "ann", "at": "2010-12-01T08:01:00Z", "events_count_5m": 2}],
        ... )
        Traceback (most recent call last):
        AssertionError: view 'user_logins': 1 cell differs:
          user_name  at                    feature          found  expected
          ann        2010-12-01T08:01:00Z  events_count_5m  1      2
    """
    keys = view.entity.key_columns
    _check_names(view, expected)
    found = compute(view, events_table(view, events), spine_table(view, expected)).to_pylist()
    cells = [
        {
            **{key: row.get(key) for key in keys},
            "at": format_instant(micros(row["at"], "at")),
            "feature": name,
            "found": values[name],
            "expected": row[name],
        }
        for row, values in zip(expected, found, strict=True)
        for name in view.feature_names
        if name in row and not same_value(values[name], row[name])
    ]
    if cells:
        raise AssertionError(report(f"view {view.name!r}: {plural(len(cells), 'cell')}:", cells))


def _check_names(view: FeatureView, expected: Sequence[Mapping[str, Any]]) -> None:
    for row in expected:
        for name in row:
            if name not in (*view.entity.key_columns, "at", *view.feature_names):
                raise WindowError.unknown_feature(view.name, name, view.feature_names)
