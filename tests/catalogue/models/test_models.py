"""The study on a small world: nothing of later is learned from, and online scores are those of the training set."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from demo.models import page
from demo.models.decisions import DECISIONS
from demo.models.learn import BOOSTING, FOREST
from demo.models.online import score_online
from demo.models.sets import TIME
from demo.models.study import LEAST_UNSEEN, RAW, study
from demo.models.world import cut_of, project_of
from demo.simulate.calendar import Calendar
from demo.simulate.run import Simulation
from demo.simulate.scales import Scale
from riskloom.intervals import to_datetime
from riskloom.lake import tables
from riskloom.lake.paths import Lake
from riskloom.store.register import register

pytestmark = pytest.mark.feast

ROOT = Path(__file__).resolve().parents[3]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SMALL = Simulation(
    scale=Scale(name="few", accounts=100, sellers=10, products=60, days=28, events=4_000),
    seed=7,
    scenarios=("coupon_ring", "gift_card_drain", "phishing"),
    at_least=120,
)
ASKED = [decision for decision in DECISIONS if decision.risk in SMALL.scenarios]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    project = project_of(ROOT, folder, SMALL, {decision.service for decision in ASKED})
    calendar = Calendar.of(SMALL.scale)
    return folder, project, dict(_by_service(project, folder, calendar))


def _by_service(project, folder, calendar):
    for made, results in study(project, folder / "world", calendar, cut_of(SMALL), ASKED):
        yield results[0].decision.service, (made, results)


def test_labels_are_those_that_were_known_by_the_cut(small):
    _, project, found = small
    made, (ring, drain) = found["coupon_risk_v1"]
    cut = to_datetime(cut_of(SMALL))
    cases = tables.read(Lake(project.settings.lake).silver("cases"))
    known = cases.filter((pc.field("coupon_ring") == pa.scalar(True)) & (pc.field("available_ts") <= cut))
    assert 0 < ring.labels <= known.num_rows
    assert pc.sum(made.rows["is_coupon_ring"]).as_py() == ring.labels
    # What comes late is known of nothing before it comes.
    assert (drain.labels, drain.unseen is not None) == (0, drain.unseen_attacks >= LEAST_UNSEEN)
    assert made.first_known["is_gift_card_drain"] > cut_of(SMALL)
    assert made.rows.filter(pc.field(TIME) >= cut)["is_gift_card_drain"].null_count > 0


def test_models_rank_what_came_later(small):
    _, _, found = small
    (phishing,) = found["message_risk_v1"][1]
    measures = phishing.measures[0]
    assert measures[BOOSTING]["auc"].value > 0.6
    assert page.lift_of(phishing).value == pytest.approx(measures[BOOSTING].values[1] - measures[RAW].values[1])
    assert {*phishing.tested} == {0, 3, 4}
    assert phishing.tested[0] == phishing.tested[3] + phishing.tested[4]
    assert FOREST in found["coupon_risk_v1"][1][1].measures[0]


@pytest.fixture(scope="module")
def scored(small):
    _, project, found = small
    views = {view.name: view for service in found for view, _ in project.service_features(service)}
    services = {service: project.services[service] for service in found}
    register(replace(project, services=services, views=views, batch_views={}))
    return {
        service: score_online(project, made, results, cut_of(SMALL), events=60)
        for service, (made, results) in found.items()
    }


def test_online_scores_are_those_of_the_training_set(scored):
    for service, online in scored.items():
        assert (online.service, online.events, online.differing) == (service, 60, 0)
        assert online.scores >= 60
        assert online.largest <= 1e-9


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run_and_are_kept_without_outputs(small, scored, path, tmp_path):
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in kept["cells"])
    command = [Path(sys.executable).with_name("jupyter-execute"), path, "--kernel_name=python3"]
    told = {**os.environ, "RISKLOOM_PROJECT": str(small[1].root), "IPYTHONDIR": str(tmp_path)}
    done = subprocess.run(command, env=told, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-3_000:]


def test_the_page_and_the_file_say_the_same(small, scored, tmp_path):
    _, _, found = small
    results = [result for _, some in found.values() for result in some]
    page.write(tmp_path, results, "# Models\n", list(scored.values()))
    text = (tmp_path / "models.md").read_text()
    assert "| coupon_risk_v1 | 60 |" in text
    data = json.loads(json.dumps(page.as_data(results)))
    for decision in data["decisions"]:
        for measures in decision["phases"]["all"]["models"].values():
            value, low, high = measures["average_precision"]
            assert low <= value <= high
            assert f"| {decision['service']} | {decision['target']} | all |" in text
    assert (tmp_path / "models" / "lift.svg").read_text().startswith("<svg ")
    assert np.isfinite(data["decisions"][0]["phases"]["all"]["rows"])
