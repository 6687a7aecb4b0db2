from __future__ import annotations

import os
import random
import shutil
import time
from types import SimpleNamespace

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from riskloom.extract.bronze import _new_readings
from riskloom.extract.content import inspect
from riskloom.extract.contents import contents_of, hashes_of
from riskloom.extract.files import InputFile
from riskloom.extract.lines import batches
from riskloom.extract.look import look_at
from riskloom.extract.manifest import Manifest
from riskloom.lake import tables
from riskloom.lake.file_records import FILES
from riskloom.lake.paths import Lake

SOURCE = SimpleNamespace(name="logins", identical_lines="separate")


class Here:
    """Runs in this process what a session would run in its workers."""

    def __init__(self):
        self.read = []
        self.sparkContext = self

    def parallelize(self, items, _):
        return SimpleNamespace(map=lambda function: SimpleNamespace(collect=lambda: [function(one) for one in items]))


class Feed:
    """Files that come in, and the bronze that they make."""

    def __init__(self, root):
        self.root, self.lake = root, Lake(root / "lake")
        self.bronze = self.lake.bronze("logins")
        (root / "data").mkdir()

    def write(self, name, data):
        (self.root / "data" / name).write_bytes(data)

    def extract(self, *names, dies=False):
        """Take files in, and say how many contents were new."""
        files = [InputFile(self.root / "data" / name, name) for name in sorted(names)]
        found = look_at(Here(), SOURCE, files, Manifest.read(self.lake, "logins", hashes_of(self.bronze)))
        manifest = Manifest.read(self.lake, "logins", hashes_of(self.bronze))
        readings = _new_readings(SOURCE, manifest, found)
        rows = [batch for reading in readings for batch in batches(reading)]
        if rows:
            table = pa.Table.from_batches(rows)
            write_deltalake(os.fspath(self.bronze), table, mode="append", partition_by=["file_hash"])
        if not dies:
            manifest.write(self.lake, "run")
        return len(readings)

    def lines(self):
        rows = tables.read(self.bronze, ["identity", "byte_offset", "ingest_ts"]).to_pylist()
        return {(row["identity"], row["byte_offset"]) for row in rows}, {tuple(row.values()) for row in rows}


@pytest.fixture
def feed(tmp_path):
    return Feed(tmp_path)


@pytest.mark.parametrize("seed", range(3))
def test_lines_count_once_however_files_are_cut_renamed_grown_and_sent_again(feed, seed):
    cases, places = random.Random(seed), set()
    header = b"time,user\n" * cases.randrange(2)
    # Some streams begin alike for more than the first bytes that are compared.
    shared = b"".join(b"comment %d\n" % number for number in range(cases.choice([0, 200])))
    streams = [
        header + shared + b"".join(b"%d %d event %d\n" % (number, stream, cases.randrange(9)) for number in range(60))
        for stream in range(3)
    ]
    starts = [[0, *(place + 1 for place, sign in enumerate(stream[:-1]) if sign == 10)] for stream in streams]
    common = len(header + shared)
    for step in range(14):
        names = [f"{step}-{number}.log" for number in range(cases.randrange(1, 4))]
        for name in names:
            stream = cases.randrange(3)
            # A tail without its beginning, or without an event of its own, is another file.
            size = cases.randrange(common + 12, len(streams[stream]) + 1)
            feed.write(name, streams[stream][:size])
            places |= {(stream, start) for start in starts[stream] if start < size}
        feed.extract(*names, dies=cases.random() < 0.2)
    distinct, arrivals = feed.lines()
    own = {(stream, start) for stream, start in places if start >= common}
    assert len({line for line in distinct if line[1] >= common}) == len(own)
    # A line came in once: whatever content has it says the same of when.
    assert len(arrivals) == len(distinct)


def test_a_file_that_nobody_touched_is_not_read_again(feed, monkeypatch):
    from riskloom.extract import look

    read = []
    monkeypatch.setattr(look, "inspect", lambda path, sizes: read.append(path) or inspect(path, sizes))
    feed.write("a.log", b"one\ntwo\n")
    # An hour later it is sure that nobody is still writing.
    later = time.time_ns() + 3_600 * 10**9
    monkeypatch.setattr("riskloom.extract.looks.time.time_ns", lambda: later)
    feed.extract("a.log")
    assert len(read) == 1
    version = tables.version(feed.lake.ops(FILES))
    assert feed.extract("a.log") == 0
    assert (len(read), tables.version(feed.lake.ops(FILES))) == (1, version)
    # As long as before, and with the same time of change: the file system knows better.
    path = feed.root / "data" / "a.log"
    before = path.stat()
    path.write_bytes(b"one\nTWO\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert feed.extract("a.log") == 1
    assert len(read) == 2
    # A copy is read, and known by what is in it.
    shutil.copy(path, feed.root / "data" / "b.log")
    assert (feed.extract("b.log"), len(read)) == (0, 3)


def test_a_file_that_was_just_written_is_read_again(feed, monkeypatch):
    from riskloom.extract import look

    read = []
    monkeypatch.setattr(look, "inspect", lambda path, sizes: read.append(path) or inspect(path, sizes))
    feed.write("a.log", b"one\n")
    feed.extract("a.log")
    feed.extract("a.log")
    assert len(read) == 2


def test_a_run_killed_before_its_manifest_is_made_up_for_from_bronze(feed):
    feed.write("a.log", b"one\ntwo\n")
    feed.extract("a.log", dies=True)
    assert not tables.exists(feed.lake.ops(FILES))
    feed.write("b.log", b"one\ntwo\nthree")
    assert feed.extract("b.log") == 1
    (known,) = (one for one in contents_of(feed.bronze, hashes_of(feed.bronze)).values() if one.size == 8)
    rows = tables.read(feed.lake.ops(FILES)).to_pylist()
    assert [(row["file"], row["lines"], row["size"], row["disk_bytes"]) for row in rows] == [
        ("a.log", 2, 8, -1),
        ("b.log", 3, 13, 13),
    ]
    assert {identity for identity, offset in feed.lines()[0] if offset < 8} == {known.file_hash}


def test_a_content_that_a_longer_one_begins_with_is_told(feed):
    def going_on(name):
        hashes = hashes_of(feed.bronze)
        return Manifest.read(feed.lake, "logins", hashes).going_on([inspect(str(feed.root / "data" / name)).file_hash])

    feed.write("header.log", b"a,b\n")
    feed.write("whole.log", b"a,b\n1,2\n3,4\n")
    feed.write("other.log", b"a,b\n5,6\n7,8\n9,9\n")
    feed.extract("header.log", "other.log", "whole.log")
    feed.write("cut.log", b"a,b\n1,2\n3")
    feed.extract("cut.log")
    found = {name: bool(going_on(f"{name}.log")) for name in ("header", "whole", "other", "cut")}
    assert found == {"header": True, "whole": False, "other": False, "cut": True}


def test_many_small_commits_are_put_together(feed):
    for number in range(40):
        feed.write(f"{number}.log", b"line %d\n" % number)
        feed.extract(f"{number}.log")
    assert tables.added_files(feed.lake.ops(FILES)).num_rows < 33
    assert tables.rows(feed.lake.ops(FILES)) == 40
