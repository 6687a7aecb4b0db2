"""The catalogue of features: what each says of itself, and which serve a risk."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from riskloom import BatchFeatureView, Csv, Entity, EventSource, FeatureView, Filter, LabelSource, aggregate
from riskloom.declare.encode import label_from_dict, label_to_dict, view_from_dict, view_to_dict
from riskloom.errors import DeclarationError, ProjectError
from riskloom.plan.catalogue import features_of
from riskloom.plan.fingerprint import source_fingerprint, view_fingerprint

ACCOUNT = Entity.of("account", account="string")
ORDERS = EventSource(
    name="orders",
    files="*.csv",
    format=Csv(),
    header=True,
    columns={"account": "string", "gross": "int64", "paid": "bool", "city": "string", "known_at": "timestamp"},
    units={"gross": "cents"},
)
PAID = Filter("paid", "paid")
VIEW = FeatureView(
    name="account_orders",
    entity=ACCOUNT,
    source=ORDERS,
    windows=("1d",),
    owner="orders",
    risks=("coupon", "refund"),
    aggregations=(
        aggregate.sum("gross", where=PAID),
        aggregate.ratio(aggregate.count(where=PAID), aggregate.count()),
        aggregate.last("city"),
        aggregate.zscore("gross", baseline="30d"),
        aggregate.time_since_last(delay="1d"),
    ),
)
BATCH = BatchFeatureView(
    name="account_graph",
    entity=ACCOUNT,
    table="graph",
    columns={"degree": "int64", "hub": "bool"},
    timestamp="available_ts",
    units={"degree": "accounts"},
    risks=("coupon",),
)


def project(*views, batch=()):
    """As much of a project as the catalogue asks for."""
    return SimpleNamespace(
        views={view.name: view for view in views}, batch_views={view.name: view for view in batch}, services={}
    )


def test_each_feature_says_its_unit_and_what_it_is():
    rows = features_of(project(VIEW, batch=[BATCH]))
    assert [(row["feature"], row["unit"], row["description"]) for row in rows] == [
        ("paid_gross_sum_1d", "cents", "sum of gross of paid events in the last 1d"),
        (
            "paid_events_count_1d_per_events_count_1d",
            "share",
            "number of paid events in the last 1d divided by the number of events in the last 1d",
        ),
        ("city_last_1d", "text", "newest city in the last 1d"),
        ("gross_zscore30d_1d", "standard deviations", "mean of gross beside that of its baseline in the last 1d"),
        (
            "events_time_since_last_1d_delay1d",
            "seconds",
            "time since the newest of events in the last 1d, up to 1d ago",
        ),
        ("degree", "accounts", "degree of the newest row"),
        ("hub", "true or false", "hub of the newest row"),
    ]


def test_a_risk_chooses_views():
    other = replace(VIEW, name="others", risks=("refund",))
    assert {row["view"] for row in features_of(project(VIEW, other, batch=[BATCH]), "coupon")} == {
        "account_orders",
        "account_graph",
    }
    with pytest.raises(ProjectError, match=r"^there is no risk 'cupon'\. Did you mean 'coupon'\?$"):
        features_of(project(VIEW), "cupon")


def test_what_is_for_people_rebuilds_nothing():
    said = replace(VIEW, risks=(), source=replace(ORDERS, units={}))
    assert view_fingerprint(said) == view_fingerprint(VIEW)
    assert source_fingerprint(replace(ORDERS, units={}), None) == source_fingerprint(ORDERS, None)
    assert view_from_dict(view_to_dict(VIEW)) == VIEW


def test_a_label_of_a_source_with_a_format_is_read_back():
    label = LabelSource(name="late", entity=ACCOUNT, source=ORDERS, value="paid", available="known_at")
    assert label_from_dict(label_to_dict(label)) == label


def test_units_of_unknown_columns_are_refused():
    with pytest.raises(
        DeclarationError, match=r"^source 'orders': there is no column 'gros'\. Did you mean 'gross'\?$"
    ):
        replace(ORDERS, units={"gros": "cents"})
    with pytest.raises(
        DeclarationError, match=r"^view 'account_graph', units: there is no column 'x'\. Available: .*$"
    ):
        replace(BATCH, units={"x": "cents"})
