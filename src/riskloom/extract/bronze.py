"""Files to bronze: each line as it came, once for each content, in one commit."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pyspark.errors import PySparkException

from riskloom.errors import ExtractError
from riskloom.extract.contents import hashes_of
from riskloom.extract.files import matching
from riskloom.extract.lined import PARTITION, write, writes
from riskloom.extract.lines import SCHEMA, ChangedError, Reading
from riskloom.extract.look import look_at
from riskloom.extract.manifest import Manifest
from riskloom.lake import tables
from riskloom.lake.added import add
from riskloom.lake.erasures import GONE
from riskloom.lake.locks import locked
from riskloom.lake.paths import Lake
from riskloom.lake.races import Overtaken, retried
from riskloom.lake.spark.tables import new_table_properties

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

    from riskloom.declare import EventSource
    from riskloom.extract.again import Again
    from riskloom.extract.look import Found
    from riskloom.intervals import Interval
    from riskloom.project import Project

_MOST_TASKS = 64
# Files of one run differ in ingest time, in the order of their paths; bounds of times in Delta are whole milliseconds.
_APART_MICROS = 1_000
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
        going_on: Contents of the input that a longer one, of this input or not, goes on with.
    """

    files: tuple[ReadFile, ...]
    lines: int
    new_files: int
    failures: tuple[tuple[str, str], ...] = ()
    again: Again | None = None
    going_on: frozenset[str] = frozenset()

    @property
    def hashes(self) -> tuple[str, ...]:
        """The different contents, in order of path."""
        return tuple(file.file_hash for file in self.files if not file.copy)


def extract(spark: SparkSession, project: Project, source: EventSource, interval: Interval, run_id: str) -> Extracted:
    """Bring the files of an interval into bronze.

    A file that nobody touched since it was read is not read again. A content that bronze has already, under whatever
    name, is not written again. A content that continues another one, or is the beginning of one, keeps the identity of
    those lines, so that they are not counted twice.

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
    lake = Lake(project.settings.lake)
    spark.sparkContext.setJobDescription(f"{run_id}: extract {source.name}")
    have = hashes_of(lake.bronze(source.name))
    found = look_at(spark, source, files, Manifest.read(lake, source.name, have))
    with locked(lake.lock(source.name)):
        manifest, new_files = retried(
            f"bronze.{source.name}",
            lambda: _append(spark, source, lake, found),
            lambda error: isinstance(error, Overtaken),
        )
        manifest.write(lake, run_id)
    seen: set[str] = set()
    read = []
    for file, _, seen_as in found:
        read.append(ReadFile(file.name, seen_as.file_hash, seen_as.lines, seen_as.head, seen_as.file_hash in seen))
        seen.add(seen_as.file_hash)
    failures = tuple((file.name, seen_as.failure) for file, _, seen_as in found if seen_as.failure)
    lines = sum(file.lines for file in read)
    return Extracted(tuple(read), lines, new_files, failures, going_on=manifest.going_on(seen))


def _append(spark: SparkSession, source: EventSource, lake: Lake, found: Found) -> tuple[Manifest, int]:
    """Write the contents that bronze does not have; runs again from here where another run was quicker."""
    path = lake.bronze(source.name)
    version = tables.version(path)
    manifest = Manifest.read(lake, source.name, hashes_of(path))
    readings = _new_readings(source, manifest, found)
    if version is not None and not readings:
        return manifest, 0
    ranges = {seen_as.file_hash: seen_as.ranges for _, _, seen_as in found}
    tasks = writes(((reading, ranges[reading.file_hash]) for reading in readings), path)
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
    return manifest, len(readings)


def _new_readings(source: EventSource, manifest: Manifest, found: Found) -> list[Reading]:
    """Give what is to be read, the shorter contents before those that may continue them; and take note of all files."""
    now, readings = time.time_ns() // 1_000, []
    for number, (file, look, seen_as) in sorted(enumerate(found), key=lambda one: (one[1][2].size, one[0])):
        if manifest.knows(seen_as.file_hash):
            manifest.note(file, look, seen_as)
            continue
        ingest_ts = now + number * _APART_MICROS
        kin = manifest.kin(file, look, seen_as)
        if kin.stretches and source.identical_lines == "duplicate":
            # A line is compared with those of the whole file, also with those that were there before it grew.
            kin = replace(kin, stretches=(replace(kin.stretches[0], end=seen_as.size + 1),))
        manifest.add(file, look, seen_as, kin, ingest_ts)
        if seen_as.lines:
            gone = _taken_out(manifest.bronze, kin.file_hash) if kin.file_hash else {}
            place = (str(file.path), file.name, seen_as.file_hash, seen_as.size)
            readings.append(Reading(*place, ingest_ts, kin.stretches, gone))
    return readings


def _taken_out(path: Path, file_hash: str) -> dict[int, str]:
    """Give the offsets and reasons of lines that were taken out of a content."""
    import pyarrow.compute as pc

    if not tables.exists(path):
        return {}
    wanted = (pc.field(PARTITION) == file_hash) & pc.field("failure").isin(list(GONE))
    rows = tables.read(path, ["byte_offset", "failure"], filters=wanted).to_pylist()
    return {row["byte_offset"]: row["failure"] for row in rows}


def _refuse(source: EventSource, readings: list[Reading], error: str) -> None:
    """Turn a worker's error about a file into one that names the file."""
    for reading in readings:
        if f"{ChangedError.__name__}: {reading.name}" in error:
            raise ExtractError.changed_meanwhile(source.name, reading.path)
        if reading.path in error and any(sign in error for sign in _UNREADABLE):
            raise ExtractError.unreadable(source.name, reading.path, "it went away while it was read")
