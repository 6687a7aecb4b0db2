from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from riskloom.errors import AccountingError, LakeError
from riskloom.lake import ops, tables
from riskloom.lake.ops import RunRecord, ViewRecord
from riskloom.lake.paths import Lake

DAY = 86_400_000_000
RUN = RunRecord(
    run_id="r1",
    source="logins",
    interval_start=0,
    interval_end=DAY,
    started_ts=1,
    ended_ts=2,
    lines_in=8,
    record=4,
    continuation=1,
    blank=1,
    header=1,
    ignored=1,
    ignored_rules={"comment": 1},
    records=4,
    extra_events=2,
    published=3,
    duplicates=1,
    quarantined=1,
    held=1,
    changed=3,
    reasons={"bad_line": 1},
    drift={"new:city": 2},
    silver_version=7,
    fingerprint="abc",
)


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path)


def test_runs_come_back_as_they_were_written_oldest_first(lake):
    assert ops.runs(lake) == []
    later = replace(RUN, run_id="r2", started_ts=5, silver_version=None, status="failed", error="it broke")
    ops.append_run(lake, later)
    ops.append_run(lake, RUN)
    assert ops.runs(lake) == [RUN, later]


def test_a_table_that_is_older_than_a_count_gets_its_column(lake):
    ops.append_run(lake, RUN)
    older = tables.read(lake.ops(ops.RUNS)).drop_columns(["drift"])
    tables.overwrite(lake.ops(ops.RUNS), older)
    assert [run.drift for run in ops.runs(lake)] == [{}]
    ops.append_run(lake, replace(RUN, started_ts=5))
    assert [run.drift for run in ops.runs(lake)] == [{}, {"new:city": 2}]


def test_sums_that_add_up_pass():
    RUN.check()


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {"blank": 0},
            "source 'logins': lines_in = 8, but record + continuation + blank + header + ignored = 7 (1 less). "
            "Nothing of this run is recorded as passed; run it again, and report it if it stays.",
        ),
        (
            {"published": 5},
            "source 'logins': records + extra_events = 6, but published + duplicates + quarantined + held = 8 (2 more). "
            "Nothing of this run is recorded as passed; run it again, and report it if it stays.",
        ),
        (
            {"records": 3, "extra_events": 3},
            "source 'logins': record = 4, but records = 3 (1 less). "
            "Nothing of this run is recorded as passed; run it again, and report it if it stays.",
        ),
    ],
)
def test_a_sum_that_is_off_is_told(changes, text):
    with pytest.raises(AccountingError) as caught:
        replace(RUN, **changes).check()
    assert str(caught.value) == text


def test_watermark_is_the_end_of_unbroken_passed_intervals(lake):
    assert ops.watermark(lake, "logins") is None
    runs = [(0, "passed"), (2, "passed"), (1, "held")]
    for started, (day, status) in enumerate(runs):
        record = replace(RUN, interval_start=day * DAY, interval_end=(day + 1) * DAY, status=status, started_ts=started)
        ops.append_run(lake, record)
    assert ops.watermark(lake, "logins") == DAY
    ops.append_run(lake, replace(RUN, interval_start=DAY, interval_end=2 * DAY, started_ts=9))
    assert ops.watermark(lake, "logins") == 3 * DAY
    assert ops.watermark(lake, "other") is None
    # What passed once and failed in its latest run is not done.
    ops.append_run(lake, replace(RUN, interval_start=2 * DAY, interval_end=3 * DAY, started_ts=10, status="failed"))
    assert ops.watermark(lake, "logins") == 2 * DAY


def test_latest_view(lake):
    assert ops.latest_view(lake, "v") is None
    old = ViewRecord(view="v", gold_version=0, silver_version=1, watermark=None, events=3, run_id="r", recorded_ts=1)
    new = replace(old, gold_version=1, watermark=DAY, recorded_ts=2)
    for record in (new, old, replace(old, view="w", recorded_ts=3)):
        ops.append_view(lake, record)
    assert ops.latest_view(lake, "v") == new


def test_appends_at_once_all_arrive(lake):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: ops.append_run(lake, replace(RUN, run_id=str(number))), range(8)))
    assert sorted(run.run_id for run in ops.runs(lake)) == [str(number) for number in range(8)]


def test_tables_without_a_jvm(tmp_path, caplog):
    path = tmp_path / "ops" / "things"
    assert (tables.exists(path), tables.version(path), tables.columns(path), tables.rows(path)) == (False, None, (), 0)
    rows = pa.table({"name": ["a", "b"], "at": pa.array([1, 2], pa.timestamp("us", "UTC"))})
    with caplog.at_level("INFO", logger="riskloom.commits"):
        assert tables.append(path, rows) == 0
        assert tables.append(path, rows.slice(0, 1)) == 1
    assert caplog.messages == ["ops.things version 0", "ops.things version 1"]
    assert (tables.exists(path), tables.version(path), tables.columns(path), tables.rows(path)) == (
        True,
        1,
        ("name", "at"),
        3,
    )
    assert tables.read(path, ["at"], version=0).schema.field("at").type == pa.timestamp("us", "UTC")
    assert tables.read(path, filters=pc.field("name") == "b").num_rows == 1


def test_a_missing_table_is_told(tmp_path):
    path = tmp_path / "silver" / "orders"
    with pytest.raises(LakeError) as caught:
        tables.read(path)
    assert str(caught.value) == f"there is no table silver.orders ({path}). Run `riskloom run` for an interval first."
