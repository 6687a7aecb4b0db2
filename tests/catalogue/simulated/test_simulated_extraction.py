"""Refunds are read as they are listed and as they were: no other source's log is of the day after an order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from demo.agreement import faults
from demo.simulate.run import Simulation
from demo.simulate.scales import Scale
from riskloom.plan import build
from riskloom.project import Project
from riskloom.run import execute
from riskloom.run.spans import spans

pytestmark = pytest.mark.spark

PLATFORM = Path(__file__).parents[3] / "demo" / "platform"
WEEK = Simulation(
    scale=Scale(name="week", accounts=120, sellers=10, products=60, days=7, events=3_000),
    seed=11,
    scenarios=("refund_abuse",),
    mess=15.0,
    at_least=60,
)


def test_refunds_come_to_the_list_and_to_the_truth(spark, tmp_path, written_to):
    made = written_to(tmp_path / "out", WEEK)
    project = Project.load(PLATFORM)
    settings = replace(project.settings, lake=tmp_path / "lake", data=made.folder / "raw", state=tmp_path / "state")
    project = replace(project, settings=settings, sources={"refunds": project.source("refunds")})
    plan = build(project, spans(project, ["refunds"]), kinds=("extract", "load", "validate"))
    execute(project, plan)
    assert faults(project, made.folder) == {"refunds": []}
