"""Reads columns into one array each, whose memory is asked for once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyarrow import types

from riskloom.windows.tables import bitmap

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow.dataset as ds

_VALUES = 1


def read_contiguous(scanner: ds.Scanner, most: int) -> pa.Table:
    """Read whole numbers and times into one array a column, and other columns in pieces.

    Batches are copied as they come, and their memory is used again. To keep all of them and put them together in the
    end would take twice the memory, and to touch memory for the first time costs more here than to decode it.

    Args:
        scanner: What to read.
        most: How many rows there are at most.
    """
    schema, size = scanner.projected_schema, 0
    pieces: dict[str, list[pa.Array]] = {field.name: [] for field in schema if not _fixed(field.type)}
    values = {field.name: np.empty(most, np.int64) for field in schema if _fixed(field.type)}
    null: dict[str, npt.NDArray[np.bool_]] = {}
    for batch in scanner.to_batches():
        here = slice(size, size + batch.num_rows)
        for name, column in zip(schema.names, batch.columns, strict=True):
            if name in pieces:
                pieces[name].append(column)
                continue
            found = np.frombuffer(column.buffers()[_VALUES], np.int64, len(column), column.offset * 8)
            values[name][here] = found
            if column.null_count:
                null.setdefault(name, np.zeros(most, np.bool_))[here] = column.is_null().to_numpy(zero_copy_only=False)
        size += batch.num_rows
    columns: dict[str, pa.Array | pa.ChunkedArray] = {}
    for field in schema:
        if field.name in pieces:
            columns[field.name] = pa.chunked_array(pieces[field.name], field.type)
            continue
        mask = bitmap(null[field.name][:size]) if field.name in null else None
        columns[field.name] = pa.Array.from_buffers(field.type, size, [mask, pa.py_buffer(values[field.name])])
    return pa.table(columns)


def _fixed(found: pa.DataType) -> bool:
    return bool(types.is_int64(found) or types.is_timestamp(found))
