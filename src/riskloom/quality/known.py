"""Known: what a gate knows beside the staged batch: how much there was a week before, and what other sources name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from riskloom.intervals import DAY, format_instant, parse_duration, to_datetime
from riskloom.lake import tables

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from riskloom.declare import EventSource, Suite
    from riskloom.intervals import Interval
    from riskloom.lake.paths import Lake

WEEK = 7 * DAY
BEFORE = "rows_week_before"


def parameters(lake: Lake, source: EventSource, interval: Interval) -> dict[str, Any]:
    """Give what the arguments of expectations may name.

    Args:
        lake: Where silver is.
        source: The source.
        interval: Interval of the run.

    Returns:
        ``interval_start`` and ``interval_end``; ``late_from``, before which an event is later than the source allows;
        ``rows_week_before``, the events of the same stretch a week before, where there were any: those that became
        available in it, where a column of the source's own says when that was.
    """
    late = interval.start - parse_duration(source.lateness)
    known = {"interval_start": interval.start, "interval_end": interval.end, "late_from": late}
    before = _rows(lake, source, interval.start - WEEK, interval.end - WEEK)
    named: dict[str, Any] = {name: format_instant(at) for name, at in known.items()}
    return {**named, BEFORE: before} if before else named


def _rows(lake: Lake, source: EventSource, start: int, end: int) -> int:
    """Count a source's published events between two instants."""
    path, time = lake.silver(source.name), pc.field("available_ts" if source.available else "event_ts")
    if not tables.exists(path):
        return 0
    within = (time >= to_datetime(start)) & (time < to_datetime(end))
    count: int = tables.dataset(path).count_rows(filter=within)
    return count


def with_references(lake: Lake, suite: Suite, events: DataFrame) -> DataFrame:
    """Add a column for each reference: whether what an event names is known.

    Args:
        lake: Where silver is.
        suite: The suite whose references they are.
        events: The staged batch.

    Returns:
        The batch with a bool a reference; null where an event names nothing, or the other source has no table yet.
    """
    for reference in suite.references:
        path, column, said = lake.silver(reference.source), f"`{reference.column}`", "CAST(NULL AS BOOLEAN)"
        if tables.exists(path):
            silver = events.sparkSession.read.format("delta").load(str(path))
            known = silver.selectExpr(f"`{reference.to}` AS _known").where("_known IS NOT NULL").distinct()
            events = events.join(known, events[reference.column] == known["_known"], "left")
            said = f"CASE WHEN {column} IS NOT NULL THEN _known IS NOT NULL END"
        events = events.selectExpr("*", f"{said} AS `{reference.name}`").drop("_known")
    return events
