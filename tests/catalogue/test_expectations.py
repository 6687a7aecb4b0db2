from __future__ import annotations

from pathlib import Path

import pytest

from riskloom.intervals import Interval
from riskloom.project import Project
from riskloom.settings import Settings

ROOT = Path(__file__).parents[2]
SOURCES = ("access_log", "auth_log", "orders")
SPANS = {
    "access_log": "2015-05-17/2015-05-21",
    "auth_log": "2017-03-27/2017-04-21",
    "orders": "2010-12-01/2010-12-24",
}


@pytest.fixture(scope="module")
def project():
    return Project.load(ROOT)


@pytest.mark.parametrize("name", SOURCES)
def test_each_source_has_a_suite_with_a_reason_for_each_expectation(project, name):
    suite = project.suite(name)
    assert [each.type for each in suite.expectations if not each.reason] == []
    assert {each.severity for each in suite.expectations} == {"critical", "warning"}


@pytest.mark.parametrize("name", SOURCES)
def test_row_rules_name_columns_of_their_source(project, name):
    for rule in project.suite(name).rows:
        rule.check_against(f"suite {name!r}", project.source(name).columns)


@pytest.fixture(scope="module")
def events(project, spark):
    """The shipped files' events, before any row rule; the way through bronze has tests of its own."""
    from pyspark.sql import functions as F

    def read(name):
        source = project.source(name)
        lines = spark.read.text(f"{ROOT}/demo/data/{source.files.replace('{date}', '*')}").select(
            F.struct(F.monotonically_increasing_id().alias("position")).alias("origin"),
            F.col("value").alias("text"),
            F.lit(source.reference_date).cast("date").alias("reference_date"),
            F.lit(HEADER).alias("header"),
        )
        ignored = [F.col("text").rlike(pattern) for pattern in source.ignore.values()]
        for rule in [*ignored, F.col("text") == HEADER]:
            lines = lines.filter(~rule)
        parsed = project.transform(source)(lines).filter("reason IS NULL")
        ordinal = F.col("ordinal") if "ordinal" in parsed.columns else F.lit(0)
        event_id = F.concat_ws(":", F.col("origin.position"), ordinal)
        return parsed.select(event_id.alias("event_id"), "event_ts", *source.columns)

    return read


HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
ALL_ROWS = {"access_log": 10_000, "auth_log": 4_420, "orders": 42_481}
WARNED = {
    "access_log": [],
    "auth_log": ["expect_column_values_to_not_be_in_set(action): 509 of 4420 rows"],
    "orders": [
        "expect_column_values_to_not_be_null(customer_id): 15631 of 42481 rows",
        "expect_column_values_to_be_between(quantity): 70 of 41753 rows",
    ],
}


@pytest.mark.spark
@pytest.mark.parametrize("name", SOURCES)
def test_the_shipped_data_passes_with_the_warnings_that_it_earns(project, events, tmp_path, name):
    from riskloom.quality.gate import gate

    settings = Settings(name="t", lake=tmp_path, data=tmp_path, feature_repo=tmp_path, state=tmp_path)
    here = Project(ROOT, settings, suites=project.suites)
    batch = events(name).persist()
    try:
        kept = batch
        for rule in project.suite(name).rows:
            kept = kept.filter(rule.sql)
        assert (batch.count(), kept.count()) == (ALL_ROWS[name], ALL_ROWS[name])
        result = gate(here, project.source(name), batch, "run-1", Interval.parse(SPANS[name]))
    finally:
        batch.unpersist()
    assert result.failures == ()
    assert [str(check) for check in result.warnings] == WARNED[name]
