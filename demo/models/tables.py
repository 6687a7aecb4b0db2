"""The tables of a world: its true events as silver, and gold from them, without a line being read.

``make demo SCALE=S`` takes lines the whole way, and holds what comes out to this same truth, column by column.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq
from deltalake import write_deltalake

from demo.catalogue.derived import with_derived
from riskloom.intervals import floor
from riskloom.lake import ops
from riskloom.lake.paths import Lake
from riskloom.lake.tasks import InProcess
from riskloom.run.aggregate import aggregate
from riskloom.windows.tables import ARROW, INSTANT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from riskloom.declare import EventSource
    from riskloom.project import Project

TRUTH = ("scenario", "phase", "counts")
CASES = "cases"
_RUN = "models"
_DAY = 86_400_000_000


def write_tables(project: Project, world: Path, end: int, services: Iterable[str]) -> None:
    """Write the silver and gold tables of a world.

    Args:
        project: The platform's project.
        world: Folder of the simulation.
        end: When the period is over, in microseconds: all sources are complete up to then.
        services: Names of the services whose tables are wanted; labels come with them.
    """
    lake = Lake(project.settings.lake)
    views = {view.name: view for service in services for view, _ in project.service_features(service)}
    sources = {view.source.name for view in views.values()} | {CASES}
    for source in (project.source(name) for name in sorted(sources)):
        rows = _cases(source, world) if source.name == CASES else events_of(source, world).drop_columns(list(TRUTH))
        begin = floor(pc.min(rows["event_ts"]).cast(pa.int64()).as_py(), _DAY)
        _write(lake.silver(source.name), rows)
        record = ops.RunRecord(
            run_id=_RUN, source=source.name, interval_start=begin, interval_end=end, published=rows.num_rows,
            records=rows.num_rows, record=rows.num_rows, lines_in=rows.num_rows,
        )  # fmt: skip
        ops.append_run(lake, record)
    for view in views.values():
        aggregate(InProcess(), lake, view, _RUN)


def events_of(source: EventSource, world: Path) -> pa.Table:
    """Read a source's true events, with what its transform adds and what only the simulation knows of them.

    Returns:
        ``event_id``, ``event_ts``, ``available_ts``, the source's columns, ``scenario``, ``phase``, ``counts``.
    """
    parts = sorted((world / "truth" / "events" / source.name).iterdir())
    rows = with_derived(source, pa.concat_tables([pq.read_table(part) for part in parts]))
    return _typed(source, rows.append_column("available_ts", rows["event_ts"]), TRUTH)


def _cases(source: EventSource, world: Path) -> pa.Table:
    """Read the desk's own log, in which nothing is damaged."""
    parts = sorted((world / "raw" / CASES).rglob("*.csv"))
    options = pc_csv.ConvertOptions(
        column_types={"time": INSTANT, "known_at": INSTANT}, strings_can_be_null=True, quoted_strings_can_be_null=True
    )
    rows = pa.concat_tables(
        [pc_csv.read_csv(part, convert_options=options) for part in parts], promote_options="permissive"
    )
    for risk in (name for name in source.columns if name not in source.parsed_columns):
        rows = rows.append_column(risk, pc.if_else(pc.equal(rows["risk"], risk), rows["fraud"], None))
    rows = rows.append_column("event_id", rows["case_id"]).append_column("event_ts", rows["time"])
    return _typed(source, rows.append_column("available_ts", rows["known_at"]))


def _typed(source: EventSource, rows: pa.Table, more: Iterable[str] = ()) -> pa.Table:
    held = {"log_id": "event_id"}
    columns = {name: rows[name if name in rows.column_names else held[name]] for name in source.columns}
    typed = {name: column.cast(ARROW[source.columns[name]]) for name, column in columns.items()}
    times = {name: rows[name].cast(INSTANT) for name in ("event_ts", "available_ts")}
    return pa.table({"event_id": rows["event_id"], **times, **typed, **{name: rows[name] for name in more}})


def _write(path: Path, rows: pa.Table) -> None:
    path.mkdir(parents=True)
    write_deltalake(os.fspath(path), rows, configuration={"delta.enableChangeDataFeed": "true"})
