from __future__ import annotations

import gzip
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from riskloom import RowRule, Suite
from riskloom.errors import AccountingError, ExtractError, LakeError
from riskloom.extract import classify, load, units
from riskloom.extract.protect import Protection
from riskloom.lake import tables
from riskloom.lake.paths import Lake

pytestmark = pytest.mark.spark

DAY_1 = "# comment\n2020-01-01T10:00:00Z ann 5\n\n2020-01-01T10:00:00Z bob 7 x3\nbad line\n2020-01-01T10:00:00Z ann 5\nnonsense"
DAY_1_TOTALS = {
    "lines_in": 7,
    "record": 5,
    "continuation": 0,
    "blank": 1,
    "header": 0,
    "ignored": 1,
    "ignored_rules": {"comment": 1},
    "records": 5,
    "extra_events": 2,
    "events": 5,
    "duplicates": 0,
    "quarantined": 2,
    "reasons": {"bad_line": 1, "no_timestamp": 1},
    "drift": {},
}


def test_every_line_is_accounted_for_and_a_rerun_changes_nothing(workshop):
    workshop.write("logins/2020-01-01.log", DAY_1)
    counts, published = workshop.run()
    assert counts.totals() == DAY_1_TOTALS
    assert (published.published, published.quarantined, published.held, published.changed) == (5, 2, 0, 5)
    # Identical lines are two events; a record of three gives ordinals 0 to 2.
    expected = [("ann", 5, 2, 0), ("ann", 5, 6, 0), ("bob", 7, 4, 0), ("bob", 7, 4, 1), ("bob", 7, 4, 2)]
    assert workshop.rows("silver", "user_name", "amount", "line_no", "ordinal") == expected
    assert workshop.rows("quarantine", "line_no", "stage", "reason", "file") == [
        (5, "parse", "bad_line", "logins/2020-01-01.log"),
        (7, "parse", "no_timestamp", "logins/2020-01-01.log"),
    ]
    # A transform that says nothing of how it read a line leaves the envelope empty.
    envelope = workshop.rows("silver", "repair_codes", "ts_precision", "tz_source", "flags", "extras")
    assert envelope == [([], None, None, [], [])] * 5
    assert b"\n".join(raw for _, raw in workshop.rows("bronze", "line_no", "raw")) == DAY_1.encode()
    versions = workshop.versions()
    again_counts, again = workshop.run()
    assert again_counts.totals() == DAY_1_TOTALS
    assert (again.published, again.quarantined, again.changed) == (5, 2, 0)
    # A copy, packed and under another name in the same interval: all its units are duplicates.
    workshop.write("logins/2020-01-01-again.log.gz", gzip.compress(DAY_1.encode()))
    copied, _ = workshop.run()
    assert copied.files[0].duplicates == 0
    assert (copied.files[1].records, copied.files[1].extra_events, copied.files[1].duplicates) == (5, 2, 7)
    assert copied.totals()["events"] == 5
    assert workshop.versions() == versions


def test_older_intervals_and_late_files_arrive(workshop):
    workshop.write("logins/2020-01-02.log", "2020-01-02T10:00:00Z bob 1\n")
    workshop.run("2020-01-02/2020-01-03")
    workshop.write("logins/2020-01-01.log", "2020-01-01T10:00:00Z ann 1\n")
    assert workshop.run("2020-01-01/2020-01-02")[1].changed == 1
    workshop.write("logins/2020-01-02-late.log", "2020-01-02T09:00:00Z cid 1\n")
    counts, published = workshop.run("2020-01-02/2020-01-03")
    assert (counts.totals()["events"], published.published, published.changed) == (2, 2, 1)
    assert [name for (name,) in workshop.rows("silver", "user_name")] == ["ann", "bob", "cid"]
    empty, nothing = workshop.run("2020-02-01/2020-02-02")
    assert (empty.totals()["lines_in"], nothing.published, nothing.changed) == (0, 0, 0)


def test_a_file_that_grew_is_not_counted_twice(workshop):
    workshop.write("logins/2020-01-01.log", "2020-01-01T10:00:00Z ann 1\n2020-01-01T11:00:00Z bo")
    workshop.run()
    workshop.write(
        "logins/2020-01-01.log", "2020-01-01T10:00:00Z ann 1\n2020-01-01T11:00:00Z bob 2\n2020-01-01T12:00:00Z cid 3\n"
    )
    counts, published = workshop.run()
    assert (counts.totals()["records"], published.published, published.changed) == (3, 3, 2)
    assert workshop.rows("silver", "user_name", "amount") == [("ann", 1), ("bob", 2), ("cid", 3)]


def test_bad_files_are_quarantined_and_nothing_is_lost(workshop):
    whole = "".join(f"2020-01-01T10:00:00Z {os.urandom(6).hex()} {number}\n" for number in range(300))
    workshop.write("logins/2020-01-01-cut.gz", gzip.compress(whole.encode())[:1500])
    workshop.write("logins/2020-01-01-binary", bytes(range(256)) * 40)
    workshop.write("logins/2020-01-01-empty", b"")
    workshop.write("logins/2020-01-01-long", b"x" * 10_485_760 + b"\n2020-01-01T10:00:00Z ann 1\n")
    extracted, loaded = workshop.load()
    assert dict(extracted.failures) == {
        "logins/2020-01-01-binary": "binary_file",
        "logins/2020-01-01-cut.gz": "truncated_file",
    }
    found = {file.file.rpartition("-")[2]: file for file in loaded.counts.files}
    assert dict(found["binary"].reasons) == {"binary_file": 1}
    assert dict(found["cut.gz"].reasons) == {"truncated_file": 1}
    assert found["cut.gz"].events == found["cut.gz"].records - 1 > 0
    assert found["empty"].lines_in == 0
    assert (dict(found["long"].reasons), found["long"].events, found["long"].lines_in) == ({"line_too_long": 1}, 1, 2)
    lines = tables.read(Lake(workshop.root / "lake").bronze("logins"), ["file", "raw"]).to_pylist()
    assert sum(len(line["raw"]) for line in lines if line["file"].endswith("long")) == 10_485_760 + 26
    # What was cut off arrives whole: what stands already stays, the rest is added.
    workshop.write("logins/2020-01-01-cut.gz", gzip.compress(whole.encode()))
    _, published = workshop.run()
    assert published.published == 301
    assert len(workshop.rows("silver", "event_id")) == 301


def test_an_empty_file_alone_is_a_clear_empty_answer(workshop):
    workshop.write("logins/2020-01-01.log", b"")
    counts, published = workshop.run()
    assert counts.totals()["lines_in"] == 0
    assert (published.published, published.silver_version) == (0, 0)
    assert workshop.rows("silver", "event_id") == []


DROPS = """
def to_events(records):
    from pyspark.sql import functions as F
    return records.where("text not like '%ann%'").select(
        "origin", F.lit(None).cast("string").alias("reason"), F.try_to_timestamp(F.lit("2020-01-01T00:00:00Z")).alias("event_ts"),
        F.lit("u").alias("user_name"), F.lit(1).cast("bigint").alias("amount"))
"""


@pytest.mark.parametrize(
    ("transform", "error", "text"),
    [
        (
            DROPS,
            AccountingError,
            "source 'logins': transform 'logins:to_events' accounts for 1 of 2 records. "
            "Each record must give an event, or a reject with a reason. Nothing was published.",
        ),
        (
            DROPS.replace("records.where(\"text not like '%ann%'\")", "records.union(records)"),
            AccountingError,
            "source 'logins': transform 'logins:to_events' gives 2 rows whose origin and ordinal another row has. "
            "Number the rows of a record with ordinal 0, 1, 2, and so on. Nothing was published.",
        ),
        (
            "def to_events(records):\n    raise KeyError('user')\n",
            ExtractError,
            "source 'logins': transform 'logins:to_events' failed: KeyError: 'user'. "
            "Nothing was published; fix it and run again.",
        ),
        (
            DROPS.replace('"user_name"', '"username"'),
            ExtractError,
            "source 'logins': transform 'logins:to_events' gives no column 'user_name'. Did you mean 'username'? "
            "Give every declared column, and origin, event_ts and reason.",
        ),
        (
            DROPS.replace('"bigint"', '"int"'),
            ExtractError,
            "source 'logins': transform 'logins:to_events' gives column 'amount' as int, but bigint is declared. Cast it.",
        ),
        (
            "import nothing_of_that_name\n",
            ExtractError,
            "source 'logins': transform 'logins:to_events' failed: it does not import: ModuleNotFoundError: "
            "No module named 'nothing_of_that_name'. Nothing was published; fix it and run again.",
        ),
    ],
    ids=["drops", "repeats", "raises", "lacks", "mistypes", "breaks"],
)
def test_a_transform_that_breaks_its_contract_is_told(workshop, transform, error, text):
    workshop.write("logins/2020-01-01.log", "2020-01-01T10:00:00Z ann 1\n2020-01-01T10:00:00Z bob 1\n")
    workshop.transform(transform)
    with pytest.raises(error) as caught:
        workshop.run()
    assert str(caught.value) == text
    assert workshop.versions() == (0, None, None)


def test_a_transform_that_fails_on_a_row_is_told(workshop):
    workshop.write("logins/2020-01-01.log", "2020-01-01T10:00:00Z ann 1\n")
    workshop.transform(DROPS.replace("F.lit(1)", 'F.col("text")').replace("ann", "zed"))
    with pytest.raises(ExtractError) as caught:
        workshop.run()
    assert str(caught.value).startswith("source 'logins': transform 'logins:to_events' failed: CAST_INVALID_INPUT at ")


def test_a_failed_gate_holds_what_does_not_stand_yet(workshop):
    workshop.write("logins/2020-01-01.log", "2020-01-01T10:00:00Z ann 1\n")
    workshop.run()
    workshop.write("logins/2020-01-02.log", "2020-01-02T10:00:00Z bob 2\nbad\n")
    _, held = workshop.run(passed=False)
    assert (held.published, held.held, held.quarantined, held.changed) == (1, 1, 1, 0)
    assert [name for (name,) in workshop.rows("silver", "user_name")] == ["ann"]
    assert workshop.rows("quarantine", "reason") == [("bad_line",)]
    _, passed = workshop.run()
    assert (passed.published, passed.held, passed.changed) == (2, 0, 1)


def test_a_corrected_transform_corrects_what_it_gave_before(workshop):
    workshop.write("logins/2020-01-01.log", DAY_1)
    workshop.run()
    from_before = workshop.rows("silver", "event_id")
    workshop.transform(TRANSFORM_2)
    _, published = workshop.run()
    assert published.changed == 5
    assert workshop.rows("silver", "user_name", "amount") == [("ann", 6), ("ann", 6), ("bob", 8)]
    assert set(workshop.rows("silver", "event_id")) < set(from_before)


TRANSFORM_2 = r"""
from pyspark.sql import functions as F


def to_events(records):
    part = lambda number: F.regexp_extract("text", r"^(\S+) (\S+) (-?[0-9]+)", number)
    amount = part(3).try_cast("bigint") + 1
    return records.select("origin", F.try_to_timestamp(part(1)).alias("event_ts"), part(2).alias("user_name"),
                          amount.alias("amount"), F.lit(None).cast("string").alias("reason"))
"""


def test_row_rules_named_ids_and_identical_lines(workshop):
    workshop.suites["logins"] = Suite(source="logins", rows=(RowRule("amount_positive", "amount > 0"),))
    workshop.declare(event_id=("user_name", "amount"), delay="1h")
    text = "2020-01-01T10:00:00Z ann 1\n2020-01-01T11:00:00Z ann 1\n2020-01-01T10:00:00Z bob -1\n"
    workshop.write("logins/2020-01-01.log", text)
    counts, _ = workshop.run()
    assert (counts.totals()["duplicates"], counts.totals()["reasons"]) == (1, {"amount_positive": 1})
    ((event_id, event_ts, available_ts),) = workshop.rows("silver", "event_id", "event_ts", "available_ts")
    # Of two with one id, the later line stands; an event may be seen an hour after its time.
    assert (event_id, event_ts.hour, available_ts.hour) == ('["ann","1"]', 11, 12)
    assert workshop.rows("quarantine", "stage", "reason") == [("rule", "amount_positive")]
    workshop.declare(event_id="position", identical_lines="duplicate")
    workshop.write("logins/2020-01-01.log", text + text)
    counts, _ = workshop.run()
    assert (counts.totals()["events"], counts.totals()["duplicates"]) == (2, 2)


def test_two_runs_at_once_leave_what_one_leaves(workshop):
    workshop.write("logins/2020-01-01.log", DAY_1)
    workshop.run()
    workshop.write("logins/2020-01-02.log", "2020-01-02T10:00:00Z cid 2\n2020-01-02T10:00:00Z dan 2\n")
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: workshop.run(), range(2)))
    assert [published.published for _, published in done] == [7, 7]
    assert sum(published.changed for _, published in done) == 2
    assert len(workshop.rows("silver", "event_id")) == 7
    assert len(workshop.rows("bronze", "raw")) == 9


def test_other_declared_columns_are_told_before_anything_is_written(workshop):
    workshop.write("logins/2020-01-01.log", "2020-01-01T10:00:00Z ann 1\n")
    workshop.run()
    workshop.transform(TRANSFORM_2.replace('alias("amount")', 'cast("double").alias("amount")'))
    workshop.declare(columns={"user_name": "string", "amount": "float64"})
    with pytest.raises(LakeError) as caught:
        workshop.run()
    path = workshop.root / "lake/silver/logins"
    assert str(caught.value) == (
        "table silver.logins has amount bigint, but amount double is to be written: its declaration changed. "
        f"Move {path} away and run its intervals again; bronze keeps every line."
    )


def test_rows_are_passed_through_python_again_only_where_there_is_something_to_protect(workshop):
    lines = workshop.spark.createDataFrame([], classify.SPARK_SCHEMA)
    records = units.record_frame(lines, workshop.source)
    plans = [
        load._transformed(workshop.project, workshop.source, records, protection)._jdf.queryExecution().toString()
        for protection in (Protection(), Protection(redact=("user_name",)))
    ]
    assert ["MapInArrow" in plan for plan in plans] == [False, True]
