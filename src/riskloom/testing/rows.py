"""Literal rows, as tests write them, to the tables that the kernel takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from riskloom.intervals import parse_duration, to_micros
from riskloom.windows.tables import ARROW, INSTANT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskloom.declare import FeatureView

Row = dict[str, Any]


def normalise(view: FeatureView, events: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Fill in what literal events may leave out.

    Args:
        view: The view that reads the events.
        events: ``event_ts`` (aware datetime, ISO text or microseconds) and any of the source's columns. ``event_id``
            is the position where it is not given; ``available_ts`` comes from the source's declaration.

    Returns:
        Rows with every column of the source, ``event_id``, and both times as microseconds since the epoch.

    Example:
        >>> from riskloom import Entity, EventSource, FeatureView, aggregate
        >>> user = Entity.of("user", user_name="string")
        >>> logins = EventSource(
        ...     name="logins", files="*.log", transform="logins:to_events", columns={"user_name": "string"}, delay="1s"
        ... )
        >>> view = FeatureView(name="v", entity=user, source=logins, windows=("5m",), aggregations=(aggregate.count(),))
        >>> normalise(view, [{"event_ts": "1970-01-01T00:00:01Z"}])
        [{'user_name': None, 'event_id': '00000000', 'event_ts': 1000000, 'available_ts': 2000000}]
    """
    return [_normal_event(view, position, event) for position, event in enumerate(events)]


def _normal_event(view: FeatureView, position: int, event: Mapping[str, Any]) -> Row:
    source = view.source
    row: Row = {name: _value(event.get(name), dtype, name) for name, dtype in source.columns.items()}
    row["event_id"] = str(event.get("event_id", f"{position:08d}"))
    row["event_ts"] = micros(event["event_ts"], "event_ts")
    available = event.get("available_ts", event.get(source.available) if source.available else None)
    row["available_ts"] = (
        row["event_ts"] + parse_duration(source.delay) if available is None else micros(available, "available_ts")
    )
    return row


def micros(value: object, where: str) -> int:
    """Read an instant that may already be microseconds."""
    return value if isinstance(value, int) else to_micros(value, where)


def _value(value: object, dtype: str, name: str) -> object:
    return to_micros(value, name) if dtype == "timestamp" and isinstance(value, str) else value


def events_table(view: FeatureView, events: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Build the table of events that ``riskloom.windows.compute`` takes."""
    rows = normalise(view, events)
    columns = {name: ARROW[dtype] for name, dtype in view.source.columns.items() if name in view.event_columns}
    types = {**columns, "event_id": pa.string(), "event_ts": INSTANT, "available_ts": INSTANT}
    return _table(rows, types)


def spine_table(view: FeatureView, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Build a spine of the key columns and ``at``."""
    instants = [{**row, "at": micros(row["at"], "at")} for row in rows]
    return _table(instants, {**{name: ARROW[dtype] for name, dtype in view.entity.keys}, "at": INSTANT})


def _table(rows: Sequence[Mapping[str, Any]], types: Mapping[str, pa.DataType]) -> pa.Table:
    return pa.table({name: pa.array([row.get(name) for row in rows], dtype) for name, dtype in types.items()})
