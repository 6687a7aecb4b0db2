from __future__ import annotations

import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskloom import Filter, Suite
from riskloom.extract import direct
from riskloom.lake import tables
from riskloom.lake.paths import Lake
from riskloom.lake.row_hash import row_hashes
from riskloom.lake.spark.hashing import row_hash
from riskloom.testing.mutations import MIXED, mutated

pytestmark = pytest.mark.spark
INSTANT = pa.timestamp("us", "UTC")
KEYS = {"RISKLOOM_TOKEN_KEYS": "k1:" + "ab" * 16}
SUITE = Suite(
    source="mixed",
    rows=(Filter("small_port", "port IS NULL OR port < 500"), Filter("ok", "ok = true OR ok IS NULL")),
)


def values_of_every_kind(count=3_000):
    chance = random.Random(5)
    texts = (None, "", "a", "Zoë", "王伟" * 5, "\U0001f600", *("x" * length for length in range(3, 80, 7)))
    text = lambda: chance.choice(texts)  # noqa: E731
    maps = lambda: chance.choice(  # noqa: E731
        (None, [], [("k", text())], [(key, text()) for key in chance.sample(("b", "a", "ab", "é", "zz", ""), 4)])
    )
    made = {
        "text": pa.array([text() for _ in range(count)]),
        "whole": pa.array([chance.choice((None, 0, -1, 2**63 - 1, -(2**63))) for _ in range(count)], pa.int64()),
        "short": pa.array([chance.choice((None, 0, -7)) for _ in range(count)], pa.int32()),
        "fraction": pa.array(
            [chance.choice((None, 0.0, -0.0, float("nan"), 1.5, float("-inf"))) for _ in range(count)]
        ),
        "truth": pa.array([chance.choice((None, True, False)) for _ in range(count)]),
        "time": pa.array([chance.choice((None, 0, -1, 1_790_000_000_000_001)) for _ in range(count)], INSTANT),
        "list": pa.array(
            [chance.choice((None, [], [text()], [text(), text()])) for _ in range(count)], pa.list_(pa.string())
        ),
        "map": pa.array([maps() for _ in range(count)], pa.map_(pa.string(), pa.string())),
    }
    return pa.table(made)


def test_rows_are_hashed_as_spark_hashes_them(spark, tmp_path):
    rows = values_of_every_kind()
    pq.write_table(rows.append_column("place", pa.array(range(len(rows)))), tmp_path / "rows.parquet")
    frame = spark.read.parquet(str(tmp_path / "rows.parquet"))
    names = [*((name,) for name in rows.column_names), tuple(rows.column_names)]
    found = frame.orderBy("place").select(*(row_hash(frame.schema, columns) for columns in names)).collect()
    for place, columns in enumerate(names):
        assert row_hashes(rows, columns).to_pylist() == [row[place] for row in found], columns
    assert row_hashes(rows.slice(7), names[-1]).to_pylist() == [row[-1] for row in found[7:]]


@pytest.fixture
def mixed(workshop, monkeypatch):
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    workshop.source = MIXED
    workshop.declare(files="mixed/*", redact=("user_agent", "query"), tokens=("user_name",), delay="5m")
    workshop.declare(ignore={"debug": "DEBUG"})
    workshop.suites = {"mixed": SUITE}
    return workshop


def tables_of(shop):
    lake = Lake(shop.root / "lake")
    left_out = {"run_id", "ingest_ts"}
    found = {}
    for layer in ("silver", "quarantine"):
        table = tables.read(getattr(lake, layer)("mixed"))
        kept = [name for name in table.column_names if name not in left_out]
        rows = table.select(kept).to_pylist()
        found[layer] = sorted(rows, key=lambda row: (row["file_hash"], row["byte_offset"], row["ordinal"]))
    return found


def test_tasks_stage_and_add_what_spark_would(mixed, monkeypatch, spark):
    first = b"\n".join(line for line in mutated(1, 600)) + b"\n"
    mixed.write("mixed/a.log", first)
    mixed.write("mixed/b.log", b"\n".join(mutated(2, 300)))
    counts, done = mixed.run()
    quick = tables_of(mixed)
    silver = Lake(mixed.root / "lake").silver("mixed")
    assert done.changed == len(quick["silver"]) == counts.events > 200
    assert counts.quarantined == len(quick["quarantine"]) > 200
    assert {"small_port", "ok"} <= set(counts.totals()["reasons"])
    assert tables.version(silver) == 0
    # Spark reads what was added, by its statistics too, and a second run finds nothing to do.
    frame = spark.read.format("delta").load(str(silver))
    middle = quick["silver"][100]["event_ts"]
    assert frame.where(frame.event_ts == middle).count() == sum(row["event_ts"] == middle for row in quick["silver"])
    assert mixed.run()[1].changed == 0
    assert tables.version(silver) == 0
    # The file grows: its first lines are compared, and only the new ones are merged.
    mixed.write("mixed/a.log", first + b"\n".join(mutated(3, 100)))
    grown = mixed.run()[1]
    assert 0 < grown.changed < 200
    assert tables.version(silver) == 1
    # A further file is added beside them.
    mixed.write("mixed/c.log", b"\n".join(mutated(4, 100)))
    mixed.declare(files="mixed/c.*")
    assert mixed.run()[1].changed > 0
    assert tables.version(silver) == 2
    mixed.declare(files="mixed/*")
    quick = tables_of(mixed)
    monkeypatch.setattr(direct, "fits", lambda _: False)
    (mixed.root / "lake").rename(mixed.root / "lake_before")
    mixed.write("mixed/a.log", first)
    mixed.run()
    mixed.write("mixed/a.log", first + b"\n".join(mutated(3, 100)))
    slow_counts = mixed.run()[0]
    assert tables_of(mixed) == quick
    assert slow_counts.totals()["records"] > 1_000
