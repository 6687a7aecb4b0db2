"""How a view's events lie in its gold table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from riskloom.lake.bucketed.table import Layout
from riskloom.windows.tables import ARROW, EVENT_TIMES

if TYPE_CHECKING:
    from riskloom.declare import FeatureView

EVENT_ID = "event_id"
EVENT_TS, AVAILABLE_TS = EVENT_TIMES


def gold_layout(view: FeatureView) -> Layout:
    """Give the layout of a view's gold table: what the view reads of its events, bucketed by its entity.

    A view that reads a wider entity as well, to leave one's own events out, is bucketed by that one's keys.

    Example:
        >>> from riskloom import Entity, EventSource, FeatureView, aggregate
        >>> user = Entity.of("user", user_name="string")
        >>> logins = EventSource(
        ...     name="logins", files="*.log", transform="logins:to_events", columns={"user_name": "string"}
        ... )
        >>> view = FeatureView(
        ...     name="user_logins", entity=user, source=logins, windows=("5m",), aggregations=(aggregate.count(),)
        ... )
        >>> gold_layout(view).description
        'riskloom buckets 1: hash of user_name; sorted by user_name, event_ts, event_id'
    """
    columns = [(column, ARROW[view.source.columns[column]]) for column in view.event_columns]
    times = [(column, ARROW["timestamp"]) for column in EVENT_TIMES]
    schema = pa.schema([*columns, (EVENT_ID, pa.string()), *times])
    return Layout(schema=schema, keys=view.partition_keys, time=EVENT_TS, ties=(EVENT_ID,), row_id=EVENT_ID)
