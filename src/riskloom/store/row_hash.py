"""A hash for each row of a table: equal for equal rows, whatever the file, the chunks and the order of the rows."""

from __future__ import annotations

from hashlib import blake2b, sha256
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROW_BYTES = 16
_ROWS_AT_ONCE = 100_000


def row_hashes(table: pa.Table, columns: Sequence[str] | None = None, size: int = ROW_BYTES) -> pa.Array:
    """Hash each row: every value by its type's exact text, so that null, '' and 'null' differ.

    Args:
        table: Any table.
        columns: Columns to hash, in this order; None for all.
        size: Bytes of a hash.

    Returns:
        Binary values of that size, shape (rows,).
    """
    chosen = table if columns is None else table.select(list(columns))
    hashes: list[bytes] = []
    for start in range(0, table.num_rows, _ROWS_AT_ONCE):
        part = chosen.slice(start, _ROWS_AT_ONCE)
        texts = [_text(column) for column in part.columns]
        joined = pc.binary_join_element_wise(*texts, "\x1f") if texts else pa.array([""] * part.num_rows)
        hashes += [blake2b(text.encode(), digest_size=size).digest() for text in joined.to_pylist()]
    return pa.array(hashes, pa.binary(size))


def content_hash(schema: pa.Schema, hashes: Iterable[pa.Array]) -> str:
    """Hash a whole table: its columns, their types, and its rows in their order.

    Args:
        schema: The table's.
        hashes: Those of its rows, in as many arrays as it came in.
    """
    digest = sha256("\n".join(f"{field.name} {field.type}" for field in schema).encode())
    for some in hashes:
        digest.update(b"".join(some.to_pylist()))
    return digest.hexdigest()


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write values as text that says its own length, and nulls as something that no value is."""
    kind = column.type.value_type if types.is_dictionary(column.type) else column.type
    column = column.cast(kind)
    if types.is_timestamp(kind):
        column = column.cast(pa.int64())
    if types.is_nested(kind) or types.is_binary(kind) or types.is_large_binary(kind):
        text = pa.chunked_array([[None if value is None else repr(value) for value in column.to_pylist()]], pa.string())
    else:
        text = column.cast(pa.string())
    lengths = pc.binary_length(text).cast(pa.string())
    return pc.binary_join_element_wise(lengths, text, ":").fill_null("-")
