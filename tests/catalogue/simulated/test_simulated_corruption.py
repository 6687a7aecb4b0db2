"""Corrupted hours of each source: the suite stops them, or sends the rows that are wrong to quarantine.

The kinds are those of docs/corruption.md.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from demo.catalogue.derived import with_derived
from riskloom.intervals import HOUR, MINUTE, Interval
from riskloom.lake import tables
from riskloom.lake.paths import Lake
from riskloom.project import Project
from riskloom.quality.gate import gate
from riskloom.windows.predicate import evaluate
from riskloom.windows.tables import ARROW

pytestmark = pytest.mark.spark

ROOT = Path(__file__).parents[3]
PLATFORM = ROOT / "demo" / "platform"
ROWS = 240
THE_HOUR = Interval.parse("2025-11-10T12:00:00Z/2025-11-10T13:00:00Z")
WEEK = 7 * 24 * HOUR
UNIQUE, THERE = "expect_column_values_to_be_unique", "expect_column_values_to_not_be_null"
BETWEEN, ROW_COUNT = "expect_column_values_to_be_between", "expect_table_row_count_to_be_between"
IN_SET, FORM = "expect_column_values_to_be_in_set", "expect_column_values_to_match_regex"
OUT_OF_RANGE = {
    "requests": {"status": 999}, "clicks": {"scroll_percent": 400}, "logins": {"rtt_ms": -5},
    "accounts": {"completeness": 101}, "orders": {"discount": -1}, "payments": {"amount": -100},
    "coupons": {"face_value": -1}, "refunds": {"amount": 0}, "reviews": {"stars": 6}, "messages": {"recipient_id": None},
    "shipments": {"weight_g": 0}, "sellers": {"price": 0}, "staff": {"bytes": -1}, "cases": {"confidence": 1.5},
}  # fmt: skip


@dataclass(frozen=True)
class Hour:
    """A source's events of an hour, its suite, and all events that the hour was made of."""

    source: object
    suite: object
    events: pa.Table
    happened: pa.Table

    def with_column(self, name, values):
        kind = self.events.schema.field(name).type
        filled = pa.array(values, kind) if isinstance(values, list) else values.cast(kind)
        return replace(self, events=self.events.set_column(self.events.column_names.index(name), name, filled))

    def at_some(self, name, value):
        """Another value in each third row."""
        third = pa.array(np.arange(len(self.events)) % 3 == 0)
        kind = self.events.schema.field(name).type
        return self.with_column(name, pc.if_else(third, pa.scalar(value, kind), self.events[name].combine_chunks()))

    def first(self, kind):
        """The first column of its own that a kind of expectation is about."""
        return next(
            (one.kwargs["column"] for one in self.suite.expectations
             if one.type == kind and one.kwargs["column"] in self.source.columns),
            None,
        )  # fmt: skip


def tiled(events, rows):
    """So many events, each with an id of its own."""
    whole = events.take(pa.array(np.arange(rows) % len(events)))
    ids = pa.array([f"e{place:016x}" for place in range(rows)])
    return whole.set_column(whole.column_names.index("event_id"), "event_id", ids)


def timed(events, start):
    """Events spread over an hour."""
    micros = start + np.arange(len(events)) * (HOUR // len(events))
    times = {"event_ts": micros, "known_at": micros + MINUTE, "available_ts": micros + MINUTE}
    for name in set(times) & set(events.column_names):
        at = pa.array(times[name], pa.timestamp("us", "UTC"))
        events = events.set_column(events.column_names.index(name), name, at)
    return events


def nothing(hour):
    return replace(hour, events=hour.events.slice(0, 0)), {(ROW_COUNT, "")}


def twice(hour):
    ids = hour.events["event_id"].to_pylist()
    return hour.with_column("event_id", ids[: ROWS // 2] * 2), {(UNIQUE, "event_id")}


def timeless(hour):
    return hour.at_some("event_ts", None), {(THERE, "event_ts")}


def stale(hour):
    column = "known_at" if hour.source.name == "cases" else "event_ts"
    earlier = pa.array(np.array(hour.events[column].cast(pa.int64())) - WEEK).cast(pa.timestamp("us", "UTC"))
    return hour.with_column(column, earlier), {(BETWEEN, column)}


def flood(hour):
    return replace(hour, events=timed(tiled(hour.events, ROWS * 12), THE_HOUR.start)), {(ROW_COUNT, "")}


def trickle(hour):
    return replace(hour, events=hour.events.slice(0, ROWS // 12)), {(ROW_COUNT, "")}


def nobody(hour):
    key = next(
        one.kwargs["column"]
        for one in hour.suite.expectations
        if one.type == THERE and one.kwargs["column"] != "event_ts"
    )
    return hour.at_some(key, None), {(THERE, key)}


def unknown_word(hour):
    column = hour.first(IN_SET)
    return column and (hour.at_some(column, "zzz"), {(IN_SET, column)})


def slipped(hour):
    column = hour.first(FORM)
    return hour.with_column(column, [f"slipped {place}" for place in range(ROWS)]), {(FORM, column)}


def strangers(hour):
    if not hour.suite.references:
        return None
    return hour.with_column("order_id", [f"o{place:010x}" for place in range(ROWS)]), {(IN_SET, "order_known")}


STOPPED = (nothing, twice, timeless, stale, flood, trickle, nobody, unknown_word, slipped, strangers)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The platform's project on a lake of the test's own."""
    project, folder = Project.load(PLATFORM), tmp_path_factory.mktemp("corrupted")
    return replace(project, settings=replace(project.settings, lake=folder / "lake", state=folder / "state"))


@pytest.fixture(scope="module")
def hours(project, written):
    """An hour of each source as it should be."""
    found = {}
    for name, source in project.sources.items():
        happened = cases(source, written) if name == "cases" else with_derived(source, written.truth(name))
        if "log_id" in source.columns:
            happened = happened.append_column("log_id", happened["event_id"])
        clean = happened.select(["event_id", "event_ts", *source.columns])
        found[name] = Hour(source, project.suite(name), timed(tiled(clean, ROWS), THE_HOUR.start), clean)
    return found


@pytest.fixture(scope="module")
def published(project, hours):
    """Writes to silver what sources said a week before, and long ago: each source's once."""

    def write(*names):
        lake = Lake(project.settings.lake)
        for name in names:
            if not tables.exists(lake.silver(name)):
                for events, weeks in ((hours[name].events, 1), (hours[name].happened, 3)):
                    silver = events.append_column("available_ts", events["event_ts"])
                    tables.append(lake.silver(name), timed(silver, THE_HOUR.start - weeks * WEEK))

    return write


def cases(source, written):
    rows = []
    for path in sorted((written.folder / "raw" / "cases").rglob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            rows += [{key: value or None for key, value in row.items()} for row in csv.DictReader(file)]
    made = [
        {**row, "event_id": row["case_id"], "event_ts": row["time"], "fraud": row["fraud"] == "true",
         "confidence": float(row["confidence"])}
        for row in rows
    ]  # fmt: skip
    kinds = {"event_id": "string", "event_ts": "timestamp", **source.columns}
    columns = {name: pa.array([row.get(name) for row in made]).cast(ARROW[dtype]) for name, dtype in kinds.items()}
    return pa.table(columns)


def failures(spark, project, hour, run):
    frame = spark.createDataFrame(hour.events, schema_of(hour))
    result = gate(project, hour.source, frame, run, THE_HOUR)
    assert result.passed == (not result.failures)
    return {(check.type, check.column) for check in result.failures}


def schema_of(hour):
    from riskloom.extract.units import SPARK_TYPES

    columns = {"event_id": "string", "event_ts": "timestamp", **hour.source.columns}
    return ", ".join(f"`{name}` {SPARK_TYPES[dtype]}" for name, dtype in columns.items())


def broken(hour):
    """Which rows break a row rule."""
    return ~np.logical_and.reduce([evaluate(rule, hour.events) for rule in hour.suite.rows])


def test_rows_out_of_range_are_quarantined_and_no_others(hours):
    for name, hour in hours.items():
        assert not broken(hour).any(), name
        ((column, value),) = OUT_OF_RANGE[name].items()
        assert broken(hour.at_some(column, value)).tolist() == [place % 3 == 0 for place in range(ROWS)], name


def test_an_hour_with_everything_wrong_is_stopped_for_each_of_it(spark, project, hours, published):
    published("coupons", "orders")
    coupons = hours["coupons"]
    wrong, expected = coupons, set()
    for kind in (slipped, nobody, unknown_word, strangers, twice, timeless):
        wrong, said = kind(wrong)
        expected |= said
    assert failures(spark, project, wrong, "wrong") == expected
    assert failures(spark, project, stale(flood(coupons)[0])[0], "flood") == {(ROW_COUNT, ""), (BETWEEN, "event_ts")}


@pytest.mark.slow
@pytest.mark.parametrize("source", sorted(OUT_OF_RANGE))
def test_each_kind_of_corrupted_hour_of_each_source_is_stopped(spark, project, hours, published, source):
    published(source, "orders")
    hour = hours[source]
    assert failures(spark, project, hour, "clean") == set()
    told = [(kind.__name__, found) for kind in STOPPED if (found := kind(hour))]
    # With the rows that go to quarantine.
    assert len(told) + 1 >= 10
    for kind, (wrong, expected) in told:
        assert expected <= failures(spark, project, wrong, kind), kind


def test_the_page_lists_the_kinds():
    page = (ROOT / "docs" / "corruption.md").read_text(encoding="utf-8")
    for kind in (*STOPPED, test_rows_out_of_range_are_quarantined_and_no_others):
        assert f"| {kind.__name__.replace('_', ' ')} |" in page or kind.__name__.startswith("test_")
    assert page.count("| quarantine |") == 1
