"""What Feast's Spark template gets wrong, each of which our store must get right."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pytest
from deltalake import write_deltalake
from feast import Entity, FeatureView, Field
from feast.types import Int64, String
from feast.value_type import ValueType

from riskloom.store.repo import open_store
from riskloom.store.table_source import DeltaTableSource
from riskloom.windows.tables import INSTANT
from tests.library.store.conftest import at

pytestmark = pytest.mark.feast


@pytest.fixture(scope="module")
def retrieve(make_shop, tmp_path_factory):
    """Retrieve ``value`` of a plain Feast view over rows, for a spine: both lists of dicts."""
    store = open_store(make_shop().repo)
    entities = [Entity(name=name, join_keys=[name], value_type=ValueType.STRING) for name in ("user", "device")]
    made = []

    def run(rows, spine, *, created=None, ttl=None, keys=("user",), **options):
        path = tmp_path_factory.mktemp("plain")
        types = {"value": pa.int64(), "ts": INSTANT, "made": INSTANT}
        columns = {name: [row.get(name) for row in rows] for name in rows[0]}
        write_deltalake(str(path), pa.table({n: pa.array(v, types.get(n, pa.string())) for n, v in columns.items()}))
        view = FeatureView(
            name=f"plain_{len(made)}",
            entities=[entity for entity in entities if entity.name in keys],
            schema=[*(Field(name=key, dtype=String) for key in keys), Field(name="value", dtype=Int64)],
            source=DeltaTableSource(path=str(path), timestamp_field="ts", created_timestamp_column=created),
            ttl=ttl,
        )
        made.append(view)
        store.apply([*entities, view])
        frame = pd.DataFrame(spine)
        before = frame.copy(deep=True)
        job = store.get_historical_features(frame, [f"{view.name}:value"], **options)
        pd.testing.assert_frame_equal(frame, before)
        return job.to_arrow()["value"].to_pylist()

    return run


def row(minutes, value, user="ann", **columns):
    return {"user": user, "ts": at(minutes), "value": value, **columns}


def asked(minutes, user="ann", **columns):
    return {"user": user, "event_timestamp": at(minutes), **columns}


def test_two_rows_of_one_time_give_one_row(retrieve):
    assert retrieve([row(0, 1), row(0, 2)], [asked(1)]) == [2]


def test_equal_spine_rows_stay_and_keep_their_order(retrieve):
    spine = [asked(2), asked(0), asked(2), asked(0)]
    assert retrieve([row(0, 1), row(1, 2)], spine) == [2, 1, 2, 1]


def test_composite_keys_that_concatenate_alike_are_two_keys(retrieve):
    rows = [row(0, 1, user="1", device="23"), row(0, 2, user="12", device="3")]
    spine = [asked(1, user="1", device="23"), asked(1, user="12", device="3"), asked(1, user="123", device="")]
    assert retrieve(rows, spine, keys=("user", "device")) == [1, 2, None]


def test_the_last_created_of_one_time_wins(retrieve):
    rows = [row(0, 1, made=at(5)), row(0, 2, made=at(3)), row(0, 3, made=None)]
    assert retrieve(rows, [asked(1)], created="made") == [1]


def test_rows_that_were_created_later_are_left_out_where_asked(retrieve):
    rows = [row(0, 1, made=at(0)), row(0, 2, made=at(9)), row(1, 3, made=at(8))]
    spine = [asked(1), asked(8), asked(9)]
    assert retrieve(rows, spine, created="made") == [3, 3, 3]
    assert retrieve(rows, spine, created="made", filter_by_created_timestamp=True) == [1, 3, 3]


def test_ttl_has_both_of_its_edges_in(retrieve):
    spine = [asked(0), asked(60), asked(60.0001), asked(-0.0001)]
    assert retrieve([row(0, 1)], spine, ttl=timedelta(hours=1)) == [1, 1, None, None]
    assert retrieve([row(0, 1)], [asked(10**6)]) == [1]


def test_a_view_of_no_entity_has_one_row(retrieve):
    assert retrieve([row(0, 1), row(5, 2)], [asked(1), asked(6)], keys=()) == [1, 2]


def test_no_zone_of_the_caller_matters(retrieve):
    rows = [row(0, 1), row(9 * 60, 2)]
    for zone in ("Asia/Tokyo", "America/Los_Angeles"):
        spine = [{"user": "ann", "event_timestamp": at(m).astimezone(ZoneInfo(zone))} for m in (1, 9 * 60 + 1)]
        assert retrieve(rows, spine) == [1, 2]


def test_retrievals_in_threads_do_not_meet(make_shop, tmp_path):
    store = open_store(make_shop().repo)
    user = Entity(name="user", join_keys=["user"], value_type=ValueType.STRING)
    views = []
    for place in range(4):
        path = tmp_path / str(place)
        path.mkdir()
        write_deltalake(str(path), pa.table({"user": ["ann"], "ts": pa.array([at(0)], INSTANT), "value": [place]}))
        source = DeltaTableSource(path=str(path), timestamp_field="ts")
        views.append(
            FeatureView(
                name=f"threaded_{place}", entities=[user], schema=[Field(name="value", dtype=Int64)], source=source
            )
        )
    store.apply([user, *views])
    spine = pd.DataFrame([asked(1)])
    with ThreadPoolExecutor(4) as pool:
        jobs = list(
            pool.map(lambda view: store.get_historical_features(spine, [f"{view.name}:value"]).to_df(), views * 4)
        )
    assert [job["value"].tolist() for job in jobs] == [[place] for place in range(4)] * 4
