from __future__ import annotations

import random
import re
from datetime import datetime, timedelta, timezone

import pandas as pd
import pyarrow as pa
import pytest

from riskloom.errors import ProjectError, SpineError, StoreError
from riskloom.store.register import register
from riskloom.store.repo import open_store
from riskloom.store.training import build_training_set
from tests.library.store.conftest import at, event

pytestmark = pytest.mark.feast
KEYS = {"user_name": "ann", "device_id": "d1", "account_id": "a1"}


def whole(text):
    return f"^{re.escape(text)}$"


@pytest.fixture(scope="module")
def shop(make_shop):
    shop = make_shop()
    shop.write([event(0), event(1, action="failed", amount=5), event(2, user_name="bob", score=None), event(30)])
    register(shop.project)
    return shop


def test_each_row_gets_what_could_be_known_at_its_instant(shop):
    spine = [{**KEYS, "event_timestamp": at(minutes), "label": minutes} for minutes in (1, 0, 31)]
    frame = build_training_set("user_v1", spine, project=shop.root)
    assert frame["label"].tolist() == [1, 0, 31]
    # The event at the instant itself is out.
    assert frame["events_count_5m"].tolist() == [1, 0, 1]
    assert frame["events_count_1h"].tolist() == [1, 0, 3]
    assert frame["failed_events_count_1h"].tolist() == [0, 0, 1]
    assert frame["amount_sum_1h"].tolist() == [100, pd.NA, 205]
    assert frame["amount_sum_1h"].dtype == "Int64"


def test_plain_feast_gives_the_same(shop):
    rows = random.Random(7).choices([-5, 0, 1, 2, 2.5, 30, 90], k=20)
    names = ["ann", "bob", "zoe", None]
    spine = pd.DataFrame(
        {
            "label": range(20),
            "user_name": [names[i % 4] for i in range(20)],
            "event_timestamp": pd.to_datetime([at(minutes) for minutes in rows], utc=True),
            "device_id": "d1",
            "account_id": "a1",
        },
        index=range(100, 120),
    )
    ours = build_training_set("login_v1", spine, project=shop.root)
    store = open_store(shop.repo)
    service = store.get_feature_service("login_v1")
    theirs = store.get_historical_features(spine, service, full_feature_names=True)
    pd.testing.assert_frame_equal(ours, theirs.to_df()[ours.columns])
    assert ours["label"].tolist() == list(range(20))
    arrow = build_training_set(
        "login_v1", pa.Table.from_pandas(spine, preserve_index=False), project=shop.root, output="arrow"
    )
    assert theirs.to_arrow().select(arrow.column_names).equals(arrow)
    assert theirs.metadata.min_event_timestamp == at(-5)


def test_plain_names_and_chosen_features_in_plain_feast(shop):
    spine = pd.DataFrame([{**KEYS, "event_timestamp": pd.Timestamp(at(5))}])
    job = open_store(shop.repo).get_historical_features(
        spine, ["pair_logins:events_count_1h", "user_logins:amount_sum_1h"]
    )
    assert job.to_df().drop(columns="event_timestamp").to_dict("records") == [
        {**KEYS, "events_count_1h": 3, "amount_sum_1h": 105}
    ]


def test_equal_rows_and_ties_are_all_kept(make_shop):
    shop = make_shop()
    shop.write([event(1, event_id="b", action="second"), event(1, event_id="a", action="first")])
    spine = [{**KEYS, "event_timestamp": at(2)}] * 3
    frame = build_training_set("user_v1", spine, project=shop.root)
    assert frame["action_last_1h"].tolist() == ["second"] * 3
    assert frame["events_count_1h"].tolist() == [2] * 3


def test_composite_keys_are_never_put_together(make_shop):
    shop = make_shop()
    shop.write(
        [
            event(1, device_id="1", account_id="23"),
            event(2, device_id="12", account_id="3"),
            event(3, device_id="12", account_id="3"),
        ]
    )
    spine = [
        {"device_id": device, "account_id": account, "event_timestamp": at(4)}
        for device, account in (("1", "23"), ("12", "3"), ("123", ""), ("12", None))
    ]
    frame = build_training_set("pair_v1", spine, project=shop.root)
    assert frame["events_count_1h"].tolist() == [1, 2, 0, 0]


def test_any_zone_and_finer_times_are_one_instant(shop):
    tokyo = timezone(timedelta(hours=9))
    spine = pd.DataFrame(
        {
            "user_name": "ann",
            "event_timestamp": pd.Series([at(1).astimezone(tokyo), at(1)], dtype="datetime64[ns, Asia/Tokyo]"),
        }
    )
    spine["event_timestamp"] += pd.Timedelta(5, "ns")
    assert build_training_set("user_v1", spine, project=shop.root)["events_count_1h"].tolist() == [1, 1]
    mixed = pd.DataFrame(
        {"user_name": "ann", "event_timestamp": pd.Series([at(1).astimezone(tokyo), at(1)], dtype=object)}
    )
    assert build_training_set("user_v1", mixed, project=shop.root)["events_count_1h"].tolist() == [1, 1]


def test_no_rows_in_no_rows_out_with_every_column(shop):
    columns = {"user_name": pa.array([], pa.string()), "event_timestamp": pa.array([], pa.timestamp("us", "UTC"))}
    frame = build_training_set("user_v1", pa.table(columns), project=shop.root, output="arrow")
    assert frame.num_rows == 0
    view = shop.project.view("user_logins")
    assert frame.column_names == ["user_name", "event_timestamp", *view.feature_names]
    empty = pd.DataFrame(columns=["user_name", "event_timestamp"])
    store = open_store(shop.repo)
    plain = store.get_historical_features(empty, store.get_feature_service("user_v1")).to_df()
    assert len(plain) == 0
    assert set(view.feature_names) < set(plain.columns)


GOOD = {"user_name": ["ann"], "event_timestamp": [at(1)]}
TIME_HELP = "Give aware times, such as pandas.to_datetime(..., utc=True) or datetime(..., tzinfo=UTC)."


@pytest.mark.parametrize(
    ("spine", "message"),
    [
        (
            pd.DataFrame({"user_name": ["ann"]}),
            "the spine has no column 'event_timestamp': the instant of each row. Available: user_name.",
        ),
        (
            [{"user_name": "ann"}],
            "the spine has no column 'event_timestamp': the instant of each row. Available: user_name.",
        ),
        (
            pd.DataFrame({"user_name": ["ann"], "event_timestamp": [datetime(2010, 12, 1)]}),  # noqa: DTZ001 - what is refused
            f"the spine's column 'event_timestamp' holds naive times. {TIME_HELP}",
        ),
        (
            [{"user_name": "ann", "event_timestamp": datetime(2010, 12, 1)}],  # noqa: DTZ001 - what is refused
            f"the spine's column 'event_timestamp' holds naive times. {TIME_HELP}",
        ),
        (
            [{"user_name": "ann", "event_timestamp": "2010-12-01T08:00:00Z"}],
            f"the spine's column 'event_timestamp' holds text. {TIME_HELP}",
        ),
        (
            pa.table({"user_name": ["ann"], "event_timestamp": ["2010-12-01"]}),
            f"the spine's column 'event_timestamp' holds text. {TIME_HELP}",
        ),
        (
            pd.DataFrame({"user_name": ["ann"], "event_timestamp": [1_291_190_400]}),
            f"the spine's column 'event_timestamp' holds values of type int64. {TIME_HELP}",
        ),
        (
            pd.DataFrame({"user_name": ["ann", "bob"], "event_timestamp": pd.to_datetime([at(1), None], utc=True)}),
            "the spine's column 'event_timestamp' is null in 1 row(s). Each row needs its instant.",
        ),
        *(
            (
                pa.table({"user_name": ["ann"], "event_timestamp": pa.array([far], pa.timestamp(unit, "UTC"))}),
                "the spine's column 'event_timestamp' has times outside the years 1 to 9999. Correct or drop those rows.",
            )
            for far, unit in ((2**62, "s"), (2**62, "us"), (-(2**62), "us"))
        ),
        (
            pd.DataFrame({"user": ["ann"], "event_timestamp": [at(1)]}),
            "the spine has no column 'user_name', a key of view 'user_logins'. Did you mean 'user'?",
        ),
        (
            pd.DataFrame({**GOOD, "user_name": [7]}),
            "the spine's column 'user_name' is int64, but view 'user_logins' is keyed by string. Convert it.",
        ),
        (
            pd.DataFrame({**GOOD, "amount_sum_1h": [7]}),
            "the spine has a column 'amount_sum_1h' already, which is the name of a feature. Rename it.",
        ),
        (
            "SELECT 1",
            "a spine given as SQL text is not supported: Riskloom's tables are no SQL database. Run the query, and pass its frame.",
        ),
        (7, "a spine is a pandas, Arrow, Polars or Spark frame, or a list of dicts, not int."),
    ],
)
def test_a_bad_spine_is_refused(shop, spine, message):
    with pytest.raises(SpineError, match=whole(message)):
        build_training_set("user_v1", spine, project=shop.root)


def test_plain_feast_refuses_a_naive_time_and_sql_and_a_range(shop):
    store = open_store(shop.repo)
    service = store.get_feature_service("user_v1")
    naive = pd.DataFrame({"user_name": ["ann"], "event_timestamp": [pd.Timestamp("2010-12-01")]})
    with pytest.raises(SpineError, match="holds naive times"):
        store.get_historical_features(naive, service)
    with pytest.raises(SpineError, match="SQL text is not supported"):
        store.get_historical_features("SELECT 1", service)
    with pytest.raises(SpineError, match=r"windowed features have a value at every instant: give a spine"):
        store.get_historical_features(features=service, start_date=at(0), end_date=at(1))


def test_integer_keys_come_as_pandas_has_them(shop):
    spine = pd.DataFrame({"number": [7, None, 8], "event_timestamp": pd.to_datetime([at(3)] * 3, utc=True)})
    assert build_training_set("number_v1", spine, project=shop.root)["events_count_1h_hop1us"].tolist() == [3, 0, 0]
    half = spine.assign(number=[7.5, 1, 2])
    message = "the spine's column 'number' is double with fractions or too large, but view 'number_logins' is keyed by int64. Convert it."
    with pytest.raises(SpineError, match=whole(message)):
        build_training_set("number_v1", half, project=shop.root)


def test_what_does_not_exist_is_named(shop, make_shop):
    spine = [{**KEYS, "event_timestamp": at(1)}]
    with pytest.raises(ProjectError, match=whole("there is no service 'usr_v1'. Did you mean 'user_v1'?")):
        build_training_set("usr_v1", spine, project=shop.root)
    with pytest.raises(
        StoreError, match=whole("output='csv' is not one of pandas, arrow, polars, spark, parquet, delta.")
    ):
        build_training_set("user_v1", spine, project=shop.root, output="csv")
    with pytest.raises(StoreError, match=whole("output='delta' is written to disk. Give the folder as out=PATH.")):
        build_training_set("user_v1", spine, project=shop.root, output="delta")
    with pytest.raises(StoreError, match=whole("runner='fast' is not one of auto, in_process, spark.")):
        build_training_set("user_v1", spine, project=shop.root, runner="fast")
    fresh = make_shop()
    path = fresh.root / ".riskloom" / "lake" / "gold" / "user_logins"
    with pytest.raises(
        StoreError, match=whole(f"view 'user_logins' has no table at {path}. Run `riskloom run` first.")
    ):
        build_training_set("user_v1", spine, project=fresh.root)
