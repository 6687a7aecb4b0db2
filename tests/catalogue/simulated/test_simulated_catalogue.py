"""The catalogue: each question has features or a reason, each feature says whose it is, and labels say when they are known."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from demo.catalogue.page import matching, page
from demo.catalogue.questions import QUESTIONS
from demo.simulate.calendar import Calendar
from demo.simulate.risks import RISKS
from riskloom.cli import main
from riskloom.plan.catalogue import features_of
from riskloom.project import Project

ROOT = Path(__file__).parents[3]
PLATFORM = ROOT / "demo" / "platform"
DECISIONS = ("signup", "login", "order", "coupon", "seller", "review", "traffic", "leakage")
ENTITIES = {
    *("account", "device", "address_key", "card", "coupon", "seller", "product", "address", "network", "staff_member"),
    "buyer_seller",
}


@pytest.fixture(scope="module")
def project():
    return Project.load(PLATFORM)


def test_every_question_has_features_or_a_reason(project):
    for one in QUESTIONS:
        assert one.answers or one.reason, one
        for answer in one.answers:
            assert matching(project, answer), answer
    asked = dict.fromkeys(one.risk for one in QUESTIONS)
    assert set(asked) == {
        risk for view in (*project.views.values(), *project.batch_views.values()) for risk in view.risks
    }
    # Each risk has more answers than reasons.
    for risk in asked:
        answered = [bool(one.answers) for one in QUESTIONS if one.risk == risk]
        assert sum(answered) * 2 > len(answered), risk


def test_the_page_is_that_of_the_declarations(project):
    assert (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8") == page(project), "run python -m demo.catalogue"


def test_every_feature_says_whose_it_is_what_it_is_and_what_for(project):
    for row in features_of(project):
        assert all(row[name] for name in ("owner", "description", "unit", "risks", "entity", "source")), row
    assert all(view.description and view.owner for view in project.views.values())
    assert all(source.description and source.owner for source in project.sources.values())


def test_decisions_and_entities_are_all_there(project):
    assert {f"{name}_risk_v1" for name in DECISIONS} <= set(project.services)
    assert set(project.entities) >= ENTITIES
    served = {view.name for name in project.services for view, _ in project.service_features(name)}
    assert set(project.suites) == set(project.sources)
    assert set(project.views) == served
    looked_up = {view.name for name in project.services for view, _ in project.service_columns(name)}
    assert set(project.batch_views) == looked_up


def test_every_risk_has_a_label_that_says_when_it_is_known(project):
    assert set(project.labels) == {f"is_{risk.name}" for risk in RISKS}
    assert {label.availability for label in project.labels.values()} == {"known_at"}


def test_features_of_one_risk_are_listed():
    done = CliRunner().invoke(main, ["--project", str(PLATFORM), "features", "--risk", "coupon", "--json"])
    rows = json.loads(done.output)
    assert {"account_coupons", "address_key_orders"} <= {row["view"] for row in rows}
    assert all("coupon" in row["risks"] for row in rows)


def test_declarations_bring_no_heavy_library():
    code = (
        "import sys; from riskloom import Project; Project.load(sys.argv[1]);"
        "print([name for name in ('pyspark', 'feast', 'great_expectations', 'pandas', 'pyarrow') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(PLATFORM)], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"


def test_transforms_and_labels_name_the_same_risks(project):
    from transforms import cases

    names = [risk.name for risk in RISKS]
    assert list(cases.RISKS) == names
    assert [name for name in project.source("cases").columns if name in names] == names


def test_cases_are_the_labels_that_were_known_in_time(written):
    end = Calendar(14).end
    noted = []
    for path in sorted((written.folder / "raw" / "cases").rglob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                assert f"{row['known_at'][:10]}/{row['known_at'][11:13]}.csv" == "/".join(path.parts[-2:])
                assert row["known_at"] > row["time"]
                noted.append((row["case_id"].split("-")[0], row["risk"], row["fraud"], row["known_at"]))
    last = f"2025-11-{3 + (end - Calendar(14).start) // 86_400_000_000}"
    wanted = []
    for row in written.table("labels"):
        for fraud, at in (("true", row["label_available_ts"]), ("false", row["revoked_ts"])):
            if at and at < last:
                wanted.append((row["event_id"], row["risk"], fraud, at))
    assert sorted(noted) == sorted(wanted)
    assert len({one[1] for one in noted}) > 5
