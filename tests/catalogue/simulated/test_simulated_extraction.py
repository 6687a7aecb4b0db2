"""The platform's sources read the simulated logs: each damaged line comes to what the list says, each other to the truth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from demo.agreement import faults
from demo.simulate.raw.logs import LAYOUTS
from demo.simulate.run import Simulation
from demo.simulate.scales import Scale
from demo.simulate.scenarios import SCENARIOS
from riskloom.plan import build
from riskloom.project import Project
from riskloom.run import execute
from riskloom.run.spans import spans

pytestmark = pytest.mark.spark

PLATFORM = Path(__file__).parents[3] / "demo" / "platform"
DAY = Simulation(
    scale=Scale(name="day", accounts=300, sellers=40, products=80, days=1, events=3_000),
    seed=11,
    scenarios=tuple(SCENARIOS),
    mess=15.0,
)
# Nothing is sent back on the day it is ordered.
WEEK = Simulation(
    scale=Scale(name="week", accounts=120, sellers=10, products=60, days=7, events=3_000),
    seed=11,
    scenarios=("refund_abuse",),
    mess=15.0,
    at_least=60,
)


@pytest.fixture(scope="module")
def platforms(tmp_path_factory, written_to):
    """Simulations with much mess, and the project on each."""
    found = {}
    for simulation in (DAY, WEEK):
        root = tmp_path_factory.mktemp(simulation.scale.name)
        made = written_to(root / "out", simulation)
        project = Project.load(PLATFORM)
        settings = replace(project.settings, lake=root / "lake", data=made.folder / "raw", state=root / "state")
        found[simulation.scale.name] = made, replace(project, settings=settings)
    return found


@pytest.mark.parametrize("source", LAYOUTS)
def test_extraction_comes_to_the_list_and_to_the_truth(spark, platforms, source):
    made, project = platforms["week" if source == "refunds" else "day"]
    plan = build(project, spans(project, [source]), sources=[source], kinds=("extract", "load", "validate"))
    execute(project, plan)
    assert faults(replace(project, sources={source: project.source(source)}), made.folder) == {source: []}
