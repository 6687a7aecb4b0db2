"""Whoever asks names entities as the raw files do: training sets, Feast's own calls and online reads find their tokens."""

from __future__ import annotations

import pyarrow as pa
import pytest

from riskloom import build_training_set
from riskloom.intervals import to_datetime, to_micros
from riskloom.store.repo import open_store
from riskloom.tokens import Ring

pytestmark = [pytest.mark.spark, pytest.mark.feast]

AT = "2024-05-03T00:00:00Z"
COLUMNS = ("customer_messages__events_count_1d", "customer_messages__amount_sum_1d", "customer_orders__events_count_1d")
# On the second day: a message and an order of each.
WANTED = {"anna": (1, 17, 1), "ben": (1, 19, 1), "nobody": (0, None, 0)}


def spine(planted):
    names = [planted.anna, planted.ben, "nobody"]
    at = pa.array([to_datetime(to_micros(AT))] * 3, pa.timestamp("us", "UTC"))
    return pa.table({"customer_id": names, "event_timestamp": at})


def of_columns(rows, prefix=""):
    return [tuple(row[f"{prefix}{column}"] for column in COLUMNS) for row in rows]


def test_training_sets_and_online_reads_take_raw_identifiers(shop_that_ran, planted, keys):
    wanted = list(WANTED.values())
    asked = spine(planted)
    table = build_training_set("customer_v1", asked, project=shop_that_ran.root, output="arrow")
    assert of_columns(table.to_pylist()) == wanted
    assert table["customer_id"].to_pylist() == asked["customer_id"].to_pylist()
    online = [shop_that_ran.online("customer_v1", customer_id=name) for name in asked["customer_id"].to_pylist()]
    assert of_columns(online) == wanted
    feast = open_store(shop_that_ran.root / "feature_repo")
    service = feast.get_feature_service("customer_v1")
    offline = feast.get_historical_features(asked.to_pandas(), service, full_feature_names=True).to_arrow().to_pylist()
    assert of_columns(sorted(offline, key=lambda row: row["customer_id"])) == sorted(wanted, key=lambda row: -row[0])
    # A token is an identifier too.
    token = Ring.required("the test").token(planted.anna)
    assert shop_that_ran.online("customer_v1", customer_id=token) == online[0]


def test_a_newer_key_in_the_ring_orphans_nothing(shop_that_ran, planted, newer_keys):
    online = shop_that_ran.online("customer_v1", customer_id=planted.anna)
    assert of_columns([online]) == [WANTED["anna"]]
    table = build_training_set("customer_v1", spine(planted), project=shop_that_ran.root, output="arrow")
    assert of_columns(table.to_pylist()) == list(WANTED.values())
