"""States that Spark's executors write are those that one process writes, byte by byte."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from redis import Redis

from riskloom.errors import StoreError
from riskloom.lake.bucketed import buckets
from riskloom.lake.bucketed.follow import follow
from riskloom.lake.paths import Lake
from riskloom.lake.tasks import InProcess
from riskloom.store import work
from riskloom.store.client import OnlineFeatures
from riskloom.store.materialize import materialize
from riskloom.store.register import register
from riskloom.testing import servers
from riskloom.windows.gold import gold_layout
from tests.library.store.conftest import at, event

pytestmark = [pytest.mark.feast, pytest.mark.server, pytest.mark.spark]
USERS = [{"user_name": f"u{number}"} for number in range(9)]
VIEWS = ["user_logins", "pair_logins"]


def load(shop, rows):
    """Load rows into the gold tables, which are in buckets, and change what is changed in them."""
    lake = Lake(shop.project.settings.lake)
    for view in shop.project.views.values():
        layout = gold_layout(view)
        plain = lake.silver(f"{view.name}_plain")
        table = pa.Table.from_pylist(rows, schema=layout.schema)
        configuration = {"delta.enableChangeDataFeed": "true"}
        write_deltalake(str(plain), table, mode="overwrite", configuration=configuration)
        follow(plain, lake.gold(view.name), layout, InProcess())


def states(redis):
    return {name: redis.get(name) for name in redis.scan_iter(b"riskloom:shop:*_logins:s*")}


def test_executors_write_what_one_process_writes(make_shop, tmp_path, monkeypatch, spark):
    monkeypatch.setattr(buckets, "ROWS_WANTED", 4)
    monkeypatch.setattr(work, "ROWS_AT_ONCE", 1)
    shop = make_shop()
    old = [event(n, event_id=f"{n}", **user) for n, user in enumerate(USERS * 2)]
    new = [event(30, event_id="late", **USERS[3]), *(row for row in old if row["user_name"] != "u4")]
    try:
        with servers.redis(tmp_path) as port:
            path = shop.repo / "feature_store.yaml"
            inner = f'inner: {{type: redis, connection_string: "127.0.0.1:{port}"}}'
            path.write_text(re.sub(r"inner:\n +type: sqlite\n +path: \S+", inner, path.read_text()))
            register(shop.project)
            redis, seen = Redis(port=port), {}
            load(shop, old)
            for runner in ("in_process", "spark"):
                redis.flushall()
                assert materialize(shop.project, VIEWS, runner=runner) == {"user_logins": 9, "pair_logins": 1}
                seen[runner] = states(redis)
            assert len(seen["spark"]) == 10
            assert seen["spark"] == seen["in_process"]
            load(shop, new)
            assert materialize(shop.project, VIEWS, runner="spark") == {"user_logins": 1, "pair_logins": 1}
            rows = OnlineFeatures.connect(shop.repo).get_many("user_v1", USERS, at(60))
            assert [row.values["events_count_1h"] for row in rows] == [2, 2, 2, 3, 0, 2, 2, 2, 2]
            changed = {name for name, value in states(redis).items() if value != seen["spark"][name]}
            assert len(changed) == 3
    except servers.MissingServer as missing:
        pytest.skip(str(missing))
    with pytest.raises(StoreError, match="cluster"):
        materialize(shop.project, runner="cluster")
