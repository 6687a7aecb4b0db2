"""Files to bronze: each line as it came, once for each content, in one commit."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.errors import PySparkException

from riskloom.errors import ExtractError
from riskloom.extract.content import FAILURES, Inspection, content_hash, inspect
from riskloom.extract.files import InputFile, matching
from riskloom.extract.lined import PARTITION, write, writes
from riskloom.extract.lines import SCHEMA, ChangedError, Reading
from riskloom.lake import tables
from riskloom.lake.added import add
from riskloom.lake.erasures import GONE
from riskloom.lake.paths import Lake
from riskloom.lake.races import Overtaken, retried
from riskloom.lake.spark.tables import new_table_properties

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

    from riskloom.declare import EventSource
    from riskloom.extract.again import Again
    from riskloom.intervals import Interval
    from riskloom.project import Project

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
    new_files = retried(
        f"bronze.{source.name}",
        lambda: _append(spark, source, path, found, known_sizes),
        lambda error: isinstance(error, Overtaken),
    )
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
    rows = tables.read(path, ["file", "file_bytes", PARTITION], filters=first_lines).to_pylist()
    known: Known = {}
    for row in rows:
        known.setdefault(row["file"], {})[row["file_bytes"]] = row[PARTITION]
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
    version = tables.version(path)
    is_there = version is not None
    have = set(tables.added_files(path)["partition.file_hash"].to_pylist()) if is_there else set()
    new = {seen_as.file_hash: (file, seen_as) for file, seen_as in reversed(found)}
    readings = [
        _reading(source, path, file, seen_as, known)
        for file_hash, (file, seen_as) in new.items()
        if seen_as.lines and file_hash not in have
    ]
    if is_there and not readings:
        return 0
    ranges = {file_hash: seen_as.ranges for file_hash, (_, seen_as) in new.items()}
    tasks = writes(((reading, ranges[reading.file_hash]) for reading in readings), path, time.time_ns() // 1_000)
    try:
        slices = min(len(tasks), _MOST_TASKS)
        added = spark.sparkContext.parallelize(tasks, slices).map(write).collect() if tasks else []
    except PySparkException as error:
        _refuse(source, readings, str(error))
        raise
    # A second writer of one of the contents runs into this, looks again, and finds it there.
    add(
        path,
        added,
        SCHEMA,
        seen=version,
        name=f"bronze.{source.name}",
        partition_by=[PARTITION],
        properties=new_table_properties(spark),
    )
    return len(readings)


def _taken_out(path: Path, content: str) -> dict[int, str]:
    """Give the offsets of lines that were taken out of a content, with the reasons; no other content is read."""
    import pyarrow.compute as pc

    wanted = (pc.field(PARTITION) == content) & pc.field("failure").isin(list(GONE))
    rows = tables.read(path, ["byte_offset", "failure"], filters=wanted).to_pydict()
    return dict(zip(rows["byte_offset"], rows["failure"], strict=True))


def _reading(source: EventSource, path: Path, file: InputFile, seen_as: Inspection, known: Known) -> Reading:
    before = known.get(file.name, {})
    # What was cut off or half-written before goes on as well: its lines keep their identity.
    same = [
        (size, before[size])
        for size, digest in sorted(seen_as.prefixes.items())
        if before[size] in {content_hash(digest, failure) for failure in (None, *FAILURES)}
    ]
    gone = _taken_out(path, same[-1][1]) if same else {}
    if same and source.identical_lines == "duplicate":
        # A line is compared with those of the whole file, also with those that were there before it grew.
        same = [(seen_as.size + 1, same[0][1])]
    return Reading(str(file.path), file.name, seen_as.file_hash, seen_as.size, tuple(same), gone)


def _refuse(source: EventSource, readings: list[Reading], error: str) -> None:
    """Turn a worker's error about a file into one that names the file."""
    for reading in readings:
        if f"{ChangedError.__name__}: {reading.name}" in error:
            raise ExtractError.changed_meanwhile(source.name, reading.path)
        if reading.path in error and any(sign in error for sign in _UNREADABLE):
            raise ExtractError.unreadable(source.name, reading.path, "it went away while it was read")
