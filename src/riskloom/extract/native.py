"""Bronze read by tasks of their own: Parquet in, decoded Parquet out, no row through the JVM."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from riskloom.extract.classify import INPUT
from riskloom.extract.decode import Decoder
from riskloom.extract.drift import bounded
from riskloom.extract.formats import frames
from riskloom.lake import tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pyspark.sql import SparkSession

    from riskloom.extract.classify import Rules
    from riskloom.extract.formats.plan import Plan
    from riskloom.extract.protect import Protection

_HASH = "file_hash"
_BATCH_ROWS = 32_768
_PART_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Part:
    """What one task reads.

    Attributes:
        number: Its place among the parts.
        file_hash: Content whose lines it reads.
        files: Paths of Parquet files and their row groups, in order.
    """

    number: int
    file_hash: str
    files: tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class Decoded:
    """What is known of contents that were decoded.

    Attributes:
        apart: Whether each line's place is its own: no two of the contents begin with the same earlier one, and no text
            stands for another that is identical.
        drift: Counters of what is otherwise than declared, see ``drift``.
    """

    apart: bool
    drift: dict[str, int] = field(default_factory=dict)


def decode(
    spark: SparkSession,
    bronze: Path,
    hashes: Sequence[str],
    rules: Rules,
    plan: Plan,
    folder: Path,
    protection: Protection | None = None,
) -> Decoded:
    """Decode the lines of contents, and write what they become as Parquet.

    Args:
        spark: Schedules the tasks.
        bronze: The table of lines.
        hashes: The contents.
        rules: Which lines are records.
        plan: How records become rows.
        folder: Where a file for each task goes; one that runs again writes the same file again.
        protection: What is done to the columns that are kept; None where a transform reads them first.

    Returns:
        What is known of all of them.
    """
    folder.mkdir(exist_ok=True)
    pq.write_table(frames.schema(plan).empty_table(), folder / "part-none.parquet")
    found = parts(bronze, hashes, whole=rules.spans)
    if not found:
        return Decoded(apart=True)
    task = partial(decode_part, rules=rules, plan=plan, folder=str(folder), protection=protection)
    seen = spark.sparkContext.parallelize(found, len(found)).map(task).collect()
    owners: dict[str, set[str]] = {}
    counts: Counter[str] = Counter()
    for part, (identities, drift) in zip(found, seen, strict=True):
        counts.update(drift)
        for identity in identities:
            owners.setdefault(identity, set()).add(part.file_hash)
    apart = not plan.identical and all(len(contents) == 1 for contents in owners.values())
    return Decoded(apart=apart, drift=dict(bounded(counts)))


def parts(bronze: Path, hashes: Sequence[str], *, whole: bool) -> list[Part]:
    """Cut the contents into parts.

    Args:
        bronze: The table of lines.
        hashes: The contents.
        whole: Whether a content must stay in one part, since its records span lines.
    """
    added = tables.added_files(bronze).select(["path", f"partition.{_HASH}"]).to_pylist()
    wanted = set(hashes)
    by_hash: dict[str, list[tuple[int, str, list[int]]]] = {}
    for row in added:
        if row[f"partition.{_HASH}"] in wanted:
            path = str(bronze / unquote(row["path"]))
            meta = pq.ParquetFile(path).metadata
            sizes = [meta.row_group(group).total_byte_size for group in range(meta.num_row_groups)]
            by_hash.setdefault(row[f"partition.{_HASH}"], []).append((_first_line(meta), path, sizes))
    cut: list[Part] = []
    for file_hash in hashes:
        files = sorted(by_hash.get(file_hash, ()))
        if whole and files:
            cut.append(Part(len(cut), file_hash, tuple((path, tuple(range(len(sizes)))) for _, path, sizes in files)))
            continue
        for _, path, sizes in files:
            cut.extend(
                Part(len(cut) + number, file_hash, ((path, groups),)) for number, groups in enumerate(_grouped(sizes))
            )
    return cut


def _first_line(meta: pq.FileMetaData) -> int:
    """Give the smallest line number of a file, by which its lines come before or behind another's."""
    if not meta.num_row_groups:
        return 0
    group = meta.row_group(0)
    for place in range(group.num_columns):
        column = group.column(place)
        if column.path_in_schema == "byte_offset" and column.statistics is not None:
            return int(column.statistics.min)
    return 0


def _grouped(sizes: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Put row groups together until a part is large enough to be worth a task."""
    held: list[int] = []
    for group, size in enumerate(sizes):
        held.append(group)
        if sum(sizes[one] for one in held) >= _PART_BYTES or size >= _PART_BYTES:
            yield tuple(held)
            held = []
    if held:
        yield tuple(held)


def decode_part(
    part: Part, rules: Rules, plan: Plan, folder: str, protection: Protection | None = None
) -> tuple[list[str], dict[str, int]]:
    """Decode one part, in bounded memory.

    Returns:
        The contents under which its lines were first seen, none where identical texts are one event; and its drift.
    """
    decoder = Decoder(rules, plan)
    identities: set[str] = set()
    target = f"{folder}/part-{part.number:05d}.parquet"
    # Readers of a folder leave out names that begin with a dot; the rename makes the file appear whole.
    unfinished = f"{folder}/.{part.number:05d}.{os.getpid()}"
    with pq.ParquetWriter(unfinished, frames.schema(plan), compression="snappy") as writer:
        for table in decoder.rows(lines_of(part)):
            if table.num_rows:
                writer.write_table(table if protection is None else protection.table(table))
                identities.update(() if plan.identical else pc.unique(table["identity"]).to_pylist())
    os.replace(unfinished, target)  # noqa: PTH105 - strings come from the task
    return sorted(identities), decoder.drift.counts


def lines_of(part: Part) -> Iterator[pa.RecordBatch]:
    """Read the lines of a part, with the columns of ``classify.INPUT``."""
    names = [name for name in INPUT if name != _HASH]
    for path, groups in part.files:
        file = pq.ParquetFile(path, memory_map=True)
        for batch in file.iter_batches(_BATCH_ROWS, row_groups=list(groups), columns=names, use_threads=False):
            columns = [pa.repeat(part.file_hash, batch.num_rows), *(_flat(batch.column(name)) for name in names)]
            yield pa.RecordBatch.from_arrays(columns, names=list(INPUT))


def _flat(array: pa.Array) -> pa.Array:
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array
