from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from riskloom.declare import Entity, EventSource, FeatureView, aggregate
from riskloom.errors import ExtractError, OrchestrationError, PlanError, ProjectError, StoreError, ValidationFailed
from riskloom.intervals import Interval
from riskloom.project import Project
from riskloom.settings import Settings

pytestmark = pytest.mark.airflow

DAY = "2010-12-01/2010-12-02"


@pytest.fixture(scope="module")
def tasks():
    from riskloom.orchestrate import tasks

    return tasks


@pytest.fixture
def project(tmp_path):
    """Two sources, of which the second has a declared span, and a view of each."""
    paths = {name: tmp_path / name for name in ("lake", "data", "feature_repo", "state")}
    entity = Entity.of("user", user_name="string")
    made = Project(tmp_path, Settings(name="shop", **paths))
    for name, holds in (("orders", None), ("logins", "2015-01-01/2015-01-03")):
        source = EventSource(
            name=name, files=f"{name}.log", transform=f"{name}:to_events", columns={"user_name": "string"}, holds=holds
        )
        view = FeatureView(
            name=f"user_{name}", entity=entity, source=source, windows=("5m",), aggregations=(aggregate.count(),)
        )
        made.sources[name] = source
        made.views[view.name] = view
    return made


def asked(**params):
    return {"params": {"interval": None, "sources": None, **params}, "triggering_asset_events": {}}


def event(project, layer, name, *intervals):
    from riskloom.orchestrate.assets import asset

    return {asset(project, layer, name): [SimpleNamespace(extra={"interval": interval}) for interval in intervals]}


def test_the_configuration_goes_before_the_events(tasks, project):
    context = asked(interval=DAY, sources=["orders"]) | {
        "triggering_asset_events": event(project, "silver", "logins", "2015-01-01/2015-01-02")
    }
    assert tasks._by_source(project, "features", context) == {"orders": Interval.parse(DAY)}


def test_a_configuration_without_sources_is_for_all(tasks, project):
    assert set(tasks._by_source(project, "features", asked(interval=DAY))) == {"orders", "logins"}


def test_events_of_gold_tables_lead_to_the_source_of_their_view(tasks, project):
    said = event(project, "gold", "user_orders", DAY) | event(project, "gold", "user_logins", "2015-01-01/2015-01-02")
    found = tasks._by_source(project, "materialize", asked() | {"triggering_asset_events": said})
    assert {source: str(interval) for source, interval in found.items()} == {
        "orders": DAY,
        "logins": "2015-01-01/2015-01-02",
    }


def test_only_sources_whose_events_came_take_part(tasks, project):
    context = asked() | {"triggering_asset_events": event(project, "silver", "orders", DAY)}
    assert tasks._by_source(project, "features", context) == {"orders": Interval.parse(DAY)}


def test_a_run_that_nothing_gave_an_interval_is_refused(tasks, project):
    with pytest.raises(OrchestrationError) as error:
        tasks._by_source(project, "features", asked())
    assert str(error.value) == (
        "DAG 'features' was started without an interval: by no asset event and for no date. "
        'Give one in the run configuration, such as {"interval": "2010-12-01/2010-12-05"}.'
    )


def test_an_unknown_source_is_refused(tasks, project):
    with pytest.raises(ProjectError) as error:
        tasks._by_source(project, "features", asked(interval=DAY, sources=["order"]))
    assert str(error.value) == "there is no source 'order'. Did you mean 'orders'?"


def test_an_interval_outside_the_declared_span_is_skipped(tasks, project):
    from airflow.sdk.exceptions import AirflowSkipException

    with pytest.raises(AirflowSkipException) as error:
        tasks.ingest(project, "logins", asked(interval=DAY))
    assert str(error.value) == (
        "nothing to do for 2010-12-01/2010-12-02: logins holds 2015-01-01/2015-01-03. "
        "Give an interval that a source holds."
    )


def test_nothing_to_announce_is_skipped(tasks, project):
    from airflow.sdk.exceptions import AirflowSkipException

    with pytest.raises(AirflowSkipException) as error:
        tasks.register(project, {}, asked())
    assert str(error.value) == "no view reads what has changed"


def test_what_fails_again_is_not_retried(tasks):
    from airflow.sdk.exceptions import AirflowFailException

    with pytest.raises(AirflowFailException) as error, tasks.verdicts():
        raise ValidationFailed("orders: 1 critical expectation failed. See file:///docs/page.html")
    assert str(error.value) == "ValidationFailed: orders: 1 critical expectation failed. See file:///docs/page.html"


def test_what_may_work_later_is_retried(tasks):
    with pytest.raises(ExtractError, match=r"^not there yet$"), tasks.verdicts():
        raise ExtractError("not there yet")


def test_nothing_to_do_is_skipped(tasks):
    from airflow.sdk.exceptions import AirflowSkipException

    with pytest.raises(AirflowSkipException, match=r"^nothing to do for "), tasks.verdicts():
        raise PlanError.nothing_to_do(DAY, {})


def test_what_was_served_is_compared_beside_what_is_and_a_difference_fails(tasks, monkeypatch):
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

    from riskloom.orchestrate import parity_dag
    from riskloom.store.parity import served
    from riskloom.store.parity.compared import Compared, Parity

    dag = parity_dag(root=Path(__file__).parents[3], served=True)
    services = ("login_risk_v1", "order_risk_v1", "traffic_risk_v1")
    assert set(dag.task_ids) == {*services, *(f"{name}_served" for name in services)}
    found = Parity("login_risk_v1", (0, 0), (Compared("one", compared=4, equal=3, missing=1),))
    monkeypatch.setattr(served, "parity_served", lambda *_, **__: found)
    assert tasks.compare_parity(None, "login_risk_v1", 10, 0.25, served=True) is None
    with pytest.raises(
        AirflowFailException, match=r"^25\.0000% of the values of login_risk_v1 differ from its training set$"
    ):
        tasks.compare_parity(None, "login_risk_v1", 10, 0.2, served=True)

    def nothing(*_, **__):
        raise StoreError.nothing_served("login_risk_v1", 0)

    monkeypatch.setattr(served, "parity_served", nothing)
    with pytest.raises(AirflowSkipException, match=r"^service 'login_risk_v1': ops\.served says nothing of it: "):
        tasks.compare_parity(None, "login_risk_v1", 10, 0, served=True)
