"""The demo on a simulated platform: its raw logs, taken the whole way by the project in demo/platform."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from typing import TYPE_CHECKING

from demo.agreement import faults
from demo.pipeline import Outcome
from demo.simulate.run import SUMMARY, Simulation, simulate
from demo.simulate.scales import scale_of
from demo.simulate.scenarios import SCENARIOS
from riskloom.intervals import DAY, to_datetime
from riskloom.plan import build
from riskloom.project import Project
from riskloom.run import execute
from riskloom.run.lines import Lines
from riskloom.run.spans import spans

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from riskloom.run.report import RunReport

SEED = 7


def simulation_of(scale: str) -> Simulation:
    """Give the demo's simulation of a scale: all scenarios, and always the same seed."""
    return Simulation(scale=scale_of(scale), seed=SEED, scenarios=tuple(SCENARIOS))


def run_simulated(root: Path, simulation: Simulation, say: Callable[[str], None]) -> tuple[Project, Outcome]:
    """Simulate a platform, run every step of its project, and hold what came out to the simulation's truth.

    Args:
        root: The checkout.
        simulation: What is simulated. What a run on another scale left is removed first.
        say: Prints a line.

    Returns:
        The project, and what the run left behind.
    """
    project = Project.load(root / "demo" / "platform")
    folder = project.settings.data.parent
    if not _is_of(folder, simulation.scale.name):
        shutil.rmtree(project.settings.state, ignore_errors=True)
        say(f"simulating scale {simulation.scale.name} into {folder}")
        simulate(simulation, folder)
    # A short simulation has no file of some source: nothing is sent back on the day on which it is ordered.
    sources = [name for name in project.sources if (project.settings.data / name).is_dir()]
    report = execute(project, build(project, spans(project, sources), sources=sources), Lines(sys.stdout))
    _run_jobs(project, report, say)
    say("\nWhat was read, beside the list of damaged lines and the truth:")
    found = faults(project, folder)
    for source, wrong in found.items():
        say(f"  {source}: {'; '.join(wrong) or 'as listed, and true'}")
    return project, Outcome(
        records=report.sources,
        data_docs=project.settings.state / "gx" / "index.html",
        faults=tuple(f"{source}: {one}" for source, wrong in found.items() for one in wrong),
    )


def _run_jobs(project: Project, report: RunReport, say: Callable[[str], None]) -> None:
    """Run the project's own jobs, from the project's own folder, as of the end of each week that was run."""
    end = max(record.interval_end for record in report.sources.values())
    begin = min(record.interval_start for record in report.sources.values())
    jobs = importlib.import_module("jobs.daily")
    for until in sorted(range(end, begin, -7 * DAY)):
        for view, rows in jobs.write_all(project, until).items():
            say(f"{view} at {to_datetime(until):%Y-%m-%d}: {rows:,} rows")
    jobs.serve(project, to_datetime(begin), end)


def _is_of(folder: Path, scale: str) -> bool:
    """Say whether a finished simulation of this scale is there."""
    summary = folder / SUMMARY
    return summary.is_file() and json.loads(summary.read_text(encoding="utf-8"))["scale"] == scale
