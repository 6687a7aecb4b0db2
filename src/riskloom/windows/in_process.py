"""The in-process runner: no JVM, one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from riskloom.errors import WindowError
from riskloom.windows.kernel import run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskloom.declare import Feature, FeatureView


def compute(view: FeatureView, events: pa.Table, spine: pa.Table, features: Sequence[str] | None = None) -> pa.Table:
    """Give the features of each spine row, from the events that could be known at its instant.

    Args:
        view: The view whose features are wanted.
        events: ``view.event_columns``, ``event_id`` (string), ``event_ts`` and ``available_ts`` (timestamp, UTC),
            in any order of rows. A row with a null key is nobody's event.
        spine: The key columns and ``at`` (timestamp, UTC), in any order of rows; other columns are not read.
        features: Names of the features wanted, in their order; all of the view's where None.

    Returns:
        One row for each spine row, in the spine's order, and one column for each feature. A key that is null or
        has no events has the values of no events.

    Raises:
        WindowError: A column is missing or of another type, a time is null, a feature is unknown, or an integer
            sum leaves int64.

    Example:
        >>> from riskloom import Entity, EventSource, FeatureView, aggregate
        >>> user = Entity.of("user", user_name="string")
        >>> logins = EventSource(
        ...     name="logins", files="*.log", transform="logins:to_events", columns={"user_name": "string"}
        ... )
        >>> view = FeatureView(
        ...     name="user_logins", entity=user, source=logins, windows=("5m",), aggregations=(aggregate.count(),)
        ... )
        >>> times = pa.array([0, 60_000_000], pa.timestamp("us", "UTC"))
        >>> events = pa.table(
        ...     {"user_name": ["ann", "ann"], "event_id": ["1", "2"], "event_ts": times, "available_ts": times}
        ... )
        >>> spine = pa.table({"user_name": ["ann", "bob"], "at": times.take(pa.array([1, 1]))})
        >>> compute(view, events, spine)["events_count_5m"].to_pylist()
        [1, 0]
    """
    wanted = choose_features(view, features)
    values = run(view, events, spine, wanted)
    return pa.table({feature.name: column for feature, column in zip(wanted, values, strict=True)})


def choose_features(view: FeatureView, names: Sequence[str] | None) -> tuple[Feature, ...]:
    """Find features of a view by name.

    Raises:
        WindowError: The view has no such feature.
    """
    if names is None:
        return view.features
    by_name = {feature.name: feature for feature in view.features}
    for name in names:
        if name not in by_name:
            raise WindowError.unknown_feature(view.name, name, by_name)
    return tuple(by_name[name] for name in names)
