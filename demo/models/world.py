"""The world that models are trained on: of S's size, over six weeks, with enough attacks of each kind to measure."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING

from demo.models.tables import write_tables
from demo.simulate.calendar import PHASES, Calendar
from demo.simulate.run import SUMMARY, Simulation, simulate
from demo.simulate.scales import Scale
from demo.simulate.scenarios import SCENARIOS
from riskloom.project import Project

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

# Scale S lasts two weeks, in which no audit ends, and has one insider and five bursts of reviews.
WORLD = Simulation(
    scale=Scale(name="models", accounts=1_000, sellers=60, products=600, days=42, events=300_000),
    seed=7,
    scenarios=tuple(SCENARIOS),
    at_least=200,
)
_TABLES = "tables.txt"


def cut_of(simulation: Simulation) -> int:
    """Give the instant up to which models learn, in microseconds: the end of the attacks' second phase."""
    return Calendar.of(simulation.scale).instant(PHASES[1])


def project_of(root: Path, folder: Path, simulation: Simulation, services: Collection[str] = ()) -> Project:
    """Give the platform's project with the tables of a world, which are made where they are not there.

    Args:
        root: The checkout.
        folder: Where the world, the project and its tables are kept.
        simulation: The world.
        services: Names of the services whose tables are wanted; all where none is given.
    """
    platform, world = folder / "demo" / "platform", folder / "world"
    done = folder / _TABLES
    told = _told(root, simulation, services)
    if done.is_file() and done.read_text(encoding="utf-8") == told:
        return Project.load(platform)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(root / "demo" / "platform", platform, ignore=shutil.ignore_patterns("__pycache__"))
    simulate(simulation, world)
    project = Project.load(platform)
    write_tables(project, world, Calendar.of(simulation.scale).end, services or project.services)
    done.write_text(told, encoding="utf-8")
    return project


def _told(root: Path, simulation: Simulation, services: Collection[str]) -> str:
    """Say what the tables follow from: the world, and the code that makes it and declares its features."""
    code = hashlib.sha256()
    for folder in ("platform", "simulate"):
        for path in sorted((root / "demo" / folder).rglob("*.py")):
            code.update(path.read_bytes())
    return f"{simulation} {sorted(services)} {code.hexdigest()}\n"


def summary_of(folder: Path) -> dict[str, object]:
    """Give the counts of the world in a folder."""
    text: dict[str, object] = json.loads((folder / "world" / SUMMARY).read_text(encoding="utf-8"))
    return text
