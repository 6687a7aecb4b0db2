"""Status: what is in each table, how the last run of each source ended and what drifts, how far each view has come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskloom.intervals import format_instant, spell_duration
from riskloom.lake import erasures, ops, tables
from riskloom.lake.file_records import FILES
from riskloom.lake.paths import Lake
from riskloom.lake.standing import standing
from riskloom.run.drift import COLUMNS, drift_of, shown
from riskloom.tabular import as_table

if TYPE_CHECKING:
    from riskloom.project import Project

_SOURCES = (
    "source",
    "lines",
    "published",
    "quarantined",
    "last_interval",
    "last_run",
    "validation",
    "watermark",
    "behind",
)
_TABLES = ("table", "rows", "version")
_VIEWS = ("view", "features", "events", "watermark", "behind")
_LAYERS = ("bronze", "silver", "history", "quarantine")
_OPS = (FILES, ops.RUNS, ops.VIEWS, "validations", erasures.TABLE)


def status_of(project: Project) -> dict[str, Any]:
    """Look at every table of a project; nothing is computed from rows, and no JVM starts.

    Args:
        project: What is declared.

    Returns:
        ``sources``, ``drift``, ``tables`` and ``views``, a row each. ``behind`` is how far a watermark lies before the
        newest one: freshness on the data's own clock.
    """
    lake = Lake(project.settings.lake)
    runs = ops.runs(lake)
    latest = standing(runs)
    views = {name: ops.latest_view(lake, name) for name in project.views}
    marks = {name: ops.watermark(lake, name) for name in project.sources}
    newest = max((mark for mark in marks.values() if mark is not None), default=None)
    return {
        "project": project.settings.name,
        "sources": [_source(name, latest.get(name), marks[name], newest) for name in project.sources],
        "drift": [row for name in project.sources for row in drift_of([run for run in runs if run.source == name])],
        "tables": _tables(project, lake),
        "views": [_view(project, name, row, newest) for name, row in views.items()],
    }


def as_text(status: dict[str, Any]) -> str:
    """Write a status as tables for people."""
    sources = [{**row, "quarantined": _reasons(row)} for row in status["sources"]]
    drift = [as_table(shown(status["drift"]), COLUMNS)] if status["drift"] else []
    tables_and_views = (as_table(status["tables"], _TABLES), as_table(status["views"], _VIEWS))
    return "\n\n".join((as_table(sources, _SOURCES), *drift, *tables_and_views))


def _source(name: str, run: ops.RunRecord | None, mark: int | None, newest: int | None) -> dict[str, Any]:
    row: dict[str, Any] = {"source": name, "watermark": _instant(mark), "behind": _behind(mark, newest)}
    if run is None:
        return {**row, "last_run": "never"}
    return {
        **row,
        "lines": run.lines_in,
        "published": run.published,
        "quarantined": run.quarantined,
        "reasons": run.reasons,
        "drift": run.drift,
        "last_interval": str(run.interval),
        "last_run": run.status,
        "last_run_ended": format_instant(run.ended_ts),
        "validation": "passed" if run.status == "passed" else run.status,
        "error": run.error,
    }


def _tables(project: Project, lake: Lake) -> list[dict[str, Any]]:
    places = [(f"{layer}.{name}", getattr(lake, layer)(name)) for name in project.sources for layer in _LAYERS]
    places += [(f"gold.{name}", lake.gold(name)) for name in project.views]
    places += [(f"ops.{name}", lake.ops(name)) for name in _OPS]
    return [
        {"table": name, "rows": tables.rows(path), "version": tables.version(path)}
        for name, path in places
        if tables.exists(path)
    ]


def _view(project: Project, name: str, row: ops.ViewRecord | None, newest: int | None) -> dict[str, Any]:
    mark = row.watermark if row else None
    return {
        "view": name,
        "features": len(project.view(name).features),
        "events": row.events if row else None,
        "watermark": _instant(mark),
        "behind": _behind(mark, newest),
        "max_staleness": project.view(name).max_staleness,
    }


def _instant(micros: int | None) -> str | None:
    return None if micros is None else format_instant(micros)


def _behind(mark: int | None, newest: int | None) -> str | None:
    return None if mark is None or newest is None else spell_duration(newest - mark)


def _reasons(row: dict[str, Any]) -> str | None:
    if not row.get("quarantined"):
        return str(row["quarantined"]) if "quarantined" in row else None
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(row["reasons"].items()))
    return f"{row['quarantined']} ({reasons})"
