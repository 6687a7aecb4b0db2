from __future__ import annotations

from types import SimpleNamespace

import pytest

from riskloom.errors import OrchestrationError
from riskloom.intervals import Interval

pytestmark = pytest.mark.airflow

TWO_DAYS = Interval.parse("2010-12-01/2010-12-03")


@pytest.fixture(scope="module")
def request_module():
    from riskloom.orchestrate import request

    return request


def test_no_interval_in_the_configuration_is_none(request_module):
    assert request_module.asked_interval("orders", {"interval": None}) is None
    assert request_module.asked_interval("orders", {}) is None


def test_the_configuration_names_an_interval(request_module):
    assert request_module.asked_interval("orders", {"interval": "2010-12-01/2010-12-03", "sources": None}) == TWO_DAYS


def test_a_replay_is_of_a_reason_or_of_all(request_module):
    assert request_module.asked_replay("orders", {"interval": None, "replay": None}) is None
    assert request_module.asked_replay("orders", {"replay": "no_timestamp"}) == "no_timestamp"
    with pytest.raises(OrchestrationError) as caught:
        request_module.asked_replay("orders", {"replay": True})
    assert str(caught.value) == (
        "DAG 'orders', configuration 'replay': True is no reason. Write one as `riskloom status` shows it, or \"all\"."
    )


@pytest.mark.parametrize(
    ("params", "text"),
    [
        (
            {"intervall": "2010-12-01/2010-12-03"},
            "DAG 'orders': its run configuration has no key 'intervall'. Did you mean 'interval'?",
        ),
        (
            {"interval": "2010-12-01"},
            "DAG 'orders', configuration 'interval': '2010-12-01' is not an interval. "
            "Write START/END, the end not included, such as 2010-12-01/2010-12-05.",
        ),
        (
            {"interval": 20101201},
            "DAG 'orders', configuration 'interval': 20101201 is not an interval. "
            "Write START/END, the end not included, such as 2010-12-01/2010-12-05.",
        ),
        (
            {"interval": "2010-12-03/2010-12-01"},
            "DAG 'orders', configuration 'interval': interval 2010-12-03/2010-12-01 is reversed: "
            "it ends before it starts. Swap the two.",
        ),
        (
            {"interval": "2010-12-03/2010-12-03"},
            "DAG 'orders', configuration 'interval': interval 2010-12-03/2010-12-03 is empty: "
            "its end is its start. The end is not included; give a later one.",
        ),
        (
            {"interval": "2010-12-01T08:00:00/2010-12-03"},
            "DAG 'orders', configuration 'interval': interval: 2010-12-01 08:00:00 has no time zone. "
            "Give UTC, such as 2010-12-01T08:00:00Z, or an aware datetime.",
        ),
    ],
)
def test_a_bad_interval_is_refused(request_module, params, text):
    with pytest.raises(OrchestrationError) as error:
        request_module.asked_interval("orders", params)
    assert str(error.value) == text


def test_sources_are_named_or_all(request_module):
    assert request_module.asked_sources("features", {}) is None
    assert request_module.asked_sources("features", {"sources": ["orders"]}) == ["orders"]


@pytest.mark.parametrize("value", ["orders", [], [1]])
def test_bad_sources_are_refused(request_module, value):
    with pytest.raises(OrchestrationError) as error:
        request_module.asked_sources("features", {"sources": value})
    assert str(error.value) == (
        f"DAG 'features', configuration 'sources': {value!r} is no list of sources. Write one, such as [\"orders\"]."
    )


@pytest.mark.parametrize(
    ("extra", "why"),
    [
        (None, "it carries no interval."),
        ({}, "it carries no interval."),
        (
            {"interval": "yesterday"},
            "'yesterday' is not an interval. Write START/END, the end not included, such as 2010-12-01/2010-12-05.",
        ),
    ],
)
def test_an_event_must_say_its_interval(request_module, extra, why):
    with pytest.raises(OrchestrationError) as error:
        request_module.event_interval("silver.orders", extra)
    assert str(error.value) == (
        f'an event of asset \'silver.orders\': {why} Its extra must be {{"interval": "START/END", "delta_version": N}}.'
    )


def test_a_run_without_dates_has_no_data_interval(request_module):
    assert request_module.data_interval({}) is None
    assert request_module.data_interval({"data_interval_start": None, "data_interval_end": None}) is None


def test_the_data_interval_of_a_scheduled_run(request_module):
    from airflow.sdk import timezone

    context = {
        "data_interval_start": timezone.datetime(2010, 12, 1),
        "data_interval_end": timezone.datetime(2010, 12, 3),
    }
    assert request_module.data_interval(context) == TWO_DAYS


def test_several_events_of_a_table_are_covered_by_one_interval(request_module):
    from airflow.sdk import Asset, AssetAlias

    days = ("2010-12-02/2010-12-03", "2010-12-01/2010-12-02")
    events = [SimpleNamespace(extra={"interval": day}) for day in days]
    asset = Asset(name="gold.customer_orders", uri="riskloom://shop/gold/customer_orders")
    found = request_module.triggering(
        {"triggering_asset_events": {asset: events, AssetAlias(name="shop.gold"): events}}
    )
    assert found == {"gold.customer_orders": TWO_DAYS}
