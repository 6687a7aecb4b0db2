"""Lines of bronze that are emptied in their place, and a table's past that goes, without a JVM."""

from __future__ import annotations

import hashlib
import random
import re
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from riskloom import Csv, EventSource, JsonLines
from riskloom.errors import LakeError
from riskloom.extract import direct, staging
from riskloom.extract.classify import Rules
from riskloom.extract.counts import FileCounts
from riskloom.extract.erase import Sought, blank, find, offsets_by_content, take_out
from riskloom.extract.finish import Finish
from riskloom.extract.formats.plan import Plan
from riskloom.extract.lines import Reading, Stretch, batches
from riskloom.extract.native import parts
from riskloom.extract.protect import Protection
from riskloom.lake import erasures, tables
from riskloom.lake.erasures import Erasure, gone_rows, keep, matches
from riskloom.lake.past import forget_past
from riskloom.lake.paths import Lake
from riskloom.lake.rewrite import rewrite
from riskloom.run.purge import alone
from riskloom.testing.planted import traces
from riskloom.tokens import Ring

COLUMNS = {"user": "string", "note": "string"}
LINES = EventSource(name="lines", files="a/*", format=JsonLines(), columns=COLUMNS)
SPANS = EventSource(
    name="spans", files="a/*", format=(JsonLines(multiline=True), Csv(multiline=True)), columns=COLUMNS, header=True
)
INGEST = 1_700_000_000_000_000
RING = Ring((("k1", b"a" * 16),))


def reading(tmp_path, name, text, before=None, **gone):
    path = tmp_path / name
    path.write_bytes(text)
    known = () if before is None else (Stretch(len(before), hashlib.sha256(before).hexdigest(), INGEST),)
    return Reading(str(path), name, hashlib.sha256(text).hexdigest(), len(text), INGEST, known, **gone)


def bronze_of(tmp_path, *readings):
    path = tmp_path / "lake/bronze/lines"
    for one in readings:
        for batch in batches(one):
            write_deltalake(path, pa.table(batch), mode="append", partition_by=["file_hash"])
    return path


def said(bronze):
    rows = sorted(tables.read(bronze).to_pylist(), key=lambda row: (row["file"], row["byte_offset"]))
    return [(row["file"], row["raw"].decode(), row["failure"]) for row in rows]


def counted(source, bronze):
    rules = Rules(source.header, dict(source.ignore), source.record_start, {}, Plan.of(source))
    rows = sorted(tables.read(bronze).to_pylist(), key=lambda row: (row["file"], row["byte_offset"]))
    found = [row for rows in rules.records(iter([pa.RecordBatch.from_pylist(rows)])) for row in rows]
    return sorted((row["line_no"], row["kind"], row["rule"]) for row in found)


def test_a_line_goes_from_each_content_that_holds_it_and_is_still_counted(tmp_path):
    before = b'{"user": "ann"}\n{"user": "bob"}\n'
    after = before + b'{"user": "ann", "note": "later"}\n'
    first, second = reading(tmp_path, "a.log", before), reading(tmp_path, "b.log", after, before)
    bronze = bronze_of(tmp_path, first, second)
    lines = find(LINES, bronze, Sought(records={first.file_hash: np.array([0])}))
    assert {content: offsets.tolist() for content, offsets in lines.items()} == {
        first.file_hash: [0],
        second.file_hash: [0],
    }
    blank(bronze, lines, "erased")
    assert said(bronze) == [
        ("a.log", "", "erased"),
        ("a.log", '{"user": "bob"}', None),
        ("b.log", "", "erased"),
        ("b.log", '{"user": "bob"}', None),
        ("b.log", '{"user": "ann", "note": "later"}', None),
    ]
    assert counted(LINES, bronze)[:2] == [(1, "ignored", "erased")] * 2
    assert find(LINES, bronze, Sought(records={first.file_hash: np.array([0])})) == {}


def test_a_line_that_names_somebody_goes_unless_its_event_stays(tmp_path):
    text = (
        b'{"user": "ann-1"}\n{"user": "bob", "note": "ask ann-1"}\n{"user": "ann-1", "cut\n{"user": "ann-12"}\n'
        b'{"user": "cy", "note": "/of/ann-1?"}\n'
    )
    one = reading(tmp_path, "a.log", text)
    bronze = bronze_of(tmp_path, one)
    starts = [0, *(place + 1 for place, sign in enumerate(text) if sign == ord("\n"))]
    staying = {one.file_hash: np.array([starts[1]])}
    lines = find(LINES, bronze, Sought(words=("ann-1",), staying=lambda _: staying))
    assert lines[one.file_hash].tolist() == [starts[0], starts[2], starts[4]]


def test_lines_are_found_as_a_plain_search_finds_them(tmp_path):
    chance = random.Random(7)
    pieces = [
        "ann-1",
        "ANN-1",
        "ann-12",
        "xann-1",
        "ann",
        "-1",
        '"',
        " ",
        "=",
        "/",
        "?x=ann-1&",
        "\u00e9",
        "_",
        "ann-1_",
        "7",
    ]
    lines = ["".join(chance.choices(pieces, k=chance.randrange(6))) for _ in range(2_000)]
    text = "".join(f"{line}\n" for line in lines).encode()
    one = reading(tmp_path, "a.log", text)
    starts = np.cumsum([0, *(len(line.encode()) + 1 for line in lines[:-1])])
    staying, records = (np.sort(chance.sample(starts.tolist(), 300)) for _ in range(2))
    named = [start for start, line in zip(starts, lines, strict=True) if re.search(r"(?ai)(?<!\w)ann-1(?!\w)", line)]
    wanted = sorted({*named} - {*staying.tolist()} | {*records.tolist()})
    sought = Sought(records={one.file_hash: records}, words=("ann-1",), staying=lambda _: {one.file_hash: staying})
    bronze = bronze_of(tmp_path, one)
    assert find(LINES, bronze, sought)[one.file_hash].tolist() == wanted
    blank(bronze, find(LINES, bronze, sought), "erased")
    assert [row for row in said(bronze) if row[2]] == [("a.log", "", "erased")] * len(wanted)
    assert find(LINES, bronze, sought) == {}


def test_all_lines_of_a_record_go_with_it(tmp_path):
    text = b'{\n "user": "ann",\n "note": "a@b.com"\n}\n{\n "user": "bob"\n}\n'
    one = reading(tmp_path, "a.log", text)
    bronze = bronze_of(tmp_path, one)
    lines = find(SPANS, bronze, Sought(words=("ann",)))
    blank(bronze, lines, "erased")
    assert [raw for _, raw, _ in said(bronze)] == ["", "", "", "", "{", ' "user": "bob"', "}"]
    assert counted(SPANS, bronze) == [
        *((number, "ignored", "erased") for number in range(1, 5)),
        (5, "record", None),
        (6, "continuation", None),
        (7, "continuation", None),
    ]


def test_a_file_that_goes_on_does_not_bring_back_what_was_taken_out(tmp_path):
    before = b'{"user": "ann"}\n{"user": "bob"}\n'
    grown = reading(tmp_path, "a.log", before + b'{"user": "cy"}\n', before, gone={0: "erased"})
    assert said(bronze_of(tmp_path, grown)) == [
        ("a.log", "", "erased"),
        ("a.log", '{"user": "bob"}', None),
        ("a.log", '{"user": "cy"}', None),
    ]


def test_the_past_of_a_table_goes_from_files_log_and_checkpoints(tmp_path):
    path = tmp_path / "table"
    for name in ("ann", "bob", "cy"):
        write_deltalake(path, pa.table({"user": [name] * 3, "number": [1, 2, 3]}), mode="append")
    DeltaTable(path).create_checkpoint()
    assert traces(path, ["ann"])
    lost = rewrite(
        path,
        lambda _, rows: (
            rows.filter(pa.compute.not_equal(rows["user"], "ann")) if "ann" in rows["user"].to_pylist() else None
        ),
    )
    assert lost == 3
    assert rewrite(path, lambda _, __: None) == 0
    assert tables.version(path) == 3
    forget_past(path, time.time() + 1)
    assert traces(path, ["ann"]) == []
    assert sorted(tables.read(path)["user"].to_pylist()) == ["bob"] * 3 + ["cy"] * 3
    assert tables.rows(path) == 6
    write_deltalake(path, pa.table({"user": ["dan"], "number": [4]}), mode="append")
    assert tables.rows(path) == 7
    assert forget_past(path, 0.0) > 0
    assert forget_past(path, time.time() + 1) == 0
    with pytest.raises(LakeError):
        tables.read(path, version=1)


def test_an_erasure_names_nobody_and_finds_whom_it_was_about(tmp_path):
    lake = Lake(tmp_path / "lake")
    assert erasures.erasures(lake) == ()
    kept = {"user": keep("ann-77", None), "customer": keep("ann-77", RING)}
    asked = Erasure(erasure_id="1", source="lines", keys=kept, until=100)
    erasures.record(lake, asked, 1)
    erasures.record(lake, Erasure(erasure_id="2", source="lines", keys={}, until=50, state="done"), 2)
    assert [one.reason for one in erasures.erasures(lake, "lines")] == ["erased", "expired"]
    assert erasures.erasures(lake, "others") == ()
    assert traces(tmp_path, ["ann-77"]) == []
    assert matches("ann-77", kept["customer"], RING)
    assert not matches("bob", kept["customer"], RING)
    instants = pa.array([10, 99, 99, 100, None], pa.timestamp("us", "UTC"))
    tokens = RING.column(pa.chunked_array([["ann-77", "ann-77", "bob", "ann-77", "ann-77"]]))
    rows = pa.table({"user": ["ann-77"] * 5, "customer": tokens, "event_ts": instants})
    found = gone_rows(erasures.erasures(lake), rows, RING)
    assert {reason: mask.to_pylist() for reason, mask in found.items()} == {
        "erased": [True, True, False, False, False],
        "expired": [True, False, False, False, False],
    }
    newer = Ring((("k1", b"a" * 16), ("k2", b"b" * 16)))
    rotated = rows.set_column(1, "customer", newer.column(tokens))
    assert gone_rows(erasures.erasures(lake), rotated, newer)["erased"].to_pylist() == [True, True, False, False, False]


HOLDS = "import sys, time; from riskloom.extract import staging; from pathlib import Path; staging.enter(Path(sys.argv[1]), sys.argv[2]); print('in', flush=True); time.sleep(60)"


@pytest.mark.parametrize(
    ("first", "error"),
    [
        ("run1", "source 'lines': a run of it is under way. Wait until it has ended, and try again."),
        ("purge-1", "source 'lines' is being purged. Wait until that has ended, and run again."),
    ],
)
def test_a_purge_and_a_run_are_never_beside_each_other(tmp_path, first, error):
    lake = Lake(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(lake.staging("lines")), first], stdout=subprocess.PIPE
    ) as other:
        assert other.stdout.readline() == b"in\n"
        with pytest.raises(LakeError) as caught, alone(lake, "lines", "2"):
            pass
        assert str(caught.value) == error
        other.kill()
    with alone(lake, "lines", "2"):
        assert [folder.name for folder in lake.staging("lines").iterdir()] == ["purge-2"]
    assert not list(lake.staging("lines").iterdir())


def test_an_event_of_whom_was_erased_becomes_a_reject_before_it_is_staged():
    erased = Erasure(erasure_id="1", source="lines", keys={"user": keep("ann-77", RING)}, until=100)
    batch = pa.record_batch(
        {
            "user": pa.array(["ann-77", "ann-77", "bob", None, "ann-77"]),
            "event_ts": pa.array([99, 100, 99, 99, None], pa.timestamp("us", "UTC")),
            "reason": pa.array([None, None, None, "bad", "bad"], pa.string()),
        }
    )
    protection = Protection(tokens=("user",), ring=RING, erasures=(erased,))
    assert protection.needed
    (found,) = protection.batches([batch])
    assert found["reason"].to_pylist() == ["erased", None, None, "bad", "bad"]
    assert (
        protection.table(pa.Table.from_batches([batch[:0], batch]))["reason"].to_pylist() == found["reason"].to_pylist()
    )
    raw = Erasure(erasure_id="1", source="lines", keys={"user": keep("bob", None)}, until=100)
    (found,) = Protection(erasures=(raw, Erasure(erasure_id="2", source="lines", keys={}, until=99))).batches([batch])
    assert found["reason"].to_pylist() == [None, None, "erased", "bad", "bad"]


def test_pointers_are_grouped():
    assert offsets_by_content(pa.table({"file_hash": ["a", "a"], "byte_offset": [5, 5]}))["a"].tolist() == [5]


def test_a_load_refuses_whom_was_erased_and_the_next_one_leaves_the_line_out(tmp_path):
    text = b"".join(b'{"ts": "2020-05-01T08:00:00Z", "user": "%s"}\n' % name for name in (b"ann-77", b"bob", b"ann-77"))
    one = reading(tmp_path, "a.log", text)
    bronze = bronze_of(tmp_path, one)
    erased = Erasure(erasure_id="1", source="lines", keys={"user": keep("ann-77", None)}, until=2_000_000_000_000_000)

    def loaded(protection):
        place = staging.Staging(tmp_path)
        rules, plan = Rules(plan=Plan.of(LINES)), Plan.of(LINES)
        for folder in (place.events, place.rejects):
            folder.mkdir(exist_ok=True)
        folders = str(place.events), str(place.rejects)
        work = direct.Work(rules, plan, protection, Finish.of(LINES, None, "run", {}), *folders)
        (part,) = parts(bronze, [one.file_hash], whole=False)
        tally, *_ = direct.run(part, work)
        counts = FileCounts(file="a.log", file_hash=one.file_hash, lines_in=3)
        counts.take(tally)
        counts.check("lines")
        return counts

    first = loaded(Protection(erasures=(erased,)))
    assert (first.record, first.events, dict(first.reasons)) == (3, 1, {"erased": 2})
    assert take_out(LINES, bronze, tmp_path / "rejects") == 2
    assert traces(bronze, ["ann-77"]) == []
    second = loaded(Protection(erasures=(erased,)))
    assert (second.record, second.events, second.quarantined, dict(second.ignored_rules)) == (1, 1, 0, {"erased": 2})
    assert take_out(LINES, bronze, tmp_path / "rejects") == 0
