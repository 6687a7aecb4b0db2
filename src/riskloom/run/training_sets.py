"""Training sets that follow the data: a service's features at the newest events of an interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

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
        A Parquet file below the project's state folder: keys, ``event_timestamp``, features. Beside it stands the
        manifest by which it is computed again.

    Raises:
        ProjectError: There is no such service.
        LakeError: A table of its sources is not there yet.
    """
    folder = project.settings.state / FOLDER / service / _file_name(interval)
    path: Path = build_training_set(
        service, spine(project, service, interval), project=project, output="parquet", out=folder
    )
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
    looked_up = {key: dtype for view, _ in project.service_columns(service) for key, dtype in view.entity.keys}
    for view, _ in project.service_features(service):
        named = keys.setdefault(view.source.name, {})
        named.update(view.entity.keys)
        # A batch view has no events: its keys are those of the service's sources.
        named.update({key: dtype for key, dtype in looked_up.items() if view.source.columns.get(key) == dtype})
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
