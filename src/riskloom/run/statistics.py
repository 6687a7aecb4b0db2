"""Statistics of a view, gathered from the tables without a JVM."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from riskloom.lake import tables
from riskloom.lake.paths import Lake, shown
from riskloom.plan.explain_view import Statistics
from riskloom.store.changed import of_keys
from riskloom.store.evaluate import Plan
from riskloom.store.packed.head import Stamp
from riskloom.store.point_in_time import EVENT_TS, read_events
from riskloom.store.states import encode_states

if TYPE_CHECKING:
    from pathlib import Path

    from riskloom.declare import FeatureView
    from riskloom.project import Project

HOTTEST = 5
SAMPLE = 1_000


def statistics(project: Project, view: FeatureView) -> Statistics | None:
    """Gather what the tables say of a view; None where its source has published nothing yet.

    Keys and times are read whole, everything else of the sampled entities alone.
    """
    lake = Lake(project.settings.lake)
    gold, silver = lake.gold(view.name), lake.silver(view.source.name)
    path = next((path for path in (gold, silver) if tables.exists(path)), None)
    if path is None:
        return None
    version = tables.version(path) or 0
    keys = list(view.entity.key_columns)
    rows = tables.read(path, columns=[*keys, EVENT_TS], version=version).drop_null()
    if not rows.num_rows:
        empty = {"rows": 0, "in_reach": 0, "keys": 0}
        return Statistics(
            table=shown(path), version=version, size=tables.size(path, version), span=None, hot=(), **empty
        )
    times = rows.column(EVENT_TS).cast(pa.int64())
    span = pc.min_max(times).as_py()
    counts = rows.group_by(keys).aggregate([(EVENT_TS, "count")])
    order = [(f"{EVENT_TS}_count", "descending"), *((key, "ascending") for key in keys)]
    by_count = counts.sort_by(order)
    hot = by_count.slice(0, HOTTEST).to_pylist()
    in_reach = pc.greater_equal(times, span["max"] - view.reach)
    shared = list(view.partition_keys)
    owners = rows.filter(in_reach).group_by(shared).aggregate([(EVENT_TS, "count")])
    owners = owners.sort_by([(f"{EVENT_TS}_count", "descending"), *((key, "ascending") for key in shared)])
    sampled, hottest = (
        _states(view, path, some, version, span["max"])
        for some in (_spread(owners.select(shared)), owners.select(shared).slice(0, 1))
    )
    return Statistics(
        table=shown(path),
        version=version,
        rows=rows.num_rows,
        size=tables.size(path, version),
        span=(span["min"], span["max"]),
        in_reach=pc.sum(in_reach).as_py(),
        keys=counts.num_rows,
        hot=tuple((", ".join(str(row[key]) for key in keys), row[f"{EVENT_TS}_count"]) for row in hot),
        states=owners.num_rows,
        sampled=len(sampled),
        state_mean=sum(sampled) / len(sampled) if sampled else 0.0,
        state_max=max([*sampled, *hottest], default=0),
    )


def _spread(keys: pa.Table) -> pa.Table:
    """Take entities at even steps from the most events to the fewest, each from the middle of those it stands for."""
    step = max(1, keys.num_rows // SAMPLE)
    return keys.take(pa.array(range(step // 2, keys.num_rows, step)))


def _states(view: FeatureView, path: Path, keys: pa.Table, version: int, newest: int) -> list[int]:
    """Encode states as a materialization would, and give their sizes."""
    wanted = keys.combine_chunks()
    events = of_keys(read_events(view, path, newest - view.reach, newest + 1, version, wanted), wanted)
    chunks = encode_states(Plan(view), events, Stamp(version, 1, newest + 1))
    return [size for chunk in chunks for size in chunk.states.sizes.tolist()]
