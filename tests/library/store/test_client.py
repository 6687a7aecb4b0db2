"""What else the scorer's client gives: plain views with their ttl, asynchronous reads, tables and arrays."""

from __future__ import annotations

import asyncio
import re

import numpy as np
import pyarrow as pa
import pytest
from feast import FeatureService, FeatureView, Field, FileSource
from feast.on_demand_feature_view import on_demand_feature_view
from feast.types import Float32, Int64, String

from riskloom.errors import StoreError
from riskloom.intervals import to_datetime, to_micros
from riskloom.store.client import OnlineFeatures
from riskloom.store.materialize import materialize
from riskloom.store.register import register
from riskloom.store.repo import open_store
from riskloom.store.training import build_training_set
from tests.library.store.conftest import at
from tests.library.store.known import make_known

pytestmark = pytest.mark.feast
KEYS = {"user_name": "ann", "device_id": "1", "account_id": "23"}


def whole(text):
    return f"^{re.escape(text)}$"


@pytest.fixture(scope="module")
def known(make_shop):
    shop = make_known(make_shop(clock="2010-12-01T09:00:00Z").root)
    register(shop.project)
    materialize(shop.project)
    open_store(shop.repo).materialize(at(-60), at(60), feature_views=["user_profile", "pair_profile"])
    return shop


@pytest.fixture(scope="module")
def client(known):
    return OnlineFeatures.connect(known.repo)


def test_plain_views_are_read_beside_windowed_ones_as_they_are_trained(known, client):
    rows = [KEYS, {**KEYS, "user_name": "zoe", "account_id": "3"}]
    for instant in (at(60), at(70), at(71)):
        spine = [{**keys, "event_timestamp": instant} for keys in rows]
        trained = build_training_set("known_v1", spine, project=known.project, output="arrow").to_pylist()
        for row, wanted in zip(client.get_many("known_v1", rows, instant), trained, strict=True):
            assert row.values == {name: wanted[name] for name in row.values}
    (ann, zoe) = client.get_many("known_v1", rows, at(70))
    assert (ann.values["tier"], ann.statuses["tier"]) == ("silver", "present")
    assert ann.values["since"] == at(0)
    assert (zoe.values["tier"], zoe.statuses["tier"]) == (None, "not_found")
    late = client.get("known_v1", KEYS, to_datetime(to_micros(at(70)) + 1))
    assert (late.values["tier"], late.statuses["tier"]) == (None, "outside_max_age")
    early = client.get("profile_v1", {"user_name": "ann"}, at(9))
    assert (early.values["tier"], early.statuses["tier"]) == (None, "before_state")
    # No ttl, no end.
    assert client.get("pair_profile_v1", {"device_id": "1", "account_id": "23"}, at(6000)).values == {"trust": 0.1}


def test_plain_feast_enforces_the_ttl_by_the_clock(known):
    past = "2010-12-01T09:10:01Z"
    for clock, tier in (
        ("2010-12-01T09:10:00Z", "silver"),
        (past, None),
        (f"{past}, enforce_ttl: true", None),
        (f"{past}, enforce_ttl: false", "silver"),
    ):
        path = known.repo / "feature_store.yaml"
        text = path.read_text()
        path.write_text(re.sub("clock: .*", "clock: " + clock.replace(", ", "\n  "), text))
        store = open_store(known.repo)
        path.write_text(text)
        service = store.get_feature_service("profile_v1")
        found = store.get_online_features(service, [{"user_name": "ann"}])
        assert found.to_dict()["tier"] == [tier]


def test_reads_and_pushes_may_be_awaited(client):
    async def both():
        one = client.aget("known_v1", KEYS, at(60))
        return await asyncio.gather(one, client.aget_many("known_v1", [KEYS], at(60)))

    one, (many,) = asyncio.run(both())
    assert one.values == many.values == client.get("known_v1", KEYS, at(60)).values


@pytest.mark.filterwarnings("ignore:On demand feature view is an experimental feature:RuntimeWarning")
def test_what_the_client_does_not_read_it_names(known):
    store = open_store(known.repo)
    profile = store.get_feature_view("user_profile")

    @on_demand_feature_view(sources=[profile], schema=[Field(name="twice", dtype=Int64)], mode="python")
    def doubled(inputs):
        return {"twice": [2 * value for value in inputs["limit"]]}

    trust = FeatureView(
        name="narrow",
        entities=[store.get_entity("user_name")],
        schema=[Field(name="user_name", dtype=String), Field(name="level", dtype=Float32)],
        source=FileSource(name="narrow", path="narrow.parquet", timestamp_field="event_timestamp"),
    )
    services = [
        FeatureService(name="doubled_v1", features=[doubled]),
        FeatureService(name="narrow_v1", features=[trust]),
    ]
    store.apply([doubled, trust, *services])
    client = OnlineFeatures.connect(known.repo)
    message = (
        "view 'doubled' is an on-demand view of Feast's, which takes values of the request. Read its service by "
        "FeatureStore.get_online_features: the views below it are read from the same states."
    )
    with pytest.raises(StoreError, match=whole(message)):
        client.get("doubled_v1", {"user_name": "ann"}, at(60))
    with pytest.raises(
        StoreError, match=r"^view 'narrow': 'level' is Float32, which the client does not give\. Declare"
    ):
        client.columns("narrow_v1")


def test_answers_are_given_as_tables_and_arrays_in_the_order_of_training_sets(known, client):
    rows = client.get_many("known_v1", [KEYS, {**KEYS, "account_id": "3"}], at(60))
    table = client.to_arrow("known_v1", rows)
    assert dict(zip(table.column_names, table.schema.types, strict=True)) == {
        "tier": pa.string(),
        "limit": pa.int64(),
        "since": pa.timestamp("us", "UTC"),
        "events_count_1h": pa.int64(),
        "trust": pa.float64(),
    }
    spine = [{**KEYS, "event_timestamp": at(60)}]
    trained = build_training_set("known_v1", spine, project=known.project, output="arrow")
    assert table.column_names == [name for name in trained.column_names if name in table.column_names]
    assert table.to_pylist() == [row.values for row in rows]
    message = "service 'known_v1': 'tier' is string, and an array holds numbers and booleans. Use to_arrow."
    with pytest.raises(StoreError, match=whole(message)):
        client.to_numpy("known_v1", rows)
    pairs = [{name: keys[name] for name in ("device_id", "account_id")} for keys in (KEYS, {**KEYS, "account_id": "3"})]
    array = client.to_numpy("pair_profile_v1", client.get_many("pair_profile_v1", pairs, at(60)))
    assert array.dtype == np.float64
    assert array.shape == (2, 1)
    assert array[0, 0] == 0.1
    assert np.isnan(array[1, 0])
    assert client.to_numpy("pair_profile_v1", []).shape == (0, 1)
