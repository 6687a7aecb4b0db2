"""Twenty orders, every feature value worked out by hand, through the whole path: files to training set and online read."""

from __future__ import annotations

import json
import math

import pytest

from riskloom.intervals import Interval, to_datetime, to_micros
from riskloom.project import Project

pytestmark = [pytest.mark.spark, pytest.mark.feast]

WATERMARK = "2024-03-03T00:00:00Z"
MEASURES = (
    "events_count",
    "paid_events_count",
    "amount_sum",
    "amount_mean",
    "amount_min",
    "amount_max",
    "amount_stddev",
    "weight_sum",
    "product_first",
    "product_last",
    "product_count_distinct",
    "events_time_since_last",
    "ratio",
)
NONE = (0, 0, None, None, None, None, None, None, None, None, 0, None, None)
ONE_PIECE = (1, 1, 100, 100.0, 100, 100, None, 1.5, "23", "23", 1, 1800.0, 1.0)
# (customer, instant): values over the last hour, values over the last day.
CUSTOMERS = {
    # The first order is at this very instant, so it is out.
    ("1", "2024-03-01T08:00:00Z"): (NONE, NONE),
    # o01; o02 and o03 are ties of the instant.
    ("1", "2024-03-01T08:30:00Z"): (ONE_PIECE, ONE_PIECE),
    # Hour: o02 o03 o05. The tie of o02 and o03 goes by order number; o05 has no product and no amount.
    ("1", "2024-03-01T09:15:00Z"): (
        (3, 2, 500, 250.0, 200, 300, math.sqrt(5000), 1.5, "23", "3", 2, 900.0, 2 / 3),
        (4, 3, 600, 200.0, 100, 300, 100.0, 3.0, "23", "3", 2, 900.0, 0.75),
    ),
    # Hour: o14. Day, from 08:30 on, included: o02 o03 o05 o07 o10 o13 (late) o12 o14; the weight of o07 is NaN.
    ("1", "2024-03-02T08:30:00Z"): (
        (1, 1, 20, 20.0, 20, 20, None, 2.0, "23", "23", 1, 1801.0, 1.0),
        (8, 6, 940, 940 / 7, -50, 400, math.sqrt((296_600 - 940**2 / 7) / 6), 9.0, "23", "23", 2, 1801.0, 0.75),
    ),
    # Hour: o19 o20. Day: o12 (at its first instant) o14 o16 o19 o20; o17 is in quarantine.
    ("1", WATERMARK): (
        (2, 1, 16, 8.0, 7, 9, math.sqrt(2), 1.0, "3", "23", 2, 30.0, 0.5),
        (5, 3, 86, 17.2, 7, 40, math.sqrt(187.7), 5.0, "3", "23", 2, 30.0, 0.6),
    ),
    # Day: o04; o08 and o09 are ties of the instant.
    ("12", "2024-03-01T10:00:00Z"): (NONE, (1, 1, 50, 50.0, 50, 50, None, 2.0, "3", "3", 1, 4500.0, 1.0)),
    # Day: o15 o18.
    ("12", WATERMARK): (NONE, (2, 2, 110, 55.0, 30, 80, math.sqrt(1250), 3.5, "3", "3", 1, 5400.0, 1.0)),
    ("2", WATERMARK): (NONE, NONE),
}
# (customer, product, instant): count and sum over the last day. "1" + "23" and "12" + "3" are two keys.
PAIRS = {
    ("1", "23", "2024-03-01T12:00:00Z"): (3, 350),
    ("12", "3", "2024-03-01T12:00:00Z"): (3, 150),
    ("1", "23", WATERMARK): (3, 69),
    ("12", "3", WATERMARK): (2, 110),
    ("12", "23", "2024-03-01T12:00:00Z"): (0, None),
}


def feature_values(hour: tuple, day: tuple) -> dict:
    values = {}
    for window, row in (("1h", hour), ("1d", day)):
        for measure, value in zip(MEASURES, row, strict=True):
            name = f"paid_events_count_{window}_per_events_count" if measure == "ratio" else measure
            values[f"{name}_{window}"] = value
    return values


EXPECTED = {
    "customer_check_v1": [
        ({"customer_id": customer}, at, feature_values(hour, day)) for (customer, at), (hour, day) in CUSTOMERS.items()
    ],
    "pair_check_v1": [
        ({"customer_id": customer, "product": product}, at, {"events_count_1d": count, "amount_sum_1d": total})
        for (customer, product, at), (count, total) in PAIRS.items()
    ],
}
SERVICES = tuple(EXPECTED)


@pytest.fixture(scope="module")
def project(tmp_path_factory, spark, hand_worked_project):
    from riskloom.plan import build
    from riskloom.run import execute

    root = hand_worked_project(tmp_path_factory.mktemp("hand_worked"))
    project = Project.load(root)
    report = execute(project, build(project, Interval.parse("2024-03-01/2024-03-03")))
    return project, report


def test_every_line_and_record_is_accounted_for(project):
    record = project[1].sources["orders"]
    assert (record.lines_in, record.record, record.header, record.blank, record.ignored, record.continuation) == (
        25,
        22,
        2,
        1,
        0,
        0,
    )
    assert (
        record.records,
        record.extra_events,
        record.published,
        record.duplicates,
        record.quarantined,
        record.held,
    ) == (22, 0, 19, 1, 2, 0)
    assert dict(record.reasons) == {"no_timestamp": 1, "amount_plausible": 1}


@pytest.mark.parametrize("service", SERVICES)
def test_the_training_set_has_the_values_worked_out_by_hand(project, service):
    from riskloom import build_training_set

    spine = [{**keys, "event_timestamp": to_datetime(to_micros(at))} for keys, at, _ in EXPECTED[service]]
    rows = build_training_set(service, spine, project=project[0].root, output="arrow").to_pylist()
    assert len(rows) == len(spine)
    for row, given, (_, _, values) in zip(rows, spine, EXPECTED[service], strict=True):
        assert row == {**given, **values}


@pytest.mark.parametrize("service", SERVICES)
def test_spark_gives_the_same_training_set(project, service, spark):
    from riskloom import build_training_set

    spine = [{**keys, "event_timestamp": to_datetime(to_micros(at))} for keys, at, _ in EXPECTED[service]]
    near = build_training_set(service, spine, project=project[0].root, output="arrow")
    far = build_training_set(service, spine, project=project[0].root, output="arrow", runner="spark")
    assert near.to_pylist() == far.to_pylist()


@pytest.mark.parametrize("service", SERVICES)
def test_the_online_read_at_the_watermark_has_the_values_worked_out_by_hand(project, service):
    from riskloom import OnlineFeatures

    client = OnlineFeatures.connect(project[0].settings.feature_repo)
    for keys, at, values in EXPECTED[service]:
        if at == WATERMARK:
            assert client.get(service, keys, at=to_datetime(to_micros(at))).values == values


@pytest.mark.parametrize("service", SERVICES)
def test_plain_feast_gives_the_same(project, service, monkeypatch):
    import pandas as pd
    from feast import FeatureStore

    # Feast takes the registry's relative path from where it is run.
    monkeypatch.chdir(project[0].settings.feature_repo)
    store = FeatureStore(repo_path=".")
    spine = pd.DataFrame([{**keys, "event_timestamp": to_datetime(to_micros(at))} for keys, at, _ in EXPECTED[service]])
    rows = store.get_historical_features(spine, store.get_feature_service(service)).to_arrow().to_pylist()
    for row, (keys, _, values) in zip(rows, EXPECTED[service], strict=True):
        assert {name: row[name] for name in values} == values, keys


def test_a_second_run_commits_nothing(project):
    from riskloom.lake import tables
    from riskloom.lake.paths import Lake
    from riskloom.plan import build
    from riskloom.run import execute

    declared, first = project
    lake = Lake(declared.settings.lake)
    places = [
        lake.bronze("orders"),
        lake.silver("orders"),
        lake.quarantine("orders"),
        lake.gold("customer_orders"),
        lake.gold("pair_orders"),
    ]
    before = [tables.version(place) for place in places]
    again = execute(declared, build(declared, Interval.parse("2024-03-01/2024-03-03")))
    assert [tables.version(place) for place in places] == before
    counts = ("lines_in", "record", "records", "published", "duplicates", "quarantined", "held")
    assert [getattr(again.sources["orders"], name) for name in counts] == [
        getattr(first.sources["orders"], name) for name in counts
    ]
    assert again.sources["orders"].changed == 0
    assert json.dumps(again.as_data())
