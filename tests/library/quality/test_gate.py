from __future__ import annotations

import datetime as dt
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from riskloom import EventSource, Expectation, Reference, Suite
from riskloom.errors import DeclarationError, ValidationFailed
from riskloom.intervals import Interval
from riskloom.lake import tables, validations
from riskloom.lake.paths import Lake
from riskloom.project import Project
from riskloom.quality.gate import gate
from riskloom.settings import Settings

pytestmark = pytest.mark.spark

DAY = Interval.parse("2010-12-01/2010-12-02")
TELLTALE = "tr0ub4dor-secret-value"
SCHEMA = "event_id STRING, event_ts TIMESTAMP, user_name STRING, amount BIGINT"
LOGINS = EventSource(
    name="logins",
    files="logins/{date}.log",
    transform="logins:to_events",
    columns={"user_name": "string", "amount": "int64"},
)
UNIQUE = Expectation(type="expect_column_values_to_be_unique", kwargs={"column": "event_id"}, reason="Counted once.")
NAMED = Expectation(type="expect_column_values_to_not_be_null", kwargs={"column": "user_name"})
SMALL = Expectation(
    type="expect_column_values_to_be_between",
    kwargs={"column": "amount", "min_value": 0, "max_value": 10},
    severity="warning",
)


def at(hour):
    return dt.datetime(2010, 12, 1, hour, tzinfo=dt.UTC)


ROWS = [("a", at(8), "ann", 5), ("b", at(9), TELLTALE, 40), ("c", at(10), None, 7)]


@pytest.fixture
def batch(spark):
    return spark.createDataFrame(ROWS, SCHEMA)


@pytest.fixture
def project(tmp_path):
    def build(*expectations, name="logins"):
        settings = Settings(
            name="shop",
            lake=tmp_path / "lake",
            data=tmp_path / "data",
            feature_repo=tmp_path / "feature_repo",
            state=tmp_path / "state",
        )
        return Project(tmp_path, settings, suites={name: Suite(source=name, expectations=expectations)})

    return build


def of(*expectations, **kwargs):
    return Expectation(type=expectations[0], kwargs=kwargs)


def run(project, events, run_id="run-1", source=LOGINS):
    return gate(project, source, events, run_id, DAY)


def outcomes(result):
    return [(check.type, check.success, check.unexpected_count, check.element_count) for check in result.checks]


def test_a_batch_that_meets_all_passes(project, batch):
    result = run(project(UNIQUE), batch)
    assert result.passed
    assert outcomes(result) == [("expect_column_values_to_be_unique", True, 0, 3)]
    assert result.failures == result.warnings == ()
    result.require()


def test_a_failed_warning_passes_and_is_shown(project, batch):
    result = run(project(UNIQUE, SMALL), batch)
    assert result.passed
    assert [str(check) for check in result.warnings] == ["expect_column_values_to_be_between(amount): 1 of 3 rows"]
    result.require()


def test_a_failed_critical_names_source_interval_counts_and_page(project, batch):
    result = run(project(NAMED, SMALL), batch)
    assert not result.passed
    with pytest.raises(ValidationFailed) as raised:
        result.require()
    assert str(raised.value) == (
        "source 'logins', interval 2010-12-01/2010-12-02: nothing was published: critical expectations failed:\n"
        "  expect_column_values_to_not_be_null(user_name): 1 of 3 rows\n"
        f"Counts are on {result.page}. Correct the data, its transform or its suite, and run the interval again."
    )


USUAL = of("expect_table_row_count_to_be_between", min_value={"$PARAMETER": "rows_week_before * 2 - 1"})
KNOWN = of("expect_column_values_to_be_in_set", column="account_known", value_set=[True], mostly=0.9)


def test_a_batch_is_beside_a_week_before_and_what_other_sources_know(project, batch, tmp_path):
    accounts = Reference(name="account_known", column="user_name", source="accounts", to="name")
    declared = project()
    declared.suites["logins"] = Suite(source="logins", expectations=(USUAL, KNOWN), references=(accounts,))
    alone = run(declared, batch)
    assert (alone.passed, alone.checks[0].detail) == (True, "no rows a week before")
    lake = Lake(tmp_path / "lake")
    week_before = [at(8) - dt.timedelta(days=7), at(9) - dt.timedelta(days=7), at(9) - dt.timedelta(days=8)]
    tables.append(lake.silver("logins"), pa.table({"event_ts": pa.array(week_before, pa.timestamp("us", "UTC"))}))
    tables.append(lake.silver("accounts"), pa.table({"name": ["ann", "ann", None]}))
    beside = run(declared, batch, "run-2")
    # Two a week before ask for three; of two names one is known, and the third event names nobody.
    assert [str(check) for check in beside.failures] == [
        "expect_column_values_to_be_in_set(account_known): 1 of 3 rows"
    ]
    assert run(declared, batch.limit(1), "run-3").failures[0].type == USUAL.type


def test_a_source_without_a_suite_passes_and_records_nothing(project, batch, tmp_path):
    result = run(project(UNIQUE, name="other"), batch)
    assert (result.passed, result.checks, result.page) == (True, (), None)
    assert not (tmp_path / "lake").exists()


def test_results_are_kept_in_the_order_of_declaration(project, batch, tmp_path):
    run(project(UNIQUE), batch, "run-1")
    result = run(project(SMALL, UNIQUE), batch, "run-2")
    lake = Lake(tmp_path / "lake")
    assert tables.read(lake.ops("validations")).num_rows == 3
    newest = validations.latest(lake, "logins")
    assert newest.select(
        ["run_id", "type", "column", "kwargs", "severity", "success", "unexpected", "evaluated"]
    ).to_pylist() == [
        {
            "run_id": "run-2",
            "type": "expect_column_values_to_be_between",
            "column": "amount",
            "kwargs": '{"column": "amount", "max_value": 10, "min_value": 0}',
            "severity": "warning",
            "success": False,
            "unexpected": 1,
            "evaluated": 3,
        },
        {
            "run_id": "run-2",
            "type": "expect_column_values_to_be_unique",
            "column": "event_id",
            "kwargs": '{"column": "event_id"}',
            "severity": "critical",
            "success": True,
            "unexpected": 0,
            "evaluated": 3,
        },
    ]
    assert set(newest["interval_start"].to_pylist()) == {dt.datetime(2010, 12, 1, tzinfo=dt.UTC)}
    assert set(newest["page"].to_pylist()) == {str(result.page)}
    assert validations.latest(lake, "orders").num_rows == 0


def test_latest_is_empty_before_the_first_gate(tmp_path):
    assert validations.latest(Lake(tmp_path), "logins").equals(pa.Table.from_pylist([], schema=validations.SCHEMA))


def test_each_run_has_a_page_that_names_what_was_checked(project, batch, tmp_path):
    first = run(project(UNIQUE, NAMED), batch, "run-1").page
    second = run(project(UNIQUE, NAMED), batch, "run-2").page
    assert first != second
    for page in (first, second):
        text = page.read_text(encoding="utf-8")
        assert "user_name" in text
        assert "values must be unique" in text
    docs = tmp_path / "state" / "gx" / "logins" / "data_docs"
    assert "Counted once." in (docs / "expectations" / "logins.html").read_text(encoding="utf-8")
    index = (tmp_path / "state" / "gx" / "index.html").read_text(encoding="utf-8")
    assert '<a href="logins/data_docs/index.html">logins</a>' in index
    assert (docs / "index.html").is_file()


def test_sources_have_folders_of_their_own(project, batch, tmp_path):
    carts = EventSource(name="carts", files="c/*.log", transform="logins:to_events", columns={"user_name": "string"})
    run(project(UNIQUE), batch)
    run(project(UNIQUE, name="carts"), batch, source=carts)
    index = (tmp_path / "state" / "gx" / "index.html").read_text(encoding="utf-8")
    assert [name for name in ("carts", "logins") if f">{name}</a>" in index] == ["carts", "logins"]


def test_sources_gated_at_once_do_not_meet(project, batch, tmp_path):
    names = ("logins", "carts", "orders")
    sources = [EventSource(name=n, files="f/*.log", transform="f:f", columns={"user_name": "string"}) for n in names]
    suites = {name: (UNIQUE, NAMED) if name == "carts" else (UNIQUE,) for name in names}
    projects = [project(*suites[name], name=name) for name in names]
    with ThreadPoolExecutor(max_workers=3) as pool:
        results = list(pool.map(lambda pair: run(pair[0], batch, source=pair[1]), zip(projects, sources, strict=True)))
    assert [(result.source, result.passed, len(result.checks)) for result in results] == [
        ("logins", True, 1),
        ("carts", False, 2),
        ("orders", True, 1),
    ]
    for name, result in zip(names, results, strict=True):
        assert tmp_path / "state" / "gx" / name in result.page.parents
        assert validations.latest(Lake(tmp_path / "lake"), name).num_rows == len(suites[name])


# Each of these would, in the results of Great Expectations itself, show a value: unexpected values, an extreme,
# a distinct value, the most common one, or the text of an exception.
REVEALING = (
    of("expect_column_values_to_be_in_set", column="user_name", value_set=["ann"]),
    of("expect_column_values_to_match_regex", column="user_name", regex="^a"),
    of("expect_column_distinct_values_to_be_in_set", column="user_name", value_set=["ann"]),
    of("expect_column_distinct_values_to_contain_set", column="user_name", value_set=["ann", "bob"]),
    of("expect_column_most_common_value_to_be_in_set", column="user_name", value_set=["zoe"]),
    of("expect_column_max_to_be_between", column="amount", min_value=0, max_value=1),
    of("expect_column_mean_to_be_between", column="user_name", min_value=0, max_value=1),
    of("expect_column_values_to_be_unique", column="user_name"),
)


def test_no_value_of_a_row_is_kept_anywhere(project, spark, tmp_path):
    rows = [(f"{i}", at(8), TELLTALE, 918273645) for i in range(4)]
    result = run(project(*REVEALING), spark.createDataFrame(rows, SCHEMA))
    assert not result.passed
    kept = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert result.page in kept
    told = [
        path
        for path in kept
        for secret in (TELLTALE, "918273645", "918,273,645")
        if secret.encode() in path.read_bytes()
    ]
    assert told == []
    assert TELLTALE not in repr(result)
    assert TELLTALE not in str(validations.latest(Lake(tmp_path / "lake"), "logins").to_pylist())


def test_an_expectation_that_cannot_be_evaluated_fails_without_its_message(project, batch):
    result = run(project(of("expect_column_mean_to_be_between", column="user_name", min_value=0)), batch)
    assert [str(check) for check in result.failures] == [
        "expect_column_mean_to_be_between(user_name): it could not be evaluated"
    ]
    assert "it could not be evaluated" in result.page.read_text(encoding="utf-8")


def test_a_batch_without_rows_breaks_no_expectation_on_values(project, batch):
    rows = of("expect_table_row_count_to_be_between", min_value=1)
    proportion = of("expect_column_max_to_be_between", column="amount", min_value=1)
    result = run(project(rows, UNIQUE, proportion), batch.filter("amount < 0"))
    assert [(check.type, check.success, check.detail) for check in result.checks] == [
        ("expect_table_row_count_to_be_between", False, "observed 0"),
        ("expect_column_values_to_be_unique", True, "no rows"),
        ("expect_column_max_to_be_between", True, "no rows"),
    ]
    assert not result.passed


def test_a_batch_without_rows_passes_a_suite_on_values_alone(project, batch):
    result = run(project(UNIQUE), batch.filter("amount < 0"))
    assert result.passed
    assert result.page.is_file()


@pytest.mark.parametrize(
    ("interval", "outside"), [("2010-12-01/2010-12-02", 0), ("2010-12-01/2010-12-01T09:00:00Z", 2)]
)
def test_arguments_may_name_the_edges_of_the_interval(project, batch, interval, outside):
    within = of(
        "expect_column_values_to_be_between",
        column="event_ts",
        min_value={"$PARAMETER": "interval_start"},
        max_value={"$PARAMETER": "interval_end"},
        strict_max=True,
    )
    result = gate(project(within), LOGINS, batch, "run-1", Interval.parse(interval))
    assert result.checks[0].unexpected_count == outside


def test_an_expectation_may_be_about_some_rows(project, batch):
    some = of("expect_column_values_to_not_be_null", column="user_name", row_condition="amount > 7")
    result = run(project(some), batch)
    assert outcomes(result) == [("expect_column_values_to_not_be_null", True, 0, 1)]


def test_a_suite_that_names_an_unknown_column_is_refused_before_anything_is_written(project, batch, tmp_path):
    with pytest.raises(DeclarationError):
        run(project(of("expect_column_values_to_be_unique", column="event")), batch)
    assert not (tmp_path / "lake").exists()


def test_the_commits_of_a_gate_are_logged(project, batch, caplog):
    with caplog.at_level(logging.INFO, logger="riskloom.commits"):
        run(project(UNIQUE), batch, "run-7")
    lines = [record.getMessage() for record in caplog.records if record.name == "riskloom.commits"]
    assert lines == ["data_docs.logins version run-7", "ops.validations version 0"]


def test_a_gate_leaves_session_and_batch_as_they_were(project, spark, batch):
    before = dict(spark.sparkContext.getConf().getAll())
    run(project(UNIQUE), batch)
    assert dict(spark.sparkContext.getConf().getAll()) == before
    assert not batch.is_cached


def test_pages_are_below_the_state_folder(project, batch, tmp_path):
    page = run(project(UNIQUE), batch).page
    assert isinstance(page, Path)
    assert tmp_path / "state" / "gx" / "logins" in page.parents
