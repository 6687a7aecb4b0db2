from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import functions as F

from riskloom.extract.bronze import extract
from riskloom.extract.load import load
from riskloom.intervals import Interval
from riskloom.project import Project

pytestmark = pytest.mark.spark
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def staged(spark, tmp_path_factory):
    """Load a starter source's shipped files; give counts and staged events."""
    project = Project.load(ROOT)
    project = replace(project, settings=replace(project.settings, lake=tmp_path_factory.mktemp("lake")))

    def call(name, interval):
        source = project.source(name)
        extracted = extract(spark, project, source, Interval.parse(interval), "run")
        loaded = load(spark, project, source, extracted, "run")
        return loaded.counts, spark.read.parquet(str(loaded.events_path))

    return call


def test_every_access_log_line_is_published(staged):
    counts, events = staged("access_log", "2015-05-17/2015-05-21")
    totals = counts.totals()
    assert (totals["lines_in"], totals["record"], totals["events"]) == (10_000, 10_000, 10_000)
    assert (totals["quarantined"], totals["duplicates"]) == (0, 0)
    assert events.where("repaired").count() == 1
    assert events.where("status BETWEEN 400 AND 499").count() == 217


def test_auth_log_holds_1038_failed_passwords(staged):
    counts, events = staged("auth_log", "2017-03-27/2017-04-21")
    totals = counts.totals()
    assert (totals["lines_in"], totals["record"], totals["ignored_rules"]) == (7_121, 4_095, {"not_sshd": 3_026})
    assert (totals["extra_events"], totals["events"], totals["quarantined"]) == (325, 4_420, 0)
    by_action = {row.action: row["count"] for row in events.groupBy("action").count().collect()}
    assert (by_action["failed"], by_action["accepted"], by_action["invalid_user"]) == (1_042, 226, 178)
    assert events.where("action = 'failed' AND method = 'password'").count() == 1_038
    first, last = events.agg(F.min("event_ts").cast("string"), F.max("event_ts").cast("string")).collect()[0]
    assert (first, last) == ("2017-03-27 13:06:56", "2017-04-20 14:14:29")
    assert (
        events.where("action IN ('failed', 'accepted') AND (user_name IS NULL OR source_address IS NULL)").count() == 0
    )


def test_december_orders_add_up(staged):
    counts, events = staged("orders", "2010-12-01/2011-01-01")
    totals = counts.totals()
    assert (totals["lines_in"], totals["header"], totals["record"], totals["events"]) == (42_501, 20, 42_481, 42_481)
    assert (len(counts.files), totals["quarantined"], totals["duplicates"]) == (20, 0, 0)
    sums = events.agg(
        F.sum("quantity"), F.sum("amount_pence"), F.count_if("is_cancellation"), F.count_if(F.isnull("customer_id"))
    )
    assert tuple(sums.collect()[0]) == (342_228, 74_895_702, 728, 15_631)
    assert events.where("customer_id LIKE '%.%'").count() == 0
