from __future__ import annotations

import random
import re
import sqlite3

import pytest
from feast.infra.online_stores.online_store import OnlineStore
from feast.protos.feast.serving.ServingService_pb2 import FieldStatus

from riskloom.errors import StoreError, TimeError
from riskloom.lake.paths import Lake
from riskloom.store.client import OnlineFeatures
from riskloom.store.materialize import materialize
from riskloom.store.register import register
from riskloom.store.repo import open_store
from riskloom.store.training import build_training_set
from tests.library.store.conftest import at, event

pytestmark = pytest.mark.feast
ANN = {"user_name": "ann"}
KEYS = {**ANN, "device_id": "d1", "account_id": "a1"}


def whole(text):
    return f"^{re.escape(text)}$"


def serve(shop, rows, watermark):
    shop.write(rows, watermark)
    register(shop.project)
    materialize(shop.project)
    return OnlineFeatures.connect(shop.repo)


def values(row):
    return {name: (value, row.statuses[name]) for name, value in row.values.items()}


def near(value):
    """Doubles are folded in another order online: 1e-9 of their size is allowed. All else is equal."""
    return pytest.approx(value, rel=1e-9) if isinstance(value, float) else value


def test_online_equals_training_at_the_watermark_and_after(make_shop):
    shop = make_shop()
    chance = random.Random(11)
    rows = [
        event(
            round(chance.uniform(-120, 60), chance.choice([0, 3])),
            event_id=str(index),
            user_name=chance.choice(["ann", "bob", "cid"]),
            device_id=chance.choice(["1", "12"]),
            account_id=chance.choice(["23", "3"]),
            action=chance.choice(["failed", "accepted", None]),
            amount=chance.choice([None, 1, 2**40]),
            score=chance.choice([None, 0.1, float("nan"), -3e300]),
        )
        for index in range(400)
    ]
    client = serve(shop, rows, at(60))
    asked = [
        {"user_name": user, "device_id": device, "account_id": account}
        for user in ("ann", "bob", "cid", "zoe")
        for device, account in (("1", "23"), ("12", "3"), ("1", "3"), ("123", ""))
    ]
    for instant in (at(60), at(60.5), at(64), at(119.99), at(121)):
        online = client.get_many("login_v1", asked, instant)
        spine = [{**keys, "event_timestamp": instant} for keys in asked]
        training = build_training_set("login_v1", spine, project=shop.project, output="arrow").to_pylist()
        for row, trained in zip(online, training, strict=True):
            assert row.values == {name: near(trained[name]) for name in row.values}


def test_a_window_falls_to_zero_without_a_write(make_shop):
    client = serve(make_shop(), [event(0), event(59, action="failed")], at(60))
    assert client.get("user_v1", ANN, at(60)).values["events_count_1h"] == 2
    # Hops of a minute: the first event leaves when the window's start has passed it.
    assert client.get("user_v1", ANN, at(61)).values["events_count_1h"] == 1
    row = client.get("user_v1", ANN, at(120))
    assert values(row)["events_count_1h"] == (0, "present")
    assert values(row)["action_last_1h"] == (None, "null")


def test_the_clock_of_the_repository_is_used_where_no_instant_is_given(make_shop):
    rows = [event(0), event(59)]
    row = serve(make_shop(), rows, at(60)).get("user_v1", ANN)
    assert (row.at, row.watermark) == ({"user_logins": at(60)}, {"user_logins": at(60)})
    assert row.values["events_count_1h"] == 2
    fixed = serve(make_shop(clock="2010-12-01T09:30:00Z"), rows, at(60)).get("user_v1", ANN)
    assert fixed.at == {"user_logins": at(90)}
    assert values(fixed)["events_count_1h"] == (1, "present")
    wall = serve(make_shop(clock="wall"), rows, at(60)).get("user_v1", ANN)
    assert values(wall)["events_count_1h"] == (0, "outside_max_age")


def test_a_clock_that_is_no_instant_is_refused(make_shop):
    message = "online_store.clock: 'noon' is not 'wall', 'watermark' or an instant such as 2010-12-24T00:00:00Z."
    with pytest.raises(StoreError, match=whole(message)):
        open_store(make_shop(clock="noon").repo)


def test_a_key_never_seen_has_the_values_of_no_events(make_shop):
    shop = make_shop()
    client = serve(shop, [event(0)], at(60))
    row = client.get("user_v1", {"user_name": "zoe"})
    assert set(row.statuses.values()) == {"not_found"}
    expected = build_training_set(
        "user_v1", [{"user_name": "zoe", "event_timestamp": at(60)}], project=shop.project, output="arrow"
    )
    assert row.values == {name: value for name, value in expected.to_pylist()[0].items() if name in row.values}
    # Not found goes before outside max age.
    assert set(client.get("user_v1", {"user_name": "zoe"}, at(600)).statuses.values()) == {"not_found"}


def test_staleness_is_of_the_view_and_not_of_the_entity(make_shop):
    client = serve(make_shop(), [event(-50)], at(60))
    assert client.get("user_v1", ANN, at(180)).statuses["events_count_1h"] == "not_found"
    client = serve(make_shop(), [event(1)], at(60))
    assert client.get("user_v1", ANN, at(180)).statuses["events_count_1h"] == "present"
    stale = client.get("user_v1", ANN, at(180.001))
    assert values(stale)["events_count_1h"] == (0, "outside_max_age")


def test_an_instant_before_the_state_is_null(make_shop):
    client = serve(make_shop(), [event(0)], at(60))
    for name in ("ann", "zoe"):
        row = client.get("user_v1", {"user_name": name}, at(59.999))
        assert set(values(row).values()) == {(None, "before_state")}


def test_nothing_materialized_is_null(make_shop):
    shop = make_shop()
    shop.write([event(0)], at(60))
    register(shop.project)
    row = OnlineFeatures.connect(shop.repo).get("user_v1", ANN, at(60))
    assert set(values(row).values()) == {(None, "before_state")}
    assert row.watermark == {"user_logins": None}


def test_a_window_that_reaches_into_what_was_left_out_is_saturated(make_shop):
    rows = [event(minutes, event_id=f"{minutes:03}") for minutes in (10, 20, 20, 58, 59)]
    shop = make_shop(max_events=3)
    # An exact window has no tiles: such a view keeps its events.
    shop.redeclare('aggregate.count_distinct("action")', 'aggregate.count_distinct("action", hop="1us")')
    client = serve(shop, [{**row, "event_id": str(i)} for i, row in enumerate(rows)], at(60))
    row = client.get("pair_v1", {"device_id": "d1", "account_id": "a1"})
    assert values(row) == {"events_count_1h": (None, "saturated"), "events_count_5m": (2, "present")}
    # Of two events of one instant the state holds one, so that a window over that instant is not known.
    later = client.get("pair_v1", {"device_id": "d1", "account_id": "a1"}, at(80.5))
    assert values(later)["events_count_1h"] == (None, "saturated")
    assert values(client.get("pair_v1", {"device_id": "d1", "account_id": "a1"}, at(81)))["events_count_1h"] == (
        2,
        "present",
    )


def test_more_events_after_the_cut_than_a_state_may_keep_are_folded_and_earlier_reads_say_so(make_shop):
    rows = [event(minutes, event_id=str(minutes)) for minutes in (10, 61, 62, 63, 64)]
    client = serve(make_shop(max_events=3), rows, at(60))
    keys = {"device_id": "d1", "account_id": "a1"}
    read = [values(client.get("pair_v1", keys, at(minutes)))["events_count_1h"] for minutes in (61, 61.5, 63.5, 65)]
    assert read == [(None, "saturated"), (2, "present"), (4, "present"), (5, "present")]


def test_plain_feast_gives_values_and_all_its_statuses(make_shop):
    shop = make_shop(clock="2010-12-01T11:30:00Z")
    client = serve(shop, [event(0), event(59, number=8, action=None)], at(60))
    store = open_store(shop.repo)
    rows = [{**KEYS, "user_name": name} for name in ("ann", "zoe", "ann")]
    service = store.get_feature_service("login_v1")
    response = store.get_online_features(service, rows, full_feature_names=True)
    by_name = response.to_dict()
    ours = client.get_many("login_v1", rows)
    for name in ours[0].values:
        assert by_name[name] == [row.values[name] for row in ours]
    shown = shown_statuses(response)
    assert shown["user_logins__events_count_1h"] == ["OUTSIDE_MAX_AGE", "NOT_FOUND", "OUTSIDE_MAX_AGE"]
    assert shown["pair_logins__events_count_1h"] == ["PRESENT"] * 3
    early = open_store(make_early(shop))
    shown = shown_statuses(early.get_online_features(early.get_feature_service("user_v1"), [ANN]))
    assert {status for name, (status,) in shown.items() if name != "user_name"} == {"NULL_VALUE"}


def shown_statuses(response):
    vectors = zip(response.proto.metadata.feature_names.val, response.proto.results, strict=True)
    return {name: [FieldStatus.Name(status) for status in vector.statuses] for name, vector in vectors}


def make_early(shop):
    settings = shop.repo / "feature_store.yaml"
    settings.write_text(settings.read_text().replace("11:30", "08:30"))
    return shop.repo


def test_a_null_value_has_its_own_status(make_shop):
    shop = make_shop()
    client = serve(shop, [event(59, amount=None)], at(60))
    assert values(client.get("user_v1", ANN))["amount_sum_1h"] == (None, "null")
    response = open_store(shop.repo).get_online_features(["user_logins:amount_sum_1h"], [ANN])
    assert shown_statuses(response)["amount_sum_1h"] == ["NULL_VALUE"]


def test_the_short_way_of_plain_feast_gives_what_the_long_one_does(make_shop):
    shop = make_shop()
    serve(shop, [event(0), event(59, action=None)], at(60))
    store = open_store(shop.repo)
    store.list_feature_services()
    for name, rows, full in (
        ("login_v1", [KEYS, {**KEYS, "user_name": "zoe"}, KEYS], True),
        ("pair_v1", [{"device_id": "d1", "account_id": "a1"}], False),
        ("number_v1", [{"number": 8}, {"number": 7}], False),
    ):
        asked = (store.config, store.get_feature_service(name), rows, store.registry, store.project, full)
        short = store.provider.online_store.get_online_features(*asked)
        long = OnlineStore.get_online_features(store.provider.online_store, *asked)
        assert type(short) is not type(long)
        for stamps in (False, True):
            assert short.to_dict(stamps) == long.to_dict(stamps)
        assert short.proto.metadata == long.proto.metadata
        assert list(short.proto.results) == list(long.proto.results)
        assert short.to_df().equals(long.to_df())


def test_the_asynchronous_twin_gives_the_same(make_shop):
    import asyncio

    shop = make_shop()
    serve(shop, [event(0), event(59)], at(60))
    store = open_store(shop.repo)
    service = store.get_feature_service("user_v1")
    awaited = asyncio.run(store.get_online_features_async(service, [ANN]))
    assert awaited.to_dict() == store.get_online_features(service, [ANN]).to_dict()


def test_a_null_key_in_plain_feast_is_refused(make_shop):
    shop = make_shop()
    serve(shop, [event(0)], at(60))
    store = open_store(shop.repo)
    with pytest.raises(StoreError, match=whole("a value of key 'user_name' is null. Give one for each row.")):
        store.get_online_features(store.get_feature_service("user_v1"), [ANN, {"user_name": None}])


@pytest.mark.parametrize(
    ("service", "keys", "message"),
    [
        ("usr_v1", ANN, "there is no service 'usr_v1'. Did you mean 'user_v1'?"),
        ("user_v1", {}, "service 'user_v1' needs a value for key 'user_name'; none was given."),
        ("user_v1", {"user_name": None}, "service 'user_v1' needs a value for key 'user_name'; none was given."),
        ("user_v1", {"user": "ann"}, "service 'user_v1' has no key 'user'. Did you mean 'user_name'?"),
        ("user_v1", {"user_name": 7}, "service 'user_v1': key 'user_name' is string, but int was given."),
        ("number_v1", {"number": "7"}, "service 'number_v1': key 'number' is int64, but str was given."),
        ("number_v1", {"number": True}, "service 'number_v1': key 'number' is int64, but bool was given."),
        (
            "number_v1",
            {"number": 2**63},
            "service 'number_v1': key 'number' is int64, but an int of more than 64 bits was given.",
        ),
    ],
)
def test_a_bad_request_is_refused(bad_client, service, keys, message):
    with pytest.raises(StoreError, match=whole(message)):
        bad_client.get(service, keys)


@pytest.fixture(scope="module")
def bad_client(make_shop):
    return serve(make_shop(), [event(0)], at(60))


def test_a_naive_instant_and_a_folder_without_a_repository_are_refused(bad_client, tmp_path):
    message = "at: 2010-12-01 08:00:00 has no time zone. Give UTC, such as 2010-12-01T08:00:00Z, or an aware datetime."
    with pytest.raises(TimeError, match=whole(message)):
        bad_client.get("user_v1", ANN, at(0).replace(tzinfo=None))
    message = f"{tmp_path} holds no feature_store.yaml. Give the project's feature repository, such as 'feature_repo'."
    with pytest.raises(StoreError, match=whole(message)):
        OnlineFeatures.connect(tmp_path)


def test_integer_keys_are_served(make_shop):
    client = serve(make_shop(), [event(0), event(1, number=-7)], at(60))
    assert client.get("number_v1", {"number": -7}, at(60)).values["events_count_1h_hop1us"] == 1


def test_a_sum_that_leaves_int64_is_saturated_for_its_entity_alone(make_shop):
    shop = make_shop()
    # An exact window keeps the events themselves; the other view is packed.
    shop.edit(
        'aggregate.count(hop="1us"), aggregate.stddev("amount")', 'aggregate.count(hop="1us"), aggregate.sum("amount")'
    )
    rows = [event(place, event_id=str(place), amount=2**62) for place in (0, 1, 57)]
    rows.append(event(50, event_id="b", user_name="bob", number=8, amount=3))
    client = serve(shop, rows, at(60))
    ann, bob = client.get_many("user_v1", [ANN, {"user_name": "bob"}], at(60))
    assert values(ann)["amount_sum_1h"] == (None, "saturated")
    assert values(ann)["amount_sum_5m"] == (2**62, "present")
    assert values(ann)["events_count_1h"] == (3, "present")
    assert values(bob)["amount_sum_1h"] == (3, "present")
    seven, eight = client.get_many("number_v1", [{"number": 7}, {"number": 8}], at(60))
    assert values(seven)["amount_sum_1h"] == (None, "saturated")
    assert values(seven)["events_count_1h_hop1us"] == (3, "present")
    assert values(eight)["amount_sum_1h"] == (3, "present")


def test_damaged_bytes_are_refused_and_never_evaluated(make_shop):
    shop = make_shop()
    client = serve(shop, [event(0), event(59)], at(60))
    good = client.get("user_v1", ANN).values
    with sqlite3.connect(shop.online) as connection:
        cells = connection.execute("SELECT key, body FROM riskloom_shop_user_logins WHERE key < X'64' OR key > X'65'")
        cells = cells.fetchall()
    # The mark and one state.
    assert len(cells) == 2
    chance = random.Random(3)
    for key, data in cells:
        head, rest = range(20 * 8), [chance.randrange(len(data) * 8) for _ in range(40)]
        for bit in [*head, *rest]:
            damaged = bytearray(data)
            damaged[bit // 8] ^= 1 << bit % 8
            overwrite(shop, key, bytes(damaged))
            with pytest.raises(StoreError, match="Materialize the view again"):
                client.get("user_v1", ANN)
        overwrite(shop, key, data[: len(data) // 2])
        with pytest.raises(StoreError, match="is damaged"):
            client.get("user_v1", ANN)
        overwrite(shop, key, data)
    assert client.get("user_v1", ANN).values == good


def overwrite(shop, key, data):
    with sqlite3.connect(shop.online) as connection:
        connection.execute("UPDATE riskloom_shop_user_logins SET body = ? WHERE key = ?", (data, key))


def test_the_former_declaration_serves_until_the_new_one_is_complete(make_shop):
    shop = make_shop()
    client = serve(shop, [event(0), event(59)], at(60))
    fresh = shop.redeclare('aggregate.sum("amount")', 'aggregate.max("amount")')
    register(fresh)
    row = OnlineFeatures.connect(shop.repo).get("user_v1", ANN)
    assert values(row)["events_count_1h"] == (2, "present")
    assert values(row)["amount_max_1h"] == (None, "updating")
    materialize(fresh)
    # A client that was connected before reads the service again by itself.
    assert values(client.get("user_v1", ANN))["amount_max_1h"] == (100, "present")


def test_a_description_is_no_other_declaration(make_shop):
    shop = make_shop()
    serve(shop, [event(59)], at(60))
    register(shop.redeclare("Who logs in.", "Whoever logs in."))
    assert OnlineFeatures.connect(shop.repo).get("user_v1", ANN).values["events_count_1h"] == 1


def test_events_count_from_when_they_are_available(make_shop):
    shop = make_shop()
    shop.redeclare('"seen_at": "timestamp",\n    },', '"seen_at": "timestamp",\n    },\n    available="seen_at",')
    late = event(59, available_ts=at(70), seen_at=at(70), event_id="late")
    client = serve(shop, [event(58), late], at(60))
    counts = [client.get("user_v1", ANN, at(minutes)).values["events_count_1h"] for minutes in (60, 69.9, 70, 80)]
    assert counts == [1, 1, 2, 2]


def test_gold_tables_are_found_from_a_moved_checkout(make_shop, tmp_path):
    shop = make_shop()
    serve(shop, [event(59)], at(60))
    moved = tmp_path / "elsewhere"
    shop.root.rename(moved)
    client = OnlineFeatures.connect(moved / "feature_repo")
    assert client.get("user_v1", ANN).values["events_count_1h"] == 1
    store = open_store(moved / "feature_repo")
    table = store.get_feature_view("user_logins")
    assert table.batch_source.path(store.config) == Lake(moved / ".riskloom" / "lake").gold("user_logins")
