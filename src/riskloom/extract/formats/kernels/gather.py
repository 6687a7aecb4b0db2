"""Values copied out of the records' bytes into Arrow arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from riskloom.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    Ints = npt.NDArray[np.int64]
    Kinds = npt.NDArray[np.uint8]

_MOST_BYTES = 2**31 - 1


@compiled
def copied(data: Bytes, begins: Ints, stops: Ints, kinds: Kinds, size: int) -> tuple[npt.NDArray[np.int32], Bytes]:
    """Copy values one behind the other; nested ones lose the white space between their parts.

    Returns:
        Offsets and bytes.
    """
    count = len(begins)
    offsets, out = np.zeros(count + 1, np.int32), np.empty(size, np.uint8)
    to = 0
    for row in range(count):
        kind = kinds[row]
        if kind == 6:
            inside = False
            for at in range(begins[row], stops[row]):
                sign = data[at]
                if sign == 34:
                    inside = not inside
                if inside or (sign != 32 and sign != 9):
                    out[to] = sign
                    to += 1
        elif kind != 0 and kind != 5:
            for at in range(begins[row], stops[row]):
                out[to] = data[at]
                to += 1
        offsets[row + 1] = to
    return offsets, out[:to]


def strings(data: Bytes, begins: Ints, stops: Ints, kinds: Kinds) -> pa.Array:
    """Give values as an Arrow array; null where there is none."""
    present = (kinds != 0) & (kinds != 5)
    size = int(np.where(present, stops - begins, 0).sum())
    offsets, out = copied(data, begins, stops, kinds, size)
    mask = None if present.all() else pa.py_buffer(np.packbits(present, bitorder="little"))
    return pa.StringArray.from_buffers(len(begins), pa.py_buffer(offsets), pa.py_buffer(out), mask)


def numeric(values: npt.NDArray[np.generic], valid: npt.NDArray[np.bool_], dtype: pa.DataType) -> pa.Array:
    """Give numbers as an Arrow array; null where there is none."""
    if valid.all():
        return pa.array(values, dtype)
    return pa.array(values, dtype, mask=~valid)
