from __future__ import annotations

import gzip
import hashlib
import os
import zlib

import pytest

from riskloom.extract import content, lines
from riskloom.extract.content import Content, inspect
from riskloom.extract.lines import Reading, Splitter, Stretch, batches, read_lines

TEXT = b"".join(b"line %d\n" % number for number in range(1000))


def written(tmp_path, data, name="file"):
    path = tmp_path / name
    path.write_bytes(data)
    return str(path)


def reading(path, known=()):
    found = inspect(path)
    return Reading(path, "file", found.file_hash, found.size, 7, known)


def test_gzip_is_known_by_its_content_and_equal_to_plain(tmp_path):
    plain = inspect(written(tmp_path, TEXT, "plain.gz"))
    packed = inspect(written(tmp_path, gzip.compress(TEXT), "packed.txt"))
    assert plain == packed
    assert (plain.file_hash, plain.size, plain.lines) == (hashlib.sha256(TEXT).hexdigest(), len(TEXT), 1000)
    assert plain.head == b"line 0"


def test_gzip_members_and_padding(tmp_path):
    packed = gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:]) + bytes(600)
    found = inspect(written(tmp_path, packed))
    assert (found.file_hash, found.failure) == (hashlib.sha256(TEXT).hexdigest(), None)


def test_gzip_bomb_stays_in_bounded_chunks(tmp_path):
    path = written(tmp_path, gzip.compress(bytes(20_000_000)))
    assert max(len(chunk) for chunk in Content(path)) <= content.CHUNK


@pytest.mark.parametrize("cut", [5, 20, 200, -4])
def test_gzip_cut_off_keeps_what_can_be_read(tmp_path, cut):
    data = b"".join(b"%d %s\n" % (number, os.urandom(8).hex().encode()) for number in range(200))
    path = written(tmp_path, gzip.compress(data)[:cut])
    found = inspect(path)
    kept = list(read_lines(reading(path)))
    assert found.failure == "truncated_file"
    assert found.lines == len(kept)
    assert [line.failure for line in kept] == [None] * (len(kept) - 1) + ["truncated_file"]
    assert data.startswith(b"\n".join(line.raw for line in kept))
    assert found.file_hash != hashlib.sha256(data).hexdigest()


def test_damaged_gzip_is_said_to_be_corrupt(tmp_path):
    packed = bytearray(gzip.compress(os.urandom(5000).hex().encode()))
    packed[-6] ^= 0xFF
    found = inspect(written(tmp_path, bytes(packed)))
    assert found.failure == "corrupt_file"
    assert found.lines == 1


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"\n", [(1, 0, b"")]),
        (b"a", [(1, 0, b"a")]),
        (b"a\nb\n", [(1, 0, b"a"), (2, 2, b"b")]),
        (b"a\r\n\nb", [(1, 0, b"a\r"), (2, 3, b""), (3, 4, b"b")]),
    ],
)
def test_lines_as_they_came(tmp_path, data, expected):
    path = written(tmp_path, data)
    found = list(read_lines(reading(path)))
    assert [(line.number, line.offset, line.raw) for line in found] == expected
    assert inspect(path).lines == len(expected)


@pytest.mark.parametrize("step", [1, 3, 7, 100])
def test_long_lines_come_in_pieces_whatever_the_chunks(step):
    data = b"ab\n" + b"x" * 25 + b"\ncd\n" + b"y" * 10 + b"\n" + b"z" * 11
    splitter = Splitter(limit=10)
    found = [line for start in range(0, len(data), step) for line in splitter.feed(data[start : start + step])]
    found += splitter.end(None)
    assert [(line.number, line.offset, line.raw, line.failure) for line in found] == [
        (1, 0, b"ab", None),
        (2, 3, b"x" * 10, "line_too_long"),
        (2, 13, b"x" * 10, "line_piece"),
        (2, 23, b"x" * 5, "line_piece"),
        (3, 29, b"cd", None),
        (4, 32, b"y" * 10, None),
        (5, 43, b"z" * 10, "line_too_long"),
        (5, 53, b"z", "line_piece"),
    ]


@pytest.mark.parametrize(
    "data",
    [bytes(range(256)) * 40, zlib.compress(os.urandom(30_000)), TEXT.decode().encode("utf-16")],
    ids=["all_bytes", "packed", "utf16"],
)
def test_binary_file_is_one_unit(tmp_path, data):
    path = written(tmp_path, data)
    found = inspect(path)
    (only,) = read_lines(reading(path))
    assert (found.failure, found.lines) == ("binary_file", 1)
    assert (only.number, only.offset, only.failure) == (1, 0, "binary_file")


def test_stray_nuls_of_a_crash_do_not_make_a_log_binary(tmp_path):
    found = inspect(written(tmp_path, TEXT + bytes(100) + TEXT))
    assert found.failure is None


def test_a_file_that_cannot_be_read_says_why(tmp_path):
    assert inspect(str(tmp_path / "none")).error == "No such file or directory"
    assert inspect(str(tmp_path)).error == "Is a directory"


def test_a_file_that_changed_since_it_was_inspected_is_noticed(tmp_path):
    path = written(tmp_path, TEXT)
    before = reading(path)
    written(tmp_path, TEXT + b"more\n")
    with pytest.raises(lines.ChangedError):
        list(read_lines(before))


def test_prefixes_are_hashed_where_they_are_asked_for(tmp_path):
    found = inspect(written(tmp_path, TEXT), (10, len(TEXT), len(TEXT) + 1))
    assert found.prefixes == {10: hashlib.sha256(TEXT[:10]).hexdigest(), len(TEXT): hashlib.sha256(TEXT).hexdigest()}


def test_lines_of_a_known_prefix_keep_its_identity(tmp_path):
    path = written(tmp_path, b"a\nb\nc\n")
    (batch,) = batches(reading(path, (Stretch(2, "first", 5), Stretch(4, "second", 6))))
    own = inspect(path).file_hash
    assert batch.column("identity").to_pylist() == ["first", "second", own]
    assert batch.column("ingest_ts").cast("int64").to_pylist() == [5, 6, 7]
    assert batch.column("file_bytes").to_pylist() == [6, 6, 6]
