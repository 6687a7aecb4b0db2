"""Training sets that follow the data: a service's features at the newest events of an interval."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from riskloom.intervals import to_datetime
from riskloom.lake import tables
from riskloom.lake.paths import Lake
from riskloom.store.spine import TIME
from riskloom.store.training import build_training_set

if TYPE_CHECKING:
    from pathlib import Path

    from riskloom.intervals import Interval
    from riskloom.project import Project

FOLDER = "training_sets"
EVENT_TIME = "event_ts"
MOST_ROWS = 10_000


def write_training_set(project: Project, service: str, interval: Interval) -> Path:
    """Build a service's training set over an interval, and write it whole or not at all.

    The spine is one row for each entity and instant at which an event of the service's sources
    happened, the newest ``MOST_ROWS`` of them. The same tables give the same file.

    Args:
        project: What is declared.
        service: Name of the service.
        interval: The stretch of data whose events make the spine.

    Returns:
        A Parquet file below the project's state folder: keys, ``event_timestamp``, features.

    Raises:
        ProjectError: There is no such service.
        LakeError: A table of its sources is not there yet.
    """
    table = build_training_set(service, spine(project, service, interval), project=project, output="arrow")
    path = project.settings.state / FOLDER / service / f"{_file_name(interval)}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        pq.write_table(table, unfinished)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def spine(project: Project, service: str, interval: Interval, most_rows: int = MOST_ROWS) -> pa.Table:
    """Give the entities and instants of a service's newest events.

    Args:
        project: What is declared.
        service: Name of the service.
        interval: The stretch of data to look at.
        most_rows: How many rows to keep, the newest ones.

    Returns:
        The key columns of all of the service's views and ``event_timestamp``, each combination once, in the
        order of time and keys. A key that an event's source does not have is null there.
    """
    keys: dict[str, dict[str, str]] = {}
    for view, _ in project.service_features(service):
        keys.setdefault(view.source.name, {}).update(view.entity.keys)
    columns = sorted({column for named in keys.values() for column in named})
    parts = [_events(project, source, list(named), interval) for source, named in keys.items()]
    rows = pa.concat_tables(parts, promote_options="default").select([*columns, TIME])
    rows = rows.group_by(rows.column_names).aggregate([])
    order = [(TIME, "ascending"), *((column, "ascending") for column in columns)]
    rows = rows.sort_by(order)
    return rows.slice(max(0, rows.num_rows - most_rows))


def _events(project: Project, source: str, keys: list[str], interval: Interval) -> pa.Table:
    """Read the keys and times of a source's events; one without any key describes nobody."""
    start, end = (
        pa.scalar(to_datetime(micros), pa.timestamp("us", "UTC")) for micros in (interval.start, interval.end)
    )
    time = pc.field(EVENT_TIME)
    known = pc.field(keys[0]).is_valid()
    for key in keys[1:]:
        known |= pc.field(key).is_valid()
    path = Lake(project.settings.lake).silver(source)
    events = tables.read(path, columns=[*keys, EVENT_TIME], filters=(time >= start) & (time < end) & known)
    return events.rename_columns([*keys, TIME])


def _file_name(interval: Interval) -> str:
    return str(interval).replace("/", "_").replace(":", "")
