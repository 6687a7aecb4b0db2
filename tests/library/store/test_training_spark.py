from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from riskloom.errors import SpineError
from riskloom.lake.bucketed.follow import follow
from riskloom.lake.paths import Lake
from riskloom.lake.tasks import InProcess
from riskloom.store.training import build_training_set
from riskloom.windows.gold import gold_layout
from tests.library.store.conftest import at, event
from tests.library.store.known import make_known, spine

pytestmark = [pytest.mark.spark, pytest.mark.feast]


@pytest.fixture(params=["plain", "bucketed"])
def shop(request, make_shop):
    shop = make_shop()
    shop.write([event(0), event(1, action="failed", amount=5), event(2, user_name="bob", score=None), event(30)])
    if request.param == "bucketed":
        project = shop.project
        lake = Lake(project.settings.lake)
        for view in project.views.values():
            plain = lake.silver(view.name)
            plain.parent.mkdir(exist_ok=True)
            lake.gold(view.name).rename(plain)
            follow(plain, lake.gold(view.name), gold_layout(view), InProcess())
    return shop


def test_spark_gives_what_one_process_gives(shop, spark):
    frame = pd.DataFrame(
        {
            "label": [3, 1, 2, 2],
            "user_name": ["ann", "bob", None, "zoe"],
            "device_id": "d1",
            "account_id": ["a1", "a1", "a2", "a1"],
            "event_timestamp": pd.to_datetime([at(31), at(3), at(3), at(90)], utc=True),
        }
    )
    here = build_training_set("login_v1", frame, project=shop.root, output="arrow").to_pylist()
    zone = spark.conf.get("spark.sql.session.timeZone")
    spark.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    try:
        there = build_training_set("login_v1", frame, project=shop.root, output="arrow", runner="spark")
        assert there.to_pylist() == here
        spine = spark.createDataFrame(frame.astype({"event_timestamp": "datetime64[us, UTC]"}))
        passed = build_training_set("login_v1", spine, project=shop.root, output="arrow")
        assert passed.to_pylist() == here
        answer = build_training_set("user_v1", spine, project=shop.root, output="spark")
        assert [row.events_count_1h for row in answer.collect()] == [3, 1, 0, 0]
        naive = spine.withColumn("event_timestamp", spine.event_timestamp.cast("timestamp_ntz"))
        with pytest.raises(SpineError, match="holds naive times"):
            build_training_set("user_v1", naive, project=shop.root, runner="spark")
    finally:
        spark.conf.set("spark.sql.session.timeZone", zone)


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles"])
def test_spark_gives_batch_views_and_labels_too(make_shop, spark, zone):
    known = make_known(make_shop().root)
    rows = spine([0, 1, 9.99, 70, 70.01, 0])
    wanted = {"project": known.root, "labels": ["confirmed"], "label_maturity": "39m", "output": "arrow"}
    here = build_training_set("known_v1", rows, runner="in_process", **wanted)
    before = spark.conf.get("spark.sql.session.timeZone")
    spark.conf.set("spark.sql.session.timeZone", zone)
    try:
        # Two at once on one session share nothing.
        with ThreadPoolExecutor(2) as pool:
            both = list(
                pool.map(lambda part: build_training_set("known_v1", part, runner="spark", **wanted), (rows, rows[:3]))
            )
    finally:
        spark.conf.set("spark.sql.session.timeZone", before)
    assert both[0].to_pylist() == here.to_pylist()
    assert both[1].to_pylist() == here.to_pylist()[:3]
    assert here["confirmed"].to_pylist() == [True, True, None, None, None, True]
