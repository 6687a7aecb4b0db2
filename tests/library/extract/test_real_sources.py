"""Data of others the whole way from files to silver: each row is published, or accounted for."""

from __future__ import annotations

from pathlib import Path

import pytest

from riskloom import Csv, EventSource, JsonLines
from riskloom.extract.bronze import extract
from riskloom.extract.load import load
from riskloom.extract.publish import publish
from riskloom.intervals import Interval
from riskloom.project import Project
from riskloom.settings import Settings

pytestmark = pytest.mark.spark
ROOT = Path(__file__).resolve().parents[3]
SOURCES = {
    "talkingdata": EventSource(
        name="talkingdata",
        files="talkingdata/*.csv.gz",
        format=Csv(),
        header=True,
        columns={"ip": "string", "app": "int64", "attributed_time": "timestamp", "is_attributed": "bool"},
        timestamp=("click_time",),
        holds="2017-11-01/2017-12-01",
    ),
    "registrations": EventSource(
        name="registrations",
        files="registrations/*.csv.gz",
        format=Csv(),
        header=True,
        columns={"ip_address": "string", "email_address": "string", "event_label": "string"},
        fields={"event_label": "EVENT_LABEL"},
        meanings={"ip_address": "ip"},
        timestamp=("EVENT_TIMESTAMP",),
        holds="2022-01-01/2024-01-01",
    ),
    "eland_orders": EventSource(
        name="eland_orders",
        files="eland_orders/*.json.gz",
        format=JsonLines(),
        columns={"order_id": "string", "currency": "string", "city": "string", "total": "float64"},
        fields={"city": "geoip.city_name", "total": "taxful_total_price"},
        timestamp=("order_date",),
        holds="2016-12-01/2017-01-01",
    ),
    "weblogs": EventSource(
        name="weblogs",
        files="weblogs/nginxplus*.gz",
        format=JsonLines(),
        columns={"version": "int64", "requests": "int64"},
        fields={"requests": "server_zones.[hg.nginx.org].requests"},
        holds="2015-10-30/2015-11-01",
    ),
    "online_retail": EventSource(
        name="online_retail",
        files="online_retail/{date}.csv.gz",
        format=Csv(),
        header=True,
        columns={"invoice": "string", "customer": "string", "quantity": "int64", "price": "float64"},
        fields={"invoice": "InvoiceNo", "customer": "CustomerID", "quantity": "Quantity", "price": "UnitPrice"},
        timestamp=("InvoiceDate",),
    ),
}
WHOLE = {"registrations": 20_000, "eland_orders": 4_675, "weblogs": 500}


@pytest.fixture(scope="module")
def published(spark, tmp_path_factory):
    """Run one of the sources over a folder; give its counts."""
    settings = tmp_path_factory.mktemp("lake")

    def call(name, data, interval):
        lake = settings / f"{len(list(settings.iterdir()))}"
        project = Project(lake, Settings(name="t", lake=lake, data=data, feature_repo=lake / "f", state=lake / "s"))
        source = SOURCES[name]
        extracted = extract(spark, project, source, Interval.parse(interval), "run")
        loaded = load(spark, project, source, extracted, "run")
        done = publish(spark, project, source, loaded, passed=True, run_id="run")
        totals = loaded.counts.totals()
        assert totals["record"] + totals["header"] == totals["lines_in"]
        return done.published, totals["record"], done.quarantined

    return call


def test_every_row_of_the_samples_is_published(published, shared):
    for name, source in SOURCES.items():
        if (ROOT / "tests/data" / name).is_dir():
            rows, records, quarantined = published(name, ROOT / "tests/data", source.holds)
            assert rows == records > 0
            assert quarantined == 0
    if shared:
        # Clicks that may not be shipped.
        assert published("talkingdata", shared, SOURCES["talkingdata"].holds) == (100_000, 100_000, 0)


@pytest.mark.slow
def test_every_row_of_whole_data_sets_is_published(published, shared):
    if shared is None:
        pytest.skip("the data beside the checkout is not there")
    for name, count in WHOLE.items():
        assert published(name, shared, SOURCES[name].holds) == (count, count, 0)
    assert published("online_retail", shared, "2010-12-01/2011-12-10") == (541_909, 541_909, 0)
