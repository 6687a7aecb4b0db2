from __future__ import annotations

import gzip
import random
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskloom.extract import content
from riskloom.extract.content import inspect
from riskloom.extract.lined import write, writes
from riskloom.extract.lines import ChangedError, Reading, read_lines

INGEST = 1_790_000_000_000_000


@pytest.fixture
def large(tmp_path, monkeypatch):
    """A file of more chunks and ranges than one, some of its lines longer than a chunk."""
    monkeypatch.setattr(content, "CHUNK", 1_000)
    monkeypatch.setattr(content, "RANGE", 10_000)
    chance = random.Random(2)
    lines = [bytes(chance.choices(b"abc \r", k=chance.choice((0, 10, 80, 3_000)))) for _ in range(300)]
    path = tmp_path / "large.log"
    path.write_bytes(b"\n".join(lines))
    return path, lines


def reading_of(path, found):
    return Reading(str(path), "large.log", found.file_hash, found.size, INGEST)


def test_ranges_hold_all_lines_once_with_their_numbers_and_offsets(large):
    path, lines = large
    found = inspect(str(path))
    assert len(found.ranges) > 5
    whole = list(read_lines(reading_of(path, found)))
    assert [line.raw for line in whole] == lines
    parted = [line for part in found.ranges for line in read_lines(replace(reading_of(path, found), range=part))]
    assert parted == whole
    zipped = path.with_suffix(".gz")
    zipped.write_bytes(gzip.compress(path.read_bytes()))
    assert inspect(str(zipped)).ranges == ()
    assert inspect(str(zipped)).file_hash == found.file_hash


def test_tasks_write_what_one_would(large, tmp_path):
    path, lines = large
    found = inspect(str(path))
    tasks = writes([(reading_of(path, found), found.ranges)], tmp_path / "bronze")
    added = [write(task) for task in tasks]
    rows = pa.concat_tables(pq.ParquetFile(tmp_path / "bronze" / file.path).read() for file in added)
    assert rows["raw"].to_pylist() == lines
    assert rows["line_no"].to_pylist() == list(range(1, len(lines) + 1))
    assert {Path(file.path).parent.name for file in added} == {f"file_hash={found.file_hash}"}
    assert sum(file.rows for file in added) == len(lines)


@pytest.mark.parametrize("change", ["grows", "differs"])
def test_a_file_that_changes_meanwhile_leaves_nothing(large, tmp_path, change):
    path, _ = large
    found = inspect(str(path))
    text = path.read_bytes()
    path.write_bytes(text + b"more\n" if change == "grows" else text[:-1] + b"\x00")
    *_, last = writes([(reading_of(path, found), found.ranges)], tmp_path / "bronze")
    with pytest.raises(ChangedError, match=r"^large\.log$"):
        write(last)
    assert not list((tmp_path / "bronze").glob("*/*.parquet"))
