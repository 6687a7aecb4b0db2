"""Silver to gold: keep a view's entity-ordered events up to date with its source.

What to bring over is read from the source table's change feed, from the version that
gold says it has taken in. It says so in the transaction that took it in, so late events,
corrections and deletions arrive once, also after a kill, and the cost is that of the
change. What is small is done in this process; what is large, by tasks of the session.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from riskloom.intervals import format_instant
from riskloom.lake import ops, tables
from riskloom.lake.bucketed.follow import follow
from riskloom.lake.retention import retention_properties
from riskloom.settings import RETENTION
from riskloom.windows.gold import gold_layout

if TYPE_CHECKING:
    from riskloom.declare import FeatureView
    from riskloom.lake.paths import Lake
    from riskloom.lake.tasks import Tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregated:
    """What an aggregation did.

    Attributes:
        gold_version: Version of the gold table afterwards; None where the source has published nothing yet.
        rows: Rows of the gold table.
        changed: Rows inserted, updated and deleted.
        watermark: Microseconds since the epoch up to which the source is complete; None where it is not yet.
    """

    gold_version: int | None
    rows: int
    changed: int
    watermark: int | None

    def as_data(self) -> dict[str, Any]:
        """Write it as JSON-ready data."""
        return {**asdict(self), "watermark": None if self.watermark is None else format_instant(self.watermark)}


def aggregate(tasks: Tasks, lake: Lake, view: FeatureView, run_id: str, retention: str = RETENTION) -> Aggregated:
    """Bring a view's gold table up to date with its source's silver table.

    Args:
        tasks: Where runs what is too large for one process.
        lake: Where the tables are.
        view: The view.
        run_id: The run, for ``ops.views``.
        retention: How long the versions of a gold table that is made are kept.

    Returns:
        Version, rows and number of changed rows; no change of silver makes no commit.

    Raises:
        LakeError: Other writers came first each time that it was tried.
    """
    silver, gold = lake.silver(view.source.name), lake.gold(view.name)
    # Read before the table: what passed by now is in the version that is read next.
    watermark = ops.watermark(lake, view.source.name)
    if not tables.exists(silver):
        return Aggregated(gold_version=None, rows=0, changed=0, watermark=watermark)
    came = follow(silver, gold, gold_layout(view), tasks, retention_properties(retention))
    done = Aggregated(
        gold_version=tables.version(gold), rows=tables.rows(gold), changed=came.changed, watermark=watermark
    )
    _record(lake, view, done, came.source_version, run_id)
    return done


def _record(lake: Lake, view: FeatureView, done: Aggregated, silver_version: int, run_id: str) -> None:
    """Write how far the view has come, unless that stands there already."""
    known = ops.latest_view(lake, view.name)
    record = ops.ViewRecord(
        view=view.name,
        gold_version=done.gold_version or 0,
        silver_version=silver_version,
        watermark=done.watermark,
        events=done.rows,
        run_id=run_id,
        recorded_ts=time.time_ns() // 1_000,
    )
    if known is None or replace(record, run_id=known.run_id, recorded_ts=known.recorded_ts) != known:
        ops.append_view(lake, record)
