"""Which records are plain text: no byte that decoding or cleaning would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskloom.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

EMPTY, ASCII, UNICODE, DOUBTFUL = 0, 1, 2, 3


@compiled
def plainness(
    data: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
) -> npt.NDArray[np.uint8]:
    """Say of each record whether it is plain.

    Args:
        data: Bytes of all records.
        starts: Where each begins.
        ends: Where each ends.

    Returns:
        ``ASCII`` where all signs are printable or tabs, ``UNICODE`` where it is UTF-8 beside that and holds nothing
        that is stripped or looks decoded twice, ``EMPTY`` where there is nothing but white space, else ``DOUBTFUL``.
    """
    found = np.empty(len(starts), np.uint8)
    for line in range(len(starts)):
        place, end = starts[line], ends[line]
        state, blank = 1, True
        while place < end:
            sign = data[place]
            if 32 <= sign < 127:
                blank = blank and sign == 32
                place += 1
            elif sign == 9:
                place += 1
            elif sign < 0xC2 or sign > 0xF4:
                state = 3
                break
            else:
                blank = False
                length = 2 if sign < 0xE0 else 3 if sign < 0xF0 else 4
                if place + length > end:
                    state = 3
                    break
                second = data[place + 1]
                good = 0x80 <= second < 0xC0
                for more in range(2, length):
                    good = good and 0x80 <= data[place + more] < 0xC0
                if sign == 0xE0:
                    good = good and second >= 0xA0
                elif sign == 0xED:
                    good = good and second < 0xA0
                elif sign == 0xF0:
                    good = good and second >= 0x90
                elif sign == 0xF4:
                    good = good and second < 0x90
                # U+0080 to U+00A0, U+00AD; letters that UTF-8 becomes when it is decoded twice; marks that are not seen.
                if (sign == 0xC2 and (second <= 0xA0 or second == 0xAD)) or (
                    sign == 0xC3 and (second in (0x82, 0x83, 0x84, 0x85, 0xA2, 0xB0))
                ):
                    good = False
                elif sign == 0xE2 and (second == 0x80 or second == 0x81):
                    third = data[place + 2]
                    good = good and not (second == 0x80 and (third <= 0x8F or 0xA8 <= third <= 0xAF))
                    good = good and not (second == 0x81 and 0x9F <= third <= 0xAF)
                elif sign == 0xEF and second == 0xBB and data[place + 2] == 0xBF:
                    good = False
                elif data[place + 2] == 0x80 and (
                    (sign == 0xE1 and second == 0x9A) or (sign == 0xE3 and second == 0x80)
                ):
                    # Spaces of other scripts, at which Python strips and splits.
                    good = False
                if not good:
                    state = 3
                    break
                state = 2
                place += length
        found[line] = 0 if blank and state == 1 else state
    return found


@compiled
def beyond_ascii(
    data: npt.NDArray[np.uint8], begins: npt.NDArray[np.int64], stops: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Say which values hold a sign that is not ASCII."""
    found = np.zeros(len(begins), np.bool_)
    for row in range(len(begins)):
        for at in range(begins[row], stops[row]):
            if data[at] >= 128:
                found[row] = True
                break
    return found
