"""Builds the report of a project, a section after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskloom.lake.paths import Lake
from riskloom.report.charts import bars, histogram, strip
from riskloom.report.gather import drifted, gates, quarantined
from riskloom.report.html import Section, folded, heading, note, page, table
from riskloom.report.models import FILE, performance
from riskloom.report.parity import agreement
from riskloom.report.samples import samples, spreads
from riskloom.run.status import status_of
from riskloom.run.training_sets import FOLDER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from riskloom.project import Project
    from riskloom.report.gather import Gate
    from riskloom.report.samples import Sample

OUT = "report.html"
_LAYERS = ("silver.", "gold.")
_SOURCES = ("source", "lines", "published", "quarantined", "last_run", "last_run_ended", "watermark", "behind")
_VIEWS = ("view", "features", "events", "watermark", "behind", "max_staleness")
_GATES = ("source", "gates", "passed", "warned", "failed", "last")
_DRIFT = ("source", "drift", "field", "change", "first_seen", "events", "share")


def write_report(project: Project, out: Path | None = None, *, keys: int = 20) -> Path:
    """Write a project's report: one page of HTML that loads nothing.

    It reads what ``ops`` and the tables' logs say, and samples of the training sets that are kept below the project's
    state folder; of the tables themselves it reads only what parity needs for a few keys.

    Args:
        project: The project.
        out: The file; ``report.html`` in the project's state folder where none is given.
        keys: Keys a service whose online values are compared with training values; 0 for none.

    Returns:
        The file.

    Raises:
        StoreError: A manifest or the file of models' results can't be read.
    """
    path = out or project.settings.state / OUT
    kept = samples(project.settings.state / FOLDER)
    status = status_of(project)
    newest = max((row["watermark"] for row in status["sources"] if row["watermark"]), default="never")
    sections = (
        Section("Features by label", tuple(_features(kept))),
        Section("Models by phase", tuple(performance(project.settings.state / FILE))),
        Section("Tables", tuple(_tables(status))),
        Section("Quarantine", tuple(_quarantine(quarantined(project)))),
        Section("Validation", tuple(_validation(gates(Lake(project.settings.lake))))),
        Section("Drift", tuple(_drift(drifted(status)))),
        Section("Parity", tuple(agreement(project, kept, keys))),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(f"{status['project']}: report", f"Data up to {newest}.", sections), encoding="utf-8")
    return path


def _features(kept: Sequence[Sample]) -> list[str]:
    if not kept:
        return [note("No training set is kept: `riskloom training-set build` below the state folder keeps one.")]
    parts = []
    for sample in kept:
        for label, found in spreads(sample):
            of = f", by {label}" if label else ""
            parts.append(heading(f"{sample.service}{of}"))
            parts.append(note(f"{sample.rows.num_rows:,} of {sample.total:,} rows, {len(sample.features)} features."))
            for spread in found:
                groups = [(f"{name}: {count:,}", shares.tolist()) for name, count, shares in spread.groups]
                parts += [heading(spread.feature), histogram(groups, spread.feature, spread.edges.tolist())]
    return parts


def _tables(status: dict[str, Any]) -> list[str]:
    rows = [(row["table"], float(row["rows"])) for row in status["tables"] if str(row["table"]).startswith(_LAYERS)]
    return [
        heading("Sources"),
        table(status["sources"], _SOURCES),
        folded(f"{len(status['views'])} views", table(status["views"], _VIEWS)),
        folded(f"Rows of {len(rows)} tables", bars(rows, "Rows of silver and gold tables"))
        if rows
        else note("There is no table yet."),
    ]


def _quarantine(found: dict[str, dict[str, int]]) -> list[str]:
    if not found:
        return [note("Nothing stands in quarantine.")]
    rows = [
        (f"{source}: {reason}", float(count))
        for source, reasons in found.items()
        for reason, count in sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    return [note("What the newest run of each source could not make an event of."), bars(rows, "Quarantine by reason")]


def _validation(found: dict[str, list[Gate]]) -> list[str]:
    if not found:
        return [note("No gate has run yet.")]
    rows = [
        {
            "source": source,
            "gates": len(some),
            **{name: sum(gate.outcome == name for gate in some) for name in ("passed", "warned", "failed")},
            "last": str(some[-1]),
        }
        for source, some in found.items()
    ]
    parts = [table(rows, _GATES)]
    for source, some in found.items():
        marks = [(gate.outcome, str(gate)) for gate in some]
        parts += [heading(source), strip(marks, f"Gates of {source}, oldest first")]
    return parts


def _drift(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [table(rows, _DRIFT)] if rows else [note("No source's fields have changed.")]
