"""Plain views and on-demand features over HTTP: at the instant that is asked for, as training has them."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from feast import Field, RequestSource
from feast.on_demand_feature_view import on_demand_feature_view
from feast.types import Float64

from riskloom.lake import served, tables
from riskloom.store.materialize import materialize
from riskloom.store.register import register
from riskloom.store.repo import open_store
from riskloom.tokens import KEYS
from tests.library.serve.conftest import Caller, application_of, columns
from tests.library.store.conftest import at, event
from tests.library.store.known import make_known

pytestmark = pytest.mark.feast
ON_DEMAND = ["user_logins:events_count_1h", "per_login:amount_per_login"]
PROFILE = ["user_profile:tier", "user_logins:events_count_1h"]


@pytest.fixture(scope="module")
def known(make_shop):
    shop = make_known(make_shop().root)
    shop.write([event(m) for m in range(60)], at(60))
    register(shop.project)
    materialize(shop.project)
    store = open_store(shop.repo)
    store.materialize(at(-60), at(60), feature_views=["user_profile", "pair_profile"])
    order = RequestSource(name="order", schema=[Field(name="order_amount", dtype=Float64)])

    @on_demand_feature_view(
        sources=[store.get_feature_view("user_logins"), order],
        schema=[Field(name="amount_per_login", dtype=Float64)],
        mode="python",
    )
    def per_login(inputs):
        if min(inputs["order_amount"], key=lambda amount: amount or 0) == -1.0:
            raise RuntimeError(*inputs["order_amount"], "planted")
        pairs = zip(inputs["order_amount"], inputs["events_count_1h"], strict=True)
        return {"amount_per_login": [amount / (1 + count) for amount, count in pairs]}

    with pytest.warns(RuntimeWarning, match="experimental"):
        store.apply([per_login])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEYS, "k1:" + "61" * 16)
        made = Caller(application_of(shop.repo, lake=str(shop.project.settings.lake), served_share=1.0))
    made.application.load()
    made.repo, made.lake = shop.repo, shop.lake
    return made


def test_request_time_features_are_those_of_training_at_each_instant(known):
    store = open_store(known.repo)
    for minutes in (60, 75.5, 119, 121):
        keys = {"user_name": ["ann", "zoe"], "order_amount": [30.0, 8.0]}
        answer = columns(known.ask({"features": ON_DEMAND, "entities": keys, "at": at(minutes).isoformat()}))
        rows = pd.DataFrame({**keys, "event_timestamp": [at(minutes)] * 2})
        trained = store.get_historical_features(features=ON_DEMAND, entity_df=rows).to_df()
        for name in ("events_count_1h", "amount_per_login"):
            assert answer[name]["values"] == trained[name].tolist(), (minutes, name)
        assert answer["events_count_1h"]["statuses"] == ["PRESENT", "NOT_FOUND"]
    # Without an instant the clock says it, as to plain Feast: here it is the watermark.
    found = store.get_online_features(
        ON_DEMAND, [{"user_name": "ann", "order_amount": 30.0}, {"user_name": "zoe", "order_amount": 8.0}]
    ).to_dict()
    answer = columns(known.ask({"features": ON_DEMAND, "entities": keys}))
    assert {name: column["values"] for name, column in answer.items()} == {name: found[name] for name in answer}
    # Of the sample, the windowed view is what can be computed once more.
    known.application._sample.write()
    kept = tables.read(known.lake.ops(served.TABLE), ["at", "view", "values"]).to_pylist()
    assert [(row["at"], row["view"]) for row in kept[:2]] == [(at(60), "user_logins")] * 2
    assert json.loads(kept[2]["values"])["events_count_1h"] == 45


def test_rows_of_plain_views_are_valid_from_their_time_until_their_ttl(known):
    asked = {"features": PROFILE, "entities": {"user_name": ["ann", "zoe"]}}

    def tier(minutes):
        found = columns(known.ask({**asked, "at": at(minutes).isoformat()}))["tier"]
        return list(zip(found["values"], found["statuses"], strict=True))

    nobody = (None, "NOT_FOUND")
    assert tier(9.9) == [(None, "NULL_VALUE"), nobody]
    assert tier(10) == tier(70) == [("silver", "PRESENT"), nobody]
    assert tier(70.1) == [(None, "OUTSIDE_MAX_AGE"), nobody]
    text = known.get("/metrics").text
    assert 'riskloom_entities_total{result="hit",view="user_profile"} 4.0' in text
    assert 'riskloom_entities_total{result="miss",view="user_profile"} 4.0' in text


ANN = {"user_name": ["ann"]}
OTHER_TYPE = "key 'user_name' is string, but a value of it is "
BAD = {
    "key": ({"user": ["ann"]}, 404, "there is no key 'user'. Did you mean 'user_name'?"),
    "more": ({**ANN, "device_id": ["x"]}, 404, "there is no key 'device_id'. Available: user_name."),
    "null": ({"user_name": [None]}, 422, "a value of key 'user_name' is null. Give one for each row."),
    "number": ({"user_name": [1]}, 422, OTHER_TYPE + "a whole number."),
    "list": ({"user_name": [["ann"]]}, 422, OTHER_TYPE + "a list."),
    "object": ({"user_name": [{"ann": 1}]}, 422, OTHER_TYPE + "an object."),
    "beyond": ({"user_name": [2**63]}, 422, OTHER_TYPE + "a number beyond 64 bits."),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_keys_are_refused(known, case):
    entities, status, text = BAD[case]
    answer = known.ask({"features": PROFILE, "entities": entities})
    assert (answer.status_code, answer.json()["detail"]) == (status, text)


def test_what_an_on_demand_view_takes_from_the_request_must_be_there(known, caplog):
    lacking = "Required request data source features ['order_amount'] not found in the entity rows, but required by feature views"
    for entities, status, text in (
        (ANN, 404, lacking),
        ({"order_amount": [1.0]}, 422, "entities has no 'user_name', which the views are keyed by. Give its values."),
        (
            {**ANN, "order_amount": [None]},
            422,
            "Feast refuses the request: unsupported operand type(s) for /: 'NoneType' and 'int'",
        ),
        # What the project's own function makes of it is its own matter; neither answer nor log quotes a value.
        ({**ANN, "order_amount": [-1.0]}, 500, "the request failed, and the server's log says why."),
    ):
        answer = known.ask({"features": ON_DEMAND, "entities": entities})
        assert (answer.status_code, answer.json()["detail"]) == (status, text)
    assert "/get-online-features failed: RuntimeError" in caplog.text
    assert "in per_login" in caplog.text
    assert "planted" not in caplog.text
