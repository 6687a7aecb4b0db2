"""A row's hash without Spark: the one that ``riskloom.lake.spark.hashing`` has Spark compute, bit for bit.

XXH64 by Yann Collet, chained over the columns as Spark's ``xxhash64`` chains it: each value is hashed with the hash so
far as its seed, and a null changes nothing.
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
    Flags = npt.NDArray[np.bool_]
    Ints = npt.NDArray[np.int64]
    Bytes = npt.NDArray[np.uint8]

# Spark begins with 42; the seeds are hashed as a first column.
_START, _SEEDS = np.uint64(42), (np.uint64(1), np.uint64(2))
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
_DIGITS = 32
_P1, _P2, _P3 = np.uint64(0x9E3779B185EBCA87), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9)
_P4, _P5 = np.uint64(0x85EBCA77C2B2AE63), np.uint64(0x27D4EB2F165667C5)
_LONG, _INT = _P5 + np.uint64(8), _P5 + np.uint64(4)


def row_hashes(table: pa.Table, columns: Sequence[str]) -> pa.Array:
    """Hash columns of rows; see ``riskloom.lake.spark.hashing.row_hash``.

    Args:
        table: Columns of strings, numbers, truths, times in microseconds, lists of strings, maps of strings.
        columns: Columns to hash, in this order.

    Returns:
        32 hexadecimal digits for each row.

    Example:
        >>> row_hashes(pa.table({"a": ["x", None], "b": [1, 2]}), ["a", "b"]).to_pylist()
        ['6ca51d33a8c393a5cfac682f50183f3a', '8c7ee468c82d13c45d6cea5c9ebd613b']
    """
    state = np.repeat(np.array([[_of_int(seed, _START)] for seed in _SEEDS], np.uint64), table.num_rows, axis=1)
    arrays = [_whole(table.column(name)) for name in columns]
    for array in arrays:
        _fold_flags(state, _nulls(array))
    for array in arrays:
        _fold(state, array)
    digits = _written(state)
    offsets = np.arange(table.num_rows + 1, dtype=np.int32) * _DIGITS
    return pa.StringArray.from_buffers(table.num_rows, pa.py_buffer(offsets), pa.py_buffer(digits))


def _whole(column: pa.ChunkedArray) -> pa.Array:
    array = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    array = pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array
    return array.dictionary_decode() if types.is_dictionary(array.type) else array


def _nulls(array: pa.Array) -> Flags:
    if not array.null_count:
        return np.zeros(len(array), np.bool_)
    found: Flags = array.is_null().to_numpy(zero_copy_only=False)
    return found


def _fold(state: Hashes, array: pa.Array) -> None:
    nulls = _nulls(array)
    if types.is_string(array.type):
        _fold_strings(state, nulls, *_strings(array))
    elif types.is_list(array.type):
        values = array.values
        _fold_lists(state, nulls, _edges(array), _nulls(values), *_strings(values))
    elif types.is_map(array.type):
        keys, items = array.keys, array.items
        _fold_maps(state, nulls, _edges(array), *_strings(keys), _nulls(items), *_strings(items))
    elif types.is_boolean(array.type):
        _fold_truths(state, nulls, array.fill_null(False).to_numpy(zero_copy_only=False))
    else:
        _fold_longs(state, nulls, _longs(array))


def _longs(array: pa.Array) -> Ints:
    """Give what is hashed of a number or a time: a fraction counts as its bits, with one zero and one NaN."""
    if types.is_floating(array.type):
        values = array.cast(pa.float64()).fill_null(0.0).to_numpy(zero_copy_only=False) + 0.0
        values[np.isnan(values)] = np.nan
        bits: Ints = values.view(np.int64)
        return bits
    whole: Ints = array.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    return whole


def _edges(array: pa.Array) -> Ints:
    edges: Ints = array.offsets.to_numpy(zero_copy_only=False).astype(np.int64)
    return edges


def _strings(array: pa.Array) -> tuple[Ints, Bytes]:
    _, offsets, data = array.buffers()
    if offsets is None or not len(array):
        return np.zeros(1, np.int64), np.zeros(0, np.uint8)
    edges = np.frombuffer(offsets, np.int32, len(array) + 1, array.offset * 4).astype(np.int64)
    return edges, np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)


@compiled
def _turned(value: np.uint64, left: int) -> np.uint64:
    return (value << np.uint64(left)) | (value >> np.uint64(64 - left))


@compiled
def _mixed(value: np.uint64) -> np.uint64:
    value = (value ^ (value >> np.uint64(33))) * _P2
    value = (value ^ (value >> np.uint64(29))) * _P3
    return value ^ (value >> np.uint64(32))


@compiled
def _of_int(value: np.uint64, seed: np.uint64) -> np.uint64:
    found = (seed + _INT) ^ (value * _P1)
    return _mixed(_turned(found, 23) * _P2 + _P3)


@compiled
def _of_long(value: np.uint64, seed: np.uint64) -> np.uint64:
    found = (seed + _LONG) ^ (_turned(value * _P2, 31) * _P1)
    return _mixed(_turned(found, 27) * _P1 + _P4)


@compiled
def _word(data: Bytes, place: int, count: int) -> np.uint64:
    value = np.uint64(0)
    for at in range(count):
        value |= np.uint64(data[place + at]) << np.uint64(8 * at)
    return value


@compiled
def _of_bytes(data: Bytes, place: int, end: int, seed: np.uint64) -> np.uint64:
    length = end - place
    if length >= 32:  # noqa: PLR2004 - a block of the algorithm
        first, second, third, fourth = seed + _P1 + _P2, seed + _P2, seed, seed - _P1
        while place + 32 <= end:
            first = _turned(first + _word(data, place, 8) * _P2, 31) * _P1
            second = _turned(second + _word(data, place + 8, 8) * _P2, 31) * _P1
            third = _turned(third + _word(data, place + 16, 8) * _P2, 31) * _P1
            fourth = _turned(fourth + _word(data, place + 24, 8) * _P2, 31) * _P1
            place += 32
        found = _turned(first, 1) + _turned(second, 7) + _turned(third, 12) + _turned(fourth, 18)
        for part in (first, second, third, fourth):
            found = (found ^ (_turned(part * _P2, 31) * _P1)) * _P1 + _P4
    else:
        found = seed + _P5
    found += np.uint64(length)
    while place + 8 <= end:
        found = _turned(found ^ (_turned(_word(data, place, 8) * _P2, 31) * _P1), 27) * _P1 + _P4
        place += 8
    if place + 4 <= end:
        found = _turned(found ^ (_word(data, place, 4) * _P1), 23) * _P2 + _P3
        place += 4
    while place < end:
        found = _turned(found ^ (np.uint64(data[place]) * _P5), 11) * _P1
        place += 1
    return _mixed(found)


@compiled
def _fold_flags(state: Hashes, flags: Flags) -> None:
    for row in range(len(flags)):
        value = np.uint64(1) if flags[row] else np.uint64(0)
        state[0, row], state[1, row] = _of_int(value, state[0, row]), _of_int(value, state[1, row])


@compiled
def _fold_truths(state: Hashes, nulls: Flags, values: Flags) -> None:
    for row in range(len(nulls)):
        if not nulls[row]:
            value = np.uint64(1) if values[row] else np.uint64(0)
            state[0, row], state[1, row] = _of_int(value, state[0, row]), _of_int(value, state[1, row])


@compiled
def _fold_longs(state: Hashes, nulls: Flags, values: Ints) -> None:
    for row in range(len(nulls)):
        if not nulls[row]:
            value = np.uint64(values[row])
            state[0, row], state[1, row] = _of_long(value, state[0, row]), _of_long(value, state[1, row])


@compiled
def _fold_one(state: Hashes, row: int, data: Bytes, place: int, end: int) -> None:
    state[0, row] = _of_bytes(data, place, end, state[0, row])
    state[1, row] = _of_bytes(data, place, end, state[1, row])


@compiled
def _fold_strings(state: Hashes, nulls: Flags, edges: Ints, data: Bytes) -> None:
    for row in range(len(nulls)):
        if not nulls[row]:
            _fold_one(state, row, data, edges[row], edges[row + 1])


@compiled
def _fold_lists(state: Hashes, nulls: Flags, rows: Ints, inner: Flags, edges: Ints, data: Bytes) -> None:
    for row in range(len(nulls)):
        if not nulls[row]:
            for item in range(rows[row], rows[row + 1]):
                if not inner[item]:
                    _fold_one(state, row, data, edges[item], edges[item + 1])


@compiled
def _before(data: Bytes, place: int, end: int, other: int, its_end: int) -> bool:
    while place < end and other < its_end:
        if data[place] != data[other]:
            return bool(data[place] < data[other])
        place += 1
        other += 1
    return place == end and other < its_end


@compiled
def _fold_maps(
    state: Hashes, nulls: Flags, rows: Ints, key_edges: Ints, keys: Bytes, inner: Flags, edges: Ints, data: Bytes
) -> None:
    """Fold the entries of maps, by the order of their keys' bytes."""
    order = np.empty(0, np.int64)
    for row in range(len(nulls)):
        if nulls[row]:
            continue
        first, count = rows[row], rows[row + 1] - rows[row]
        if count > len(order):
            order = np.empty(2 * count, np.int64)
        for place in range(count):
            entry, at = first + place, place
            while at > 0 and _before(
                keys, key_edges[entry], key_edges[entry + 1], key_edges[order[at - 1]], key_edges[order[at - 1] + 1]
            ):
                order[at] = order[at - 1]
                at -= 1
            order[at] = entry
        for place in range(count):
            entry = order[place]
            _fold_one(state, row, keys, key_edges[entry], key_edges[entry + 1])
            if not inner[entry]:
                _fold_one(state, row, data, edges[entry], edges[entry + 1])


@compiled
def _written(state: Hashes) -> Bytes:
    count = state.shape[1]
    out = np.empty(count * 32, np.uint8)
    for row in range(count):
        for half in range(2):
            value, at = state[half, row], row * 32 + half * 16
            for digit in range(15, -1, -1):
                out[at + digit] = _HEX[value & np.uint64(15)]
                value >>= np.uint64(4)
    return out
