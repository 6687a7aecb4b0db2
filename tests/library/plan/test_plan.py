"""A plan: its steps, what it leaves out, and how it prints."""

from __future__ import annotations

import pytest

from riskloom.errors import PlanError, ProjectError
from riskloom.intervals import Interval
from riskloom.plan import KINDS, build, explain
from riskloom.project import Project
from riskloom.template.write import write_project


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    root = tmp_path_factory.mktemp("plan") / "shop"
    write_project(root)
    return Project.load(root)


@pytest.fixture(scope="module")
def spanned(tmp_path_factory):
    root = tmp_path_factory.mktemp("spanned") / "shop"
    write_project(root)
    path = root / "features/logins.py"
    path.write_text(
        path.read_text().replace('files="logins/{date}.csv"', 'files="logins/*.csv", holds="2026-01-01/2026-01-03"')
    )
    return Project.load(root)


def test_a_plan_prints_its_steps_intervals_and_tables(project):
    assert explain.as_text(build(project, Interval.parse("2026-01-01/2026-01-03"))) == (
        "Plan of logins: 6 steps.\n"
        "  1  extract      logins       2026-01-01/2026-01-03  logins/{date}.csv -> bronze.logins\n"
        "  2  load         logins       2026-01-01/2026-01-03  bronze.logins -> staging.logins  (Csv, transforms/logins:to_events)\n"
        "  3  validate     logins       2026-01-01/2026-01-03  "
        "staging.logins -> silver.logins, quarantine.logins  (2 expectations, 1 row rule)\n"
        "  4  aggregate    user_logins  2026-01-01/2026-01-03  silver.logins -> gold.user_logins\n"
        "  5  register     logins                              1 view, 1 service -> registry\n"
        "  6  materialize  user_logins  2026-01-01/2026-01-03  gold.user_logins -> online.user_logins"
    )


def test_a_plan_as_data_has_the_same_steps(project):
    data = explain.as_data(build(project, Interval.parse("2026-01-01/2026-01-03")))
    assert [step["kind"] for step in data["steps"]] == list(KINDS)
    assert data["steps"][0] == {
        "kind": "extract",
        "subject": "logins",
        "interval": "2026-01-01/2026-01-03",
        "reads": ["logins/{date}.csv"],
        "writes": ["bronze.logins"],
    }


def test_a_plan_keeps_the_kinds_that_are_asked_for(project):
    plan = build(project, Interval.parse("2026-01-01/2026-01-03"), kinds=("aggregate", "register"))
    assert [step.kind for step in plan.steps] == ["aggregate", "register"]


def test_a_plan_is_cut_to_what_a_source_holds(spanned):
    plan = build(spanned, Interval.parse("2026-01-02/2026-02-01"))
    assert str(plan.intervals["logins"]) == "2026-01-02/2026-01-03"


def refused(*args, **kwargs) -> str:
    with pytest.raises((PlanError, ProjectError)) as caught:
        build(*args, **kwargs)
    return str(caught.value)


def test_an_interval_of_which_nothing_is_held_is_refused(spanned):
    assert refused(spanned, Interval.parse("2027-01-01/2027-01-02")) == (
        "nothing to do for 2027-01-01/2027-01-02: logins holds 2026-01-01/2026-01-03. Give an interval that a source holds."
    )


def test_an_unknown_source_or_kind_is_refused(project):
    interval = Interval.parse("2026-01-01/2026-01-03")
    assert refused(project, interval, sources=["login"]) == "there is no source 'login'. Did you mean 'logins'?"
    assert refused(project, interval, kinds=["validat"]) == "there is no step 'validat'. Did you mean 'validate'?"


def test_a_step_without_the_one_before_it_is_refused(project):
    assert refused(project, Interval.parse("2026-01-01/2026-01-03"), kinds=["load"]) == (
        "a plan with load needs extract too: it works on what that step hands over. Add it."
    )
