"""The files of a kept training set: written so that equal values give equal bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from riskloom.store.row_hash import row_hashes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from riskloom.store.parts import Part

DATA = {"delta": "training_set", "parquet": "training_set.parquet"}
PART_BYTES = 8
# A stretch of rows that one task writes is a row group of the spine's file.
ROWS_A_GROUP = 1_048_576


def hash_rows(table: pa.Table, parts: Sequence[Part]) -> pa.Table:
    """Hash each row, and what each part gave to it.

    Returns:
        ``row``, then ``part_<n>`` for each part, one row a row of the training set.
    """
    columns = {f"part_{place}": row_hashes(table, list(part.features), PART_BYTES) for place, part in enumerate(parts)}
    return pa.table({"row": row_hashes(table), **columns})


def as_kept(table: pa.Table) -> pa.Table:
    """Give a table as its Parquet file will: Parquet has no seconds, for one."""
    written = pa.BufferOutputStream()
    write_parquet(table, written)
    return pq.read_table(pa.BufferReader(written.getvalue()))


def write_parquet(table: pa.Table, where: Path | pa.NativeFile) -> None:
    """Write a Parquet file whose bytes follow from the table's values alone.

    How a table was put together shows in its chunks and in its metadata, so neither is written.
    """
    plain = table.replace_schema_metadata(None).combine_chunks()
    pq.write_table(plain, where, row_group_size=ROWS_A_GROUP, compression="zstd", store_schema=True)
