"""Bronze to staging in tasks of their own, for sources that a format reads whole: no row goes through the JVM.

A task reads its part of bronze, decodes, protects, names, judges and hashes the rows, counts them, and writes events
and rejects as they are to stand in the tables. What needs all rows side by side is not for it: see ``fits``.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from riskloom.declare import POSITION
from riskloom.extract.decode import Decoder
from riskloom.extract.drift import bounded
from riskloom.extract.finish import Tally
from riskloom.extract.native import Part, lines_of, parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import SparkSession

    from riskloom.declare import EventSource
    from riskloom.extract.classify import Rules
    from riskloom.extract.finish import Finish
    from riskloom.extract.formats.plan import Plan
    from riskloom.extract.protect import Protection
    from riskloom.extract.staging import Staging

# Columns whose values hardly come twice.
_UNIQUE = ("event_id", "row_hash", "line_no", "byte_offset")
_GROUP_ROWS = 131_072


@dataclass(slots=True)
class Direct:
    """What tasks made of contents.

    Attributes:
        tallies: What became of the lines of each content.
        owners: Contents of the input by the content under which a line of theirs was first seen.
        drift: Counters of what is otherwise than declared, see ``drift``.
    """

    tallies: dict[str, Tally] = field(default_factory=dict)
    owners: dict[str, set[str]] = field(default_factory=dict)
    drift: Counter[str] = field(default_factory=Counter)

    @property
    def apart(self) -> bool:
        """Whether each line's place is its own: no two of the contents begin with the same earlier one."""
        return all(len(contents) == 1 for contents in self.owners.values())


@dataclass(frozen=True, slots=True)
class Work:
    """What a task does to a part, ready to be sent to workers.

    Attributes:
        rules: Which lines are records.
        plan: How records become rows.
        protection: What is done to the columns that are kept.
        finish: How rows become events and rejects.
        events: Folder of the events.
        rejects: Folder of the rejects.
    """

    rules: Rules
    plan: Plan
    protection: Protection
    finish: Finish
    events: str
    rejects: str


def fits(source: EventSource) -> bool:
    """Say whether each row of a source can be finished by itself: a format gives it, and its place names it."""
    own_place = source.event_id == POSITION and source.identical_lines != "duplicate"
    return bool(source.formats) and not source.transform and own_place


def load(
    spark: SparkSession,
    bronze: Path,
    hashes: Sequence[str],
    place: Staging,
    rules: Rules,
    plan: Plan,
    protection: Protection,
    finish: Finish,
) -> Direct:
    """Stage the events and rejects of contents.

    Args:
        spark: Schedules the tasks.
        bronze: The table of lines.
        hashes: The contents.
        place: Where they are staged; a task that runs again writes the same files again.
        rules: Which lines are records.
        plan: How records become rows.
        protection: What is done to the columns that are kept.
        finish: How rows become events and rejects.
    """
    for folder, schema in ((place.events, finish.events), (place.rejects, finish.rejects)):
        folder.mkdir(exist_ok=True)
        # Readers of a folder without any file find no columns.
        pq.write_table(schema.empty_table(), folder / "part-none.parquet")
    done = Direct()
    found = parts(bronze, hashes, whole=rules.spans)
    if not found:
        return done
    task = partial(run, work=Work(rules, plan, protection, finish, str(place.events), str(place.rejects)))
    for part, (tally, identities, drift) in zip(
        found, spark.sparkContext.parallelize(found, len(found)).map(task).collect(), strict=True
    ):
        done.tallies.setdefault(part.file_hash, Tally()).update(tally)
        for identity in identities:
            done.owners.setdefault(identity, set()).add(part.file_hash)
        done.drift.update(drift)
    done.drift = bounded(done.drift)
    return done


def run(part: Part, work: Work) -> tuple[Tally, list[str], dict[str, int]]:
    """Stage one part, in bounded memory.

    Returns:
        The counts, the contents under which its lines were first seen, and its drift.
    """
    decoder, tally, identities = Decoder(work.rules, work.plan), Tally(), set[str]()
    with (
        _File(work.events, part.number, work.finish.events) as events,
        _File(work.rejects, part.number, work.finish.rejects) as rejects,
    ):
        for table in decoder.rows(lines_of(part)):
            if table.num_rows:
                identities.update(pc.unique(table["identity"]).to_pylist())
                made, refused = work.finish.tables(work.protection.table(table), tally)
                events.write(made)
                rejects.write(refused)
    return tally, sorted(identities), decoder.drift.counts


class _File:
    """A file of a task that appears whole, and under the same name where the task runs again."""

    def __init__(self, folder: str, number: int, schema: pa.Schema) -> None:
        self._target = Path(folder) / f"part-{number:05d}.parquet"
        # Readers of a folder leave out names that begin with a dot; the rename makes the file appear whole.
        self._unfinished = Path(folder) / f".{number:05d}.{os.getpid()}"
        repeated = [
            name for name in schema.names if name not in _UNIQUE and not pa.types.is_nested(schema.field(name).type)
        ]
        self._held: list[pa.Table] = []
        self._writer = pq.ParquetWriter(
            self._unfinished, schema, compression="snappy", use_dictionary=repeated, store_schema=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failed: object) -> None:
        if failed[0] is None:
            self._flush()
        self._writer.close()
        if failed[0] is None:
            self._unfinished.rename(self._target)
        else:
            self._unfinished.unlink()

    def write(self, rows: pa.Table) -> None:
        self._held.append(rows)
        if sum(table.num_rows for table in self._held) >= _GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        rows = pa.concat_tables(self._held) if self._held else None
        if rows is not None and rows.num_rows:
            self._writer.write_table(rows, row_group_size=_GROUP_ROWS)
        self._held = []
