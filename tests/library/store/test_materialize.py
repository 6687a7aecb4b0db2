from __future__ import annotations

import logging
import re
import shutil
import sqlite3
from dataclasses import replace

import pandas as pd
import pytest
from feast import Entity, FeatureView, Field, FileSource, ValueType
from feast.feature_view import FeatureViewState
from feast.infra.offline_stores.contrib.postgres_offline_store.postgres_source import PostgreSQLSource
from feast.types import Int64, String

from riskloom.errors import StoreError
from riskloom.intervals import to_micros
from riskloom.lake.commits import LOGGER
from riskloom.lake.paths import Lake
from riskloom.store import work, write
from riskloom.store.client import OnlineFeatures
from riskloom.store.materialize import materialize
from riskloom.store.register import register
from riskloom.store.repo import open_store
from tests.library.store.conftest import at, event

pytestmark = pytest.mark.feast
ANN, BOB = {"user_name": "ann"}, {"user_name": "bob"}


def whole(text):
    return f"^{re.escape(text)}$"


@pytest.fixture
def shop(make_shop):
    shop = make_shop()
    shop.write([event(0), event(10, user_name="bob"), event(59)], at(60))
    register(shop.project)
    return shop


def count(shop, keys=ANN, instant=None):
    row = OnlineFeatures.connect(shop.repo).get("user_v1", keys, instant)
    return row.values["events_count_1h"], row.statuses["events_count_1h"]


def stored(shop):
    with sqlite3.connect(shop.online) as connection:
        rows = connection.execute(
            "SELECT key, length(body) FROM riskloom_shop_user_logins WHERE substr(key, 1, 1) = X'73'"
        )
        return sorted(rows)


def at_commits(patch, function):
    for module in (work, write):
        patch.setattr(module, "committed", function)


def mark(shop):
    store = open_store(shop.repo)
    return store.provider.online_store.views(store.config).read_mark("user_logins")


def test_entities_are_counted_by_view(shop):
    assert materialize(shop.project) == {"user_logins": 2, "pair_logins": 1, "number_logins": 1}
    # Nothing has changed since.
    assert materialize(shop.project, ["user_logins"]) == {"user_logins": 0}
    assert materialize(shop.project, ["user_logins"], full=True) == {"user_logins": 2}
    assert mark(shop).entities == 2


def test_twice_is_the_same(shop):
    materialize(shop.project)
    once, answers = stored(shop), (count(shop), count(shop, BOB))
    materialize(shop.project)
    assert (stored(shop), (count(shop), count(shop, BOB))) == (once, answers)
    registered = open_store(shop.repo).get_feature_view("user_logins")
    assert len(registered.materialization_intervals) == 1
    assert registered.state == FeatureViewState.STATE_UNSPECIFIED


def test_plain_feast_materializes_the_same(shop):
    materialize(shop.project)
    ours = (stored(shop), count(shop), count(shop, BOB), mark(shop).watermark)
    shop.online.unlink()
    register(shop.project)
    store = open_store(shop.repo)
    store.materialize(at(0), at(60))
    assert (stored(shop), count(shop), count(shop, BOB), mark(shop).watermark) == ours
    store.materialize_incremental(at(60))
    assert (stored(shop), count(shop), count(shop, BOB), mark(shop).watermark) == ours
    assert store.get_feature_view("user_logins").state == FeatureViewState.STATE_UNSPECIFIED


def test_an_end_beyond_the_watermark_moves_nothing_beyond_it(shop):
    open_store(shop.repo).materialize(at(0), at(60 * 24 * 365 * 16))
    assert mark(shop).watermark == to_micros(at(60))
    assert count(shop) == (2, "present")


def test_an_earlier_end_never_forgets(shop):
    materialize(shop.project)
    open_store(shop.repo).materialize(at(0), at(5))
    assert mark(shop).watermark == to_micros(at(60))
    assert count(shop) == (2, "present")


def test_an_end_before_the_watermark_holds_what_is_before_it(shop):
    open_store(shop.repo).materialize(at(0), at(30))
    assert mark(shop).watermark == to_micros(at(30))
    assert count(shop, instant=at(30)) == (1, "present")


def test_a_late_event_and_a_correction_arrive(shop):
    materialize(shop.project)
    shop.write([event(0), event(1, event_id="late"), event(59), event(10, user_name="bob")], at(60))
    materialize(shop.project)
    assert count(shop) == (3, "present")


def test_an_entity_whose_events_are_gone_is_as_one_never_seen(shop):
    materialize(shop.project)
    assert count(shop, BOB) == (1, "present")
    shop.write([event(0), event(59)], at(60))
    materialize(shop.project)
    assert count(shop, BOB) == (0, "not_found")
    assert count(shop) == (2, "present")


def test_only_entities_whose_events_changed_are_written(shop):
    materialize(shop.project)
    shop.write([event(58, user_name="bob", event_id="late")], mode="append")
    assert materialize(shop.project, ["user_logins"]) == {"user_logins": 1}
    assert (count(shop, BOB), count(shop)) == ((2, "present"), (2, "present"))
    # Rows that are only written into another file have not changed.
    shop.write([event(0), event(10, user_name="bob"), event(59), event(58, user_name="bob", event_id="late")])
    assert materialize(shop.project, ["user_logins"]) == {"user_logins": 0}


def test_what_a_killed_update_wrote_does_not_outlive_a_correction(shop, monkeypatch):
    materialize(shop.project)

    class Killed(BaseException):
        pass

    def killed(table, version):
        if table == "online.user_logins":
            raise Killed

    shop.write([event(58, user_name="bob", event_id="wrong")], mode="append")
    with monkeypatch.context() as patch:
        at_commits(patch, killed)
        with pytest.raises(Killed):
            materialize(shop.project)
    shop.write([event(0), event(10, user_name="bob"), event(59)], at(60))
    materialize(shop.project)
    assert count(shop, BOB) == (1, "present")


def test_a_full_build_is_written_beside_and_leaves_nothing_behind(shop, monkeypatch):
    materialize(shop.project)
    once = stored(shop)
    seen = []
    real = write.committed
    at_commits(monkeypatch, lambda *args: (real(*args), seen.append(len(stored(shop)))))
    assert materialize(shop.project, ["user_logins"], full=True) == {"user_logins": 2}
    assert seen[0] == 4
    fresh = stored(shop)
    assert [size for _, size in fresh] == [size for _, size in once]
    assert {key for key, _ in fresh}.isdisjoint({key for key, _ in once})


def test_a_gold_table_that_is_made_anew_is_built_anew(shop):
    materialize(shop.project)
    materialize(shop.project)
    shutil.rmtree(Lake(shop.project.settings.lake).gold("user_logins"))
    shop.write([event(0), event(1), event(59)], at(60))
    assert materialize(shop.project, ["user_logins"]) == {"user_logins": 1}
    assert (count(shop), count(shop, BOB)) == ((3, "present"), (0, "not_found"))


def test_the_watermark_moves_without_events(shop):
    materialize(shop.project)
    assert count(shop, instant=at(200))[1] == "outside_max_age"
    shop.write([event(0), event(10, user_name="bob"), event(59)], at(190))
    for _ in range(2):
        materialize(shop.project)
        assert mark(shop).watermark == to_micros(at(190))
        assert count(shop, instant=at(200)) == (0, "not_found")
    # The state that served the old watermark was written once more; now no entity is in reach.
    assert mark(shop).entities == 0


def test_a_view_stays_in_service_while_it_is_materialized_and_after_a_crash(shop, monkeypatch):
    materialize(shop.project)
    shop.write([event(0), event(10, user_name="bob"), event(59), event(100), event(101, user_name="eve")], at(110))
    seen = []

    class Killed(BaseException):
        pass

    real = write.committed

    def killed(table, version):
        real(table, version)
        if table == "online.user_logins":
            # Between the states and the mark: the old mark still holds, and its answers are right.
            seen.extend([count(shop), count(shop, BOB), count(shop, instant=at(60)), count(shop, instant=at(101))])
            raise Killed

    at_commits(monkeypatch, killed)
    with pytest.raises(Killed):
        materialize(shop.project)
    assert seen == [(2, "present"), (1, "present"), (2, "present"), (2, "present")]
    at_commits(monkeypatch, real)
    assert [count(shop), count(shop, BOB)] == [(2, "present"), (1, "present")]
    materialize(shop.project)
    assert mark(shop).watermark == to_micros(at(110))
    assert [count(shop), count(shop, BOB), count(shop, {"user_name": "eve"})] == [
        (2, "present"),
        (0, "not_found"),
        (1, "present"),
    ]


def test_what_a_killed_materialization_wrote_does_not_outlive_a_correction(shop, monkeypatch):
    class Killed(BaseException):
        pass

    def killed(table, version):
        raise Killed

    at_commits(monkeypatch, killed)
    with pytest.raises(Killed):
        materialize(shop.project)
    monkeypatch.undo()
    assert count(shop, BOB) == (None, "before_state")
    shop.write([event(0), event(59)], at(60))
    materialize(shop.project)
    assert count(shop, BOB) == (0, "not_found")


def test_a_materialization_that_is_overtaken_stops(shop, monkeypatch):
    encode = work.encode_states

    def overtaken(*args):
        store = open_store(shop.repo)
        views = store.provider.online_store.views(store.config)
        begun = views.read_mark("user_logins")
        views.write_mark("user_logins", replace(begun, attempt=begun.attempt + 1))
        return encode(*args)

    monkeypatch.setattr(work, "encode_states", overtaken)
    message = "view 'user_logins': a later materialization has begun, so this one stopped. Run one at a time."
    with pytest.raises(StoreError, match=whole(message)):
        materialize(shop.project, ["user_logins"])
    with pytest.raises(StoreError, match=whole(message)):
        open_store(shop.repo).materialize(at(0), at(60), feature_views=["user_logins"])


def test_each_batch_and_each_apply_is_in_the_log_of_commits(shop, caplog):
    with caplog.at_level(logging.INFO, LOGGER):
        register(shop.project)
        materialize(shop.project, ["user_logins"])
    tables = [record.message.partition(" ")[0] for record in caplog.records]
    assert tables == ["registry", "online.user_logins", "online.user_logins", "registry"]


def test_a_view_without_a_table_and_one_not_registered_are_named(make_shop):
    shop = make_shop()
    message = "view 'user_logins' is not registered. Run `feast apply` or `riskloom run`. None is declared yet."
    with pytest.raises(StoreError, match=whole(message)):
        materialize(shop.project, ["user_logins"])
    register(shop.project)
    path = shop.root / ".riskloom" / "lake" / "gold" / "user_logins"
    with pytest.raises(
        StoreError, match=whole(f"view 'user_logins' has no table at {path}. Run `riskloom run` first.")
    ):
        materialize(shop.project, ["user_logins"])


def test_a_view_without_events_is_materialized_once_an_interval_has_passed(make_shop):
    shop = make_shop()
    shop.write([])
    register(shop.project)
    assert materialize(shop.project, ["user_logins"]) == {"user_logins": 0}
    assert count(shop) == (None, "before_state")
    shop.write([], at(60))
    assert materialize(shop.project, ["user_logins"]) == {"user_logins": 0}
    assert count(shop) == (0, "not_found")


def test_without_a_recorded_watermark_the_end_is_taken_for_it(make_shop):
    shop = make_shop()
    shop.write([event(0), event(59)])
    register(shop.project)
    open_store(shop.repo).materialize(at(0), at(60))
    assert mark(shop).watermark == to_micros(at(60))
    assert count(shop) == (2, "present")


def test_a_plain_view_of_feasts_own_is_served_and_one_of_another_store_refused(shop, tmp_path):
    path = tmp_path / "plain.parquet"
    rows = pd.DataFrame({"user_name": ["ann"], "age": [7], "event_timestamp": [pd.Timestamp(at(0))]})
    rows.to_parquet(path)
    user = Entity(name="user_name", join_keys=["user_name"], value_type=ValueType.STRING)
    fields = [Field(name="user_name", dtype=String), Field(name="age", dtype=Int64)]
    file = FileSource(name="plain", path=str(path), timestamp_field="event_timestamp")
    other = PostgreSQLSource(name="other", table="people", timestamp_field="event_timestamp")
    store = open_store(shop.repo)
    store.apply([user, *(FeatureView(name=s.name, entities=[user], schema=fields, source=s) for s in (file, other))])
    spine = pd.DataFrame({"user_name": ["ann"], "event_timestamp": [pd.Timestamp(at(1))]})
    assert store.get_historical_features(spine, ["plain:age"]).to_df()["age"].tolist() == [7]
    store.materialize(at(0), at(1), feature_views=["plain"])
    assert store.get_online_features(["plain:age"], [ANN]).to_dict() == {"user_name": ["ann"], "age": [7]}
    message = (
        "view 'other' is neither of Riskloom's sources (DeltaSource, DeltaTableSource) nor of a Feast FileSource, "
        "so it cannot be {} here. Declare it under features/."
    )
    with pytest.raises(StoreError, match=whole(message.format("materialized"))):
        store.materialize(at(0), at(1), feature_views=["other"])
    with pytest.raises(StoreError, match=whole(message.format("retrieved"))):
        store.get_historical_features(spine, ["other:age"])
    with pytest.raises(StoreError, match=whole(message.format("written").replace("other", "plain", 1))):
        store.write_to_offline_store("plain", rows)
    # The inner store keeps a plain view's values as it would without us.
    store.write_to_online_store("plain", rows.assign(age=8, event_timestamp=pd.Timestamp(at(2))))
    assert store.get_online_features(["plain:age"], [ANN]).to_dict() == {"user_name": ["ann"], "age": [8]}
    assert register(shop.project)["views"] == ["user_logins", "pair_logins", "number_logins"]
    assert "plain" in [view.name for view in store.list_feature_views()]


def test_values_are_not_written_to_a_windowed_view(shop):
    store = open_store(shop.repo)
    online = store.provider.online_store
    message = (
        "view 'user_logins' is computed from events when it is read: values cannot be written to it. "
        "Add the events to its source, and materialize."
    )
    with pytest.raises(StoreError, match=whole(message)):
        online.online_write_batch(store.config, store.get_feature_view("user_logins"), [], None)


def test_what_is_no_longer_declared_leaves_the_registry_and_the_store(shop):
    materialize(shop.project)
    fresh = shop.redeclare(
        'number_v1 = FeatureService(name="number_v1", features=("number_logins",))', "del number_logins"
    )
    assert register(fresh)["views"] == ["user_logins", "pair_logins"]
    store = open_store(shop.repo)
    assert [view.name for view in store.list_feature_views()] == ["user_logins", "pair_logins"]
    assert "number_v1" not in [service.name for service in store.list_feature_services()]
    assert "number_logins" not in [source.name for source in store.list_data_sources()]
    with sqlite3.connect(shop.online) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert sorted(names) == ["riskloom_shop_pair_logins", "riskloom_shop_user_logins"]
    store.teardown()
    assert not shop.online.exists()
