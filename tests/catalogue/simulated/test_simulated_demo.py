"""The demo on a simulated day with much mess, the whole way: raw logs, tables, features, states, training sets, online reads."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from demo.agreement import faults
from demo.examples import newest_keys, show
from demo.oracle import check
from demo.simulate.raw.logs import LAYOUTS
from demo.simulate.run import Simulation
from demo.simulate.scales import Scale
from demo.simulate.scenarios import SCENARIOS
from demo.simulated import run_simulated

pytestmark = [pytest.mark.spark, pytest.mark.feast]

PLATFORM = Path(__file__).parents[3] / "demo" / "platform"
DAY = Simulation(
    scale=Scale(name="day", accounts=300, sellers=40, products=80, days=1, events=3_000),
    seed=11,
    scenarios=tuple(SCENARIOS),
    mess=15.0,
)
# Nothing is sent back on the day on which it is ordered.
NOT_YET = {"refunds"}


@pytest.fixture(scope="module")
def demo(spark, tmp_path_factory):
    root = tmp_path_factory.mktemp("demo")
    shutil.copytree(PLATFORM, root / "demo" / "platform")
    held = PLATFORM.parents[1]
    said = []
    project, outcome = run_simulated(root, DAY, said.append)
    assert held not in project.settings.lake.parents
    return project, outcome, said


def test_everything_that_is_read_is_as_listed_and_true(demo):
    project, outcome, said = demo
    assert outcome.faults == ()
    assert faults(project, project.settings.data.parent) == {name: [] for name in LAYOUTS if name not in NOT_YET}
    assert {text.split(" at 2025-11-04: ")[0] for text in said if " at 2025-11-04: " in text} == set(
        project.batch_views
    )


def test_features_are_what_the_slow_oracle_makes_of_the_clean_events(demo):
    project, _, _ = demo
    checked = check(project, project.settings.data.parent, entities=39)
    assert checked.faults == []
    assert checked.entities > 20
    assert checked.values > 2_000


def test_online_answers_are_those_of_training_sets(demo):
    project, _, _ = demo
    compared = 0
    for service in project.services:
        views = [view.source.name for view, _ in project.service_features(service)]
        if NOT_YET & set(views) or not newest_keys(project, service).num_rows:
            continue
        parity = show(project, service).parity
        assert parity.differing == [], service
        compared += len(parity.keys)
    assert compared > 500
