"""Bucketed tables: their order, their upkeep, and what happens to writers that fail, repeat or meet."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from riskloom.errors import LakeError
from riskloom.lake import tables
from riskloom.lake.bucketed import build, follow, table
from riskloom.lake.bucketed.buckets import Buckets, halves
from riskloom.lake.bucketed.hashing import key_hashes
from riskloom.lake.bucketed.read import holding, read
from riskloom.lake.bucketed.table import Layout, snapshot
from riskloom.lake.tasks import InProcess

INSTANT = pa.timestamp("us", "UTC")
SCHEMA = pa.schema([("user", pa.string()), ("amount", pa.int64()), ("event_id", pa.string()), ("event_ts", INSTANT)])
LAYOUT = Layout(schema=SCHEMA, keys=("user",), time="event_ts", ties=("event_id",), row_id="event_id")
FEED = {"delta.enableChangeDataFeed": "true"}


def rows_of(events: dict[str, tuple]) -> pa.Table:
    columns = {"user": 0, "amount": 1, "event_ts": 2}
    arrays = {name: [event[place] for event in events.values()] for name, place in columns.items()}
    return pa.table({**arrays, "event_id": list(events)}).select(SCHEMA.names).cast(SCHEMA)


class Source:
    """A silver table, and what it should hold."""

    def __init__(self, path):
        self.path, self.events = path, {}
        write_deltalake(str(path), rows_of({}), configuration=FEED)

    def change(self, put: dict[str, tuple], drop: set[str] = frozenset()) -> None:
        self.events = {name: row for name, row in {**self.events, **put}.items() if name not in drop}
        there = rows_of({**put, **dict.fromkeys(drop, (None, None, 0))})
        staged = there.append_column("drop", pa.array([*[False] * len(put), *[True] * len(drop)]))
        merge = DeltaTable(str(self.path)).merge(staged, "t.event_id = s.event_id", source_alias="s", target_alias="t")
        merge = merge.when_matched_delete("s.drop").when_matched_update_all(except_cols=["drop"])
        merge.when_not_matched_insert_all("NOT s.drop", except_cols=["drop"]).execute()


def contents(path) -> list[tuple]:
    read = tables.read(path, SCHEMA.names)
    return sorted((tuple(row.values()) for row in read.to_pylist()), key=str)


def wanted(source: Source) -> list[tuple]:
    keyed = {name: row for name, row in source.events.items() if row[0] is not None}
    return sorted((tuple(row.values()) for row in rows_of(keyed).to_pylist()), key=str)


def check_files(path) -> None:
    """Each file is in order, lies in the bucket of its keys, and the log tells its rows and times."""
    seen = snapshot(path)
    for file in seen.files:
        rows = pq.ParquetFile(path / file.path).read()
        listed = [(row["user"], row["event_ts"], row["event_id"]) for row in rows.to_pylist()]
        assert listed == sorted(listed)
        places = seen.buckets.of(key_hashes(rows, ["user"]))
        assert {seen.buckets.names[place] for place in places} == {file.bucket}
        times = rows["event_ts"].cast(pa.int64()).to_pylist()
        assert (file.rows, file.span) == (len(times), (min(times), max(times)))


@pytest.fixture
def source(tmp_path):
    return Source(tmp_path / "silver" / "payments")


@pytest.fixture
def gold(tmp_path):
    return tmp_path / "gold" / "user_payments"


@pytest.fixture
def small_buckets(monkeypatch):
    monkeypatch.setattr("riskloom.lake.bucketed.buckets.ROWS_WANTED", 8)
    monkeypatch.setattr(build, "ROWS_WANTED", 8)


def bring(source, gold, tasks=None):
    return follow.follow(source.path, gold, LAYOUT, tasks or InProcess())


def draw(chance: random.Random, number: int) -> tuple:
    user = chance.choice(["hot", "hot", None, "", *(f"u{chance.randint(0, 30)}" for _ in range(5))])
    return user, chance.choice([None, 1, 2]), number * 10 + chance.randint(-500, 5)


@pytest.mark.parametrize("seed", range(4))
def test_any_changes_leave_what_the_source_holds(seed, source, gold, small_buckets):
    chance, number = random.Random(seed), 0
    for _ in range(12):
        put = {}
        for _ in range(chance.choice([0, 1, 3, 40])):
            number += 1
            put[f"e{number}"] = draw(chance, number)
        known = sorted(source.events)
        put |= {name: draw(chance, number) for name in chance.sample(known, min(len(known), chance.choice([0, 2])))}
        drop = set(chance.sample(known, min(len(known), chance.choice([0, 0, 1, 5])))) - set(put)
        source.change(put, drop)
        if chance.random() < 0.7:
            bring(source, gold)
            assert contents(gold) == wanted(source)
            check_files(gold)
    bring(source, gold)
    assert contents(gold) == wanted(source)
    assert len(snapshot(gold).buckets.names) > 1


def test_what_has_not_changed_makes_no_commit(source, gold):
    source.change({"a": ("ann", 1, 5), "b": (None, 1, 6)})
    assert bring(source, gold).changed == 1
    assert bring(source, gold).changed == 0
    assert tables.version(gold) == 0
    assert pa.table(DeltaTable(str(gold)).get_add_actions(flatten=True))["partition.bucket"].to_pylist() == ["b"]


def test_changed_rows_are_counted_once(source, gold):
    source.change({"a": ("ann", 1, 5), "b": ("bob", 1, 6), "c": ("ann", 1, 7)})
    bring(source, gold)
    source.change({"a": ("ann", 2, 5), "d": ("ann", 1, 9), "e": (None, 1, 9)}, {"b"})
    assert bring(source, gold).changed == 3


def test_an_hours_events_touch_only_small_files(source, gold, monkeypatch):
    source.change({f"e{n}": (f"u{n % 50}", n, n) for n in range(4000)})
    bring(source, gold)
    large = snapshot(gold).files
    written = []
    for hour in range(20):
        before = set(snapshot(gold).files)
        source.change({f"h{hour}.{n}": (f"u{n}", n, 4000 + hour) for n in range(20)})
        bring(source, gold)
        after = set(snapshot(gold).files)
        assert set(large) <= after
        written.append(sum(file.rows for file in after - before))
    assert len(snapshot(gold).files) <= 5
    assert sum(written) < 20 * 20 * 5
    # A late correction is looked for where its time is.
    source.change({"h3.1": ("u1", 99, 4003)})
    bring(source, gold)
    assert set(large) <= set(snapshot(gold).files)
    assert contents(gold) == wanted(source)


class Failing(InProcess):
    """Runs each task twice, and keeps what the second attempt said, as where the first one was lost."""

    def map(self, function, items):
        super().map(function, items)
        return super().map(function, items)

    def regroup(self, *arguments):
        super().regroup(*arguments)
        return super().regroup(*arguments)


def test_what_a_repeated_task_wrote_first_is_not_in_the_table(source, gold, monkeypatch):
    monkeypatch.setattr(follow, "ROWS_IN_PROCESS", -1)
    source.change({"a": ("ann", 1, 5)})
    bring(source, gold, Failing())
    source.change({"b": ("ann", 2, 6)})
    bring(source, gold, Failing())
    assert contents(gold) == wanted(source)
    there = {path.name for path in gold.rglob("*.parquet")}
    assert len(there) == 4
    assert len(snapshot(gold).files) == 1


def test_a_writer_that_is_overtaken_begins_again(source, gold, monkeypatch):
    source.change({"a": ("ann", 1, 5)})
    bring(source, gold)
    source.change({"b": ("ann", 2, 6)})

    class Slow(InProcess):
        def map(self, function, items):
            done = super().map(function, items)
            if tables.version(gold) == 0:
                bring(source, gold)
            return done

    monkeypatch.setattr(follow, "ROWS_IN_PROCESS", -1)
    assert bring(source, gold, Slow()).changed == 0
    assert contents(gold) == wanted(source)
    assert tables.version(gold) == 1


def test_two_makers_of_a_table_leave_one(source, gold, monkeypatch):
    source.change({"a": ("ann", 1, 5)})

    class Slow(InProcess):
        def regroup(self, *arguments):
            done = super().regroup(*arguments)
            if not tables.exists(gold):
                monkeypatch.setattr(follow, "ROWS_IN_PROCESS", 10)
                bring(source, gold)
            return done

    monkeypatch.setattr(follow, "ROWS_IN_PROCESS", -1)
    assert bring(source, gold, Slow()).changed == 0
    assert contents(gold) == wanted(source)
    assert tables.version(gold) == 0


def test_a_writer_that_is_always_overtaken_says_so(source, gold, monkeypatch):
    monkeypatch.setattr("riskloom.lake.races._PAUSE_S", 0)
    source.change({"a": ("ann", 1, 5)})

    def overtaken(*_, **__):
        raise table.Overtaken("version 7 is there")

    monkeypatch.setattr(follow, "commit", overtaken)
    with pytest.raises(LakeError) as raised:
        bring(source, gold)
    assert str(raised.value) == (
        "table gold.user_payments could not be written: version 7 is there. Other runs may be writing it; run again when they have ended."
    )


def test_killed_between_writing_and_committing_the_next_run_does_it(source, gold, monkeypatch):
    source.change({"a": ("ann", 1, 5)})
    bring(source, gold)
    source.change({"b": ("ann", 2, 6)}, {"a"})

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(follow, "commit", killed)
        with pytest.raises(KeyboardInterrupt):
            bring(source, gold)
    assert len(contents(gold)) == 1
    bring(source, gold)
    assert contents(gold) == wanted(source)


def test_another_layout_and_another_source_are_built_anew(source, gold, tmp_path):
    source.change({"a": ("ann", 1, 5), "b": ("bob", 1, 6)})
    bring(source, gold)
    fewer = Layout(schema=SCHEMA.remove(1), keys=("user",), time="event_ts", ties=("event_id",), row_id="event_id")
    follow.follow(source.path, gold, fewer, InProcess())
    assert tables.columns(gold) == ("user", "event_id", "event_ts", "bucket")
    other = Source(tmp_path / "silver" / "again")
    other.change({"c": ("zoe", 1, 5)})
    assert bring(other, gold).changed == 1
    assert contents(gold) == wanted(other)


def test_a_plain_table_in_its_place_and_a_source_without_feed_are_read_whole(gold, tmp_path):
    path = tmp_path / "silver" / "plain"
    write_deltalake(str(path), rows_of({"a": ("ann", 1, 5)}))
    write_deltalake(str(gold), rows_of({"z": ("zoe", 1, 5)}))
    for events in ({}, {"b": ("bob", 2, 6)}):
        write_deltalake(str(path), rows_of(events), mode="append")
        follow.follow(path, gold, LAYOUT, InProcess())
    assert sorted(row[2] for row in contents(gold)) == ["a", "b"]


def test_readers_skip_the_buckets_of_others(source, gold, small_buckets):
    source.change({f"e{n}": (f"u{n}", n, n) for n in range(100)})
    bring(source, gold)
    seen = snapshot(gold)
    assert len(seen.files) > 8
    wanted_keys = pa.table({"user": ["u7", None, "nobody"]})
    assert len({file.bucket for file in holding(seen, wanted_keys)}) <= 3

    def ids(path, **options):
        return read(path, ["event_id"], time="event_ts", **options)["event_id"].to_pylist()

    for path in (gold, source.path):
        assert sorted(ids(path, since=5, until=8)) == ["e5", "e6", "e7"]
        assert "e7" in ids(path, keys=wanted_keys)
        assert ids(path, since=1000) == []
    assert ids(gold, keys=wanted_keys) == ids(gold, since=5, until=8, keys=wanted_keys.slice(0, 1)) == ["e7"]
    assert ids(gold, version=0, until=2) == ["e0", "e1"]


def test_other_readers_may_filter_by_any_column(source, gold):
    source.change({"a": ("ann", None, 5), "b": ("bob", 3, 6)})
    bring(source, gold)
    for column, value, found in (("user", "bob", "b"), ("amount", 3, "b"), ("event_id", "a", "a")):
        rows = tables.read(gold, ["event_id"], filters=pc.field(column) == value)
        assert rows["event_id"].to_pylist() == [found]


def test_each_hash_has_one_bucket():
    hashes = np.array([0, 1, 2**62, 2**63 - 1, 2**63, 2**64 - 1], np.uint64)
    assert Buckets.around(set()).of(hashes).tolist() == [0] * 6
    uneven = Buckets.around({"b00", "b1"})
    assert uneven.names == ("b00", "b01", "b1")
    assert uneven.of(hashes).tolist() == [0, 0, 1, 1, 2, 2]
    assert [name for name, _ in halves("b", hashes)] == ["b0", "b1"]
    assert halves("b", hashes[:4]) == ()


def test_a_key_has_the_same_hash_in_every_type_that_holds_it():
    plain = pa.table({"user": ["ann", "é", "", None], "n": pa.array([1, -1, None, 2**62], pa.int64())})
    other = pa.table(
        {
            "user": plain["user"].cast(pa.large_string()).combine_chunks().dictionary_encode(),
            "n": plain["n"].cast(pa.timestamp("us")),
        }
    )
    sliced = pa.concat_tables([plain, plain]).slice(3, 4)
    wanted_hashes = key_hashes(plain, ["user", "n"]).tolist()
    assert key_hashes(other, ["user", "n"]).tolist() == wanted_hashes
    assert key_hashes(sliced, ["user", "n"]).tolist() == [wanted_hashes[3], *wanted_hashes[:3]]
    assert key_hashes(plain, ["n", "user"]).tolist() != wanted_hashes
