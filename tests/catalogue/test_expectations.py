from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from riskloom.intervals import Interval
from riskloom.project import Project

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
def test_the_shipped_data_passes_with_the_warnings_that_it_earns(spark, tmp_path, name):
    from riskloom.extract.bronze import extract
    from riskloom.extract.load import load
    from riskloom.quality.gate import gate

    project = Project.load(ROOT)
    settings = replace(project.settings, lake=tmp_path / "lake", state=tmp_path / "state")
    here = replace(project, settings=settings)
    source, span = here.source(name), Interval.parse(SPANS[name])
    loaded = load(spark, here, source, extract(spark, here, source, span, "run-1"), "run-1")
    totals = loaded.counts.totals()
    assert (totals["events"], totals["quarantined"]) == (ALL_ROWS[name], 0)
    result = gate(here, source, spark.read.parquet(str(loaded.events_path)), "run-1", span)
    assert result.failures == ()
    assert [str(check) for check in result.warnings] == WARNED[name]
