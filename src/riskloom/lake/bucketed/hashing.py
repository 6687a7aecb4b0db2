"""A hash of entity keys that stays the same for ever: on it depends in which bucket a key lies.

Bytes and integers go through FNV-1a (Fowler, Noll and Vo) and the finalizer of SplitMix64 (Steele, Lea and Flood,
2014), whose leading bits are even.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyarrow import types

from riskloom.compiled import compiled

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Hashes = npt.NDArray[np.uint64]

_OFFSET, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
_ADD, _FIRST, _SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_30, _27, _31 = np.uint64(30), np.uint64(27), np.uint64(31)
_EPOCH_MICROS = pa.timestamp("us", "UTC")


def key_hashes(table: pa.Table, keys: Sequence[str]) -> Hashes:
    """Hash the keys of rows, part by part, so that ('1', '11') and ('11', '1') are two keys.

    Args:
        table: Key columns of type string, int64, bool or timestamp.
        keys: Their names, in the order of the composite key.

    Returns:
        One hash a row; the rows with a null in a part have some hash, too.

    Example:
        >>> [hex(value) for value in key_hashes(pa.table({"user": ["ann", "bob"]}), ["user"]).tolist()]
        ['0xb4090a0ba3f8393c', '0x1f898338a049b50c']
    """
    hashes = np.zeros(table.num_rows, np.uint64)
    for key in keys:
        column, start = table.column(key), 0
        for chunk in column.chunks:
            _mix_in(hashes[start : start + len(chunk)], chunk)
            start += len(chunk)
    return hashes


def _mix_in(hashes: Hashes, values: pa.Array) -> None:
    if types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if not _is_text(values.type):
        # A timestamp is its microseconds, whatever unit a file keeps it in.
        whole = values.cast(_EPOCH_MICROS) if types.is_timestamp(values.type) else values
        _mix_integers(hashes, whole.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False))
        return
    text = values.cast(pa.large_string())
    _, offsets, data = text.buffers()
    edges = np.frombuffer(offsets, np.int64)[text.offset : text.offset + len(text) + 1]
    _mix_bytes(hashes, edges, np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8))


def _is_text(found: pa.DataType) -> bool:
    return bool(types.is_string(found) or types.is_large_string(found) or types.is_string_view(found))


@compiled
def _mixed(value: np.uint64) -> np.uint64:
    value += _ADD
    value = (value ^ (value >> _30)) * _FIRST
    value = (value ^ (value >> _27)) * _SECOND
    return value ^ (value >> _31)


@compiled
def _mix_integers(hashes: Hashes, values: npt.NDArray[np.int64]) -> None:
    for place in range(len(hashes)):
        hashes[place] = _mixed(hashes[place] * _PRIME ^ _mixed(np.uint64(values[place])))


@compiled
def _mix_bytes(hashes: Hashes, edges: npt.NDArray[np.int64], data: npt.NDArray[np.uint8]) -> None:
    for place in range(len(hashes)):
        value = _OFFSET
        for position in range(edges[place], edges[place + 1]):
            value = (value ^ np.uint64(data[position])) * _PRIME
        hashes[place] = _mixed(hashes[place] * _PRIME ^ value)
