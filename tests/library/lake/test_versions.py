from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from pyspark.sql import functions as F

from riskloom.lake import tables
from riskloom.lake.arrivals import spans
from riskloom.lake.keys import KeyIndex
from riskloom.lake.spark.hashing import row_hash
from riskloom.lake.spark.versions import Versioned, publish

pytestmark = pytest.mark.spark
SCHEMA = (
    "event_id STRING, seq BIGINT, amount BIGINT, flags ARRAY<STRING>, file_hash STRING, byte_offset BIGINT, "
    "ordinal INT, ingest_ts TIMESTAMP"
)


class Shop:
    """Publishes files of deliveries: of each (id, sequence, amount)."""

    def __init__(self, spark, root):
        self.spark, self.root = spark, root
        self.of = Versioned(
            silver=root / "silver" / "orders",
            history=root / "history" / "orders",
            name="orders",
            sequence="seq",
            watched=("amount",),
        )
        self.index = KeyIndex(root / "keys")

    def publish(self, file, came, deliveries):
        instant = datetime(2024, 1, 1, 0, 0, came, tzinfo=UTC)
        seen, rows = set(), []
        for offset, body in enumerate(deliveries):
            if body not in seen:
                rows.append((*body, ["odd"], file, offset, 0, instant))
            seen.add(body)
        frame = self.spark.createDataFrame(rows, SCHEMA)
        hashed = frame.withColumn("row_hash", row_hash(frame.schema, ("event_id", "seq", "amount", "flags")))
        # Read more than once, and looked up from files, as what is staged is.
        path = self.root / "staged"
        hashed.write.mode("overwrite").parquet(str(path))

        def arrived(ids=()):
            self.index.catch_up([self.of.silver, self.of.history])
            files = list(path.glob("*.parquet"))
            return spans({int(instant.timestamp()) * 1_000_000} | self.index.arrivals(files, ids))

        staged = self.spark.read.parquet(str(path))
        return publish(self.spark, self.of, staged, scope=F.col("file_hash") == file, arrived=arrived)

    def rows(self, place):
        columns = ["event_id", "seq", "amount", "flags", "file_hash", "byte_offset"]
        if not tables.exists(place):
            return []
        rows = tables.read(place, columns).to_pylist()
        found = (tuple(tuple(value) if isinstance(value, list) else value for value in row.values()) for row in rows)
        return sorted(found, key=repr)

    def versions(self):
        return tables.version(self.of.silver), tables.version(self.of.history)


def expected(published):
    """What stands and what is kept, from the files as they were published last, in whatever order."""
    bodies = {}
    for file, (came, deliveries) in published.items():
        for offset, (name, seq, amount) in enumerate(deliveries):
            first = (seq is not None, seq or 0, came, offset, file)
            mine = bodies.setdefault(name, {})
            mine[seq, amount] = min(mine.get((seq, amount), first), first)
    silver, history = [], []
    for name, found in bodies.items():
        newest = max(found, key=found.__getitem__)
        flags = ["odd"]
        if len(found) > 1:
            flags.append("amended")
        if len({amount for _, amount in found}) > 1:
            flags.append("amount_amended")
        for body, (_, _, _, offset, file) in found.items():
            stands = body == newest
            row = (name, *body, tuple(flags) if stands else ("odd",), file, offset)
            (silver if stands else history).append(row)
    return sorted(silver, key=repr), sorted(history, key=repr)


def check(shop, published):
    assert (shop.rows(shop.of.silver), shop.rows(shop.of.history)) == expected(published)


@pytest.mark.parametrize("count", [3, pytest.param(6, marks=pytest.mark.slow)])
def test_random_deliveries_leave_what_the_oracle_says_in_whatever_order(spark, tmp_path, count):
    cases, shop, published = random.Random(11), Shop(spark, tmp_path), {}
    # Half of the files come in in one order and are published in another one.
    files = [(f"f{number}", number) for number in range(count)]
    cases.shuffle(files)
    given = {
        file: [
            (f"e{cases.randrange(40)}", cases.choice([None, 1, 2, 3]), cases.choice([5, 5, 7, None]))
            for _ in range(cases.randrange(10, 60))
        ]
        for file, _ in files
    }
    for file, came in files:
        shop.publish(file, came, given[file])
        published[file] = (came, given[file])
        check(shop, published)
    before = shop.versions()
    file, came = files[0]
    assert shop.publish(file, came, given[file]).changed == 0
    assert shop.versions() == before
    # A corrected transform gives less of a file, and something else: what it took the place of comes back.
    file, came = files[-1]
    others = {body for other, found in given.items() if other != file for body in found}
    kept = [body for body in given[file] if body in others or cases.random() < 0.5]
    published[file] = (came, [*kept, ("e1", 9, 1), ("new", 1, 1)])
    shop.publish(file, *published[file])
    check(shop, published)


def test_a_run_killed_between_the_two_tables_loses_no_version(spark, tmp_path, monkeypatch):
    from riskloom.lake.spark import merge

    shop = Shop(spark, tmp_path)
    first, second = [("a", 1, 5), ("b", 1, 5)], [("a", 2, 5), ("b", 2, 6), ("c", 1, 1)]
    shop.publish("f1", 1, first)
    written = []
    whole = merge.merge

    def killed(*arguments, name, **options):
        if name.startswith("silver"):
            raise KeyboardInterrupt
        written.append(name)
        whole(*arguments, name=name, **options)

    with monkeypatch.context() as patched:
        patched.setattr(merge, "merge", killed)
        with pytest.raises(KeyboardInterrupt):
            shop.publish("f2", 2, second)
    # History has both already, and silver has lost nothing yet.
    assert (len(shop.rows(shop.of.history)), len(shop.rows(shop.of.silver))) == (2, 2)
    shop.publish("f2", 2, second)
    check(shop, {"f1": (1, first), "f2": (2, second)})
