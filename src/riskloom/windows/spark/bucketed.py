"""Questions about bucketed tables, for spines that are Spark frames: only the spine is shuffled, by bucket."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa
from pyspark.sql import types as T

from riskloom.errors import LakeError
from riskloom.lake.bucketed.hashing import key_hashes
from riskloom.lake.bucketed.table import snapshot
from riskloom.lake.paths import shown
from riskloom.windows.bucketed import SPINE_ROWS, answer_from
from riskloom.windows.spark.together import in_utc

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pyspark.sql import DataFrame

    from riskloom.lake.bucketed.buckets import Buckets
    from riskloom.lake.bucketed.files import File
    from riskloom.windows.bucketed import Windowed

_BUCKET = "__bucket"


def answer(
    path: Path, question: Windowed, spine: DataFrame, added: Sequence[T.StructField], version: int | None = None
) -> DataFrame:
    """Answer a question for each row of a frame.

    Args:
        path: Folder of the table.
        question: What is asked.
        spine: Key columns, typed as the table's, ``at`` (TIMESTAMP), and any other columns.
        added: Names and types of the answer's columns.
        version: Version of the table; None for the newest.

    Returns:
        The spine's columns, then the answer's, in no order of rows. Nothing runs before an action.

    Raises:
        LakeError: The table is missing, or is not laid out as the question needs.
    """
    seen = snapshot(path, version)
    if seen is None:
        raise LakeError.missing(shown(path), path)
    if not seen.has(question.layout):
        raise LakeError.other_layout(shown(path), path)
    buckets = seen.buckets
    files: dict[int, list[File]] = {}
    for file in seen.files:
        files.setdefault(buckets.names.index(file.bucket), []).append(file)
    keys = question.layout.keys
    tagged = T.StructType([*spine.schema.fields, T.StructField(_BUCKET, T.IntegerType())])
    spread = spine.mapInArrow(partial(_tag, buckets, keys), tagged).repartitionById(len(buckets.names), _BUCKET)
    task = partial(_answers, path, question, files)
    return spread.mapInArrow(task, T.StructType([*spine.schema.fields, *added]))


def _tag(buckets: Buckets, keys: Sequence[str], batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        places = buckets.of(key_hashes(pa.Table.from_batches([batch]), keys))
        yield batch.append_column(_BUCKET, pa.array(places, pa.int32()))


def _answers(
    path: Path, question: Windowed, files: dict[int, list[File]], batches: Iterator[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """Answer the rows of one partition, which are those of one bucket."""
    for rows in _gathered(batches):
        bucket = rows.column(_BUCKET)[0].as_py()
        spine = in_utc(rows.drop_columns([_BUCKET]))
        values = answer_from(path, question, files.get(bucket, ()), spine)
        yield from pa.table([*spine.columns, *values.columns], [*spine.column_names, *values.column_names]).to_batches()


def _gathered(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        if batch.num_rows:
            held.append(batch)
            rows += batch.num_rows
        if rows >= SPINE_ROWS:
            yield pa.Table.from_batches(held)
            held, rows = [], 0
    if held:
        yield pa.Table.from_batches(held)
