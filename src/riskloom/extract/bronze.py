"""Files to bronze: each line as it came, once for each content, in one commit."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pyspark.errors import PySparkException

from riskloom.errors import ExtractError
from riskloom.extract.content import FAILURES, Inspection, content_hash, inspect
from riskloom.extract.files import InputFile, matching
from riskloom.extract.lines import ChangedError, Reading, batches
from riskloom.lake import tables
from riskloom.lake.commits import committed
from riskloom.lake.erasures import GONE
from riskloom.lake.paths import Lake
from riskloom.lake.spark.races import retried

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

    from riskloom.declare import EventSource
    from riskloom.extract.again import Again
    from riskloom.intervals import Interval
    from riskloom.project import Project

_SCHEMA = (
    "file STRING, line_no BIGINT, byte_offset BIGINT, raw BINARY, failure STRING, identity STRING, "
    "file_bytes BIGINT, ingest_ts TIMESTAMP, file_hash STRING"
)
_PARTITION = "file_hash"
_MOST_TASKS = 64
_UNREADABLE = ("OSError", "FileNotFoundError", "PermissionError")


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file of the input, as it stands in bronze.

    Attributes:
        file: Its path below the data folder.
        file_hash: SHA-256 of its decompressed content.
        lines: How many lines it has.
        head: Its first line.
        copy: Whether a file before it in the same input has the same content.
    """

    file: str
    file_hash: str
    lines: int
    head: bytes = b""
    copy: bool = False


@dataclass(frozen=True, slots=True)
class Extracted:
    """What an extraction found.

    Attributes:
        files: The input, in order of path.
        lines: Lines of all files, copies included.
        new_files: How many contents bronze did not have before.
        failures: Pairs of file and reason for files that are cut off, damaged or no text.
        again: The lines that are to be loaded; None for all of them.
    """

    files: tuple[ReadFile, ...]
    lines: int
    new_files: int
    failures: tuple[tuple[str, str], ...] = ()
    again: Again | None = None

    @property
    def hashes(self) -> tuple[str, ...]:
        """The different contents, in order of path."""
        return tuple(file.file_hash for file in self.files if not file.copy)


def extract(spark: SparkSession, project: Project, source: EventSource, interval: Interval, run_id: str) -> Extracted:
    """Bring the files of an interval into bronze.

    A content that bronze has already, under whatever name, is not written again. A file that continues what
    the same path held before keeps the identity of those lines, so that they are not counted twice.

    Args:
        spark: The session.
        project: Says where data and tables are.
        source: Whose files.
        interval: Which of them.
        run_id: The run, for the names of Spark's jobs.

    Returns:
        The files as they stand in bronze.

    Raises:
        ExtractError: A folder or file is missing or cannot be read; the tables are as they were.
    """
    files = matching(project, source, interval)
    path = Lake(project.settings.lake).bronze(source.name)
    spark.sparkContext.setJobDescription(f"{run_id}: extract {source.name}")
    known_sizes = _known_contents(path, [file.name for file in files])
    found = _inspect(spark, source, files, known_sizes)
    new_files = retried(f"bronze.{source.name}", lambda: _append(spark, source, path, found, known_sizes))
    seen: set[str] = set()
    read = []
    for file, seen_as in found:
        read.append(ReadFile(file.name, seen_as.file_hash, seen_as.lines, seen_as.head, seen_as.file_hash in seen))
        seen.add(seen_as.file_hash)
    failures = tuple((file.name, seen_as.failure) for file, seen_as in found if seen_as.failure)
    return Extracted(tuple(read), sum(file.lines for file in read), new_files, failures)


Found = list[tuple[InputFile, Inspection]]
Known = dict[str, dict[int, str]]


def _known_contents(path: Path, names: list[str]) -> Known:
    """Give, for each path, the sizes and hashes of what bronze has seen there before."""
    if not names or not tables.exists(path):
        return {}
    import pyarrow.compute as pc

    first_lines = (pc.field("line_no") == 1) & (pc.field("byte_offset") == 0) & pc.field("file").isin(names)
    rows = tables.read(path, ["file", "file_bytes", _PARTITION], filters=first_lines).to_pylist()
    known: Known = {}
    for row in rows:
        known.setdefault(row["file"], {})[row["file_bytes"]] = row[_PARTITION]
    return known


def _inspect(spark: SparkSession, source: EventSource, files: tuple[InputFile, ...], known: Known) -> Found:
    if not files:
        return []
    asked = [(str(file.path), tuple(known.get(file.name, ()))) for file in files]
    tasks = spark.sparkContext.parallelize(asked, min(len(asked), _MOST_TASKS))
    found = tasks.map(lambda wanted: inspect(*wanted)).collect()
    for file, seen_as in zip(files, found, strict=True):
        if seen_as.error:
            raise ExtractError.unreadable(source.name, file.path, seen_as.error)
    return list(zip(files, found, strict=True))


def _append(spark: SparkSession, source: EventSource, path: Path, found: Found, known: Known) -> int:
    """Write the contents that bronze does not have; runs again from here where another run was quicker."""
    is_there = tables.exists(path)
    have = set(tables.added_files(path)["partition.file_hash"].to_pylist()) if is_there else set()
    new = {seen_as.file_hash: (file, seen_as) for file, seen_as in reversed(found)}
    taken = _taken_out(path) if known else {}
    readings = [
        _reading(source, file, seen_as, known, taken)
        for file_hash, (file, seen_as) in new.items()
        if seen_as.lines and file_hash not in have
    ]
    if is_there and not readings:
        return 0
    writer = _lines(spark, readings).write.format("delta").partitionBy(_PARTITION)
    if is_there:
        # Replacing partitions that are not there is an append that a second writer of one of them runs into.
        hashes = ", ".join(f"'{reading.file_hash}'" for reading in readings)
        writer = writer.mode("overwrite").option("replaceWhere", f"{_PARTITION} IN ({hashes})")
    else:
        writer = writer.mode("errorifexists")
    try:
        writer.save(str(path))
    except PySparkException as error:
        _refuse(source, readings, str(error))
        raise
    committed(f"bronze.{source.name}", tables.version(path) or 0)
    return len(readings)


def _taken_out(path: Path) -> dict[str, dict[int, str]]:
    """Give, for each identity, the offsets and reasons of lines that were taken out."""
    import pyarrow.compute as pc

    rows = tables.read(path, ["identity", "byte_offset", "failure"], filters=pc.field("failure").isin(list(GONE)))
    taken: dict[str, dict[int, str]] = {}
    for row in rows.to_pylist():
        taken.setdefault(row["identity"], {})[row["byte_offset"]] = row["failure"]
    return taken


def _reading(
    source: EventSource, file: InputFile, seen_as: Inspection, known: Known, taken: Mapping[str, Mapping[int, str]]
) -> Reading:
    before = known.get(file.name, {})
    # What was cut off or half-written before goes on as well: its lines keep their identity.
    same = [
        (size, before[size])
        for size, digest in sorted(seen_as.prefixes.items())
        if before[size] in {content_hash(digest, failure) for failure in (None, *FAILURES)}
    ]
    if same and source.identical_lines == "duplicate":
        # A line is compared with those of the whole file, also with those that were there before it grew.
        same = [(seen_as.size + 1, same[0][1])]
    gone = {offset: reason for _, identity in same for offset, reason in taken.get(identity, {}).items()}
    return Reading(str(file.path), file.name, seen_as.file_hash, seen_as.size, tuple(same), gone)


def _lines(spark: SparkSession, readings: list[Reading]) -> DataFrame:
    count = len(readings)
    ids = spark.range(0, count, 1, max(1, min(count, _MOST_TASKS)))
    ingest_ts = time.time_ns() // 1_000
    return ids.mapInArrow(partial(_read, readings=readings, ingest_ts=ingest_ts), _SCHEMA)


def _read(ids: Iterator[pa.RecordBatch], readings: list[Reading], ingest_ts: int) -> Iterator[pa.RecordBatch]:
    for batch in ids:
        for number in batch.column(0).to_pylist():
            yield from batches(readings[number], ingest_ts)


def _refuse(source: EventSource, readings: list[Reading], error: str) -> None:
    """Turn a worker's error about a file into one that names the file."""
    for reading in readings:
        if f"{ChangedError.__name__}: {reading.name}" in error:
            raise ExtractError.changed_meanwhile(source.name, reading.path)
        if reading.path in error and any(sign in error for sign in _UNREADABLE):
            raise ExtractError.unreadable(source.name, reading.path, "it went away while it was read")
