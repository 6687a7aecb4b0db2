"""One pass over lines of an access log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskloom.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    Ints = npt.NDArray[np.int64]

NAMES = (
    *("client_address", "ident", "remote_user", "time", "request", "method", "path", "query", "protocol"),
    *("status", "bytes", "referrer", "user_agent"),
)


@compiled
def until(data: Bytes, place: int, end: int, sign: int) -> int:
    """Go to a sign; -1 where it does not come, or a backslash comes first."""
    while place < end:
        if data[place] == sign:
            return place
        if data[place] == 92:
            return -1
        place += 1
    return -1


@compiled
def scan(
    data: Bytes,
    starts: Ints,
    ends: Ints,
    usable: npt.NDArray[np.bool_],
    begins: npt.NDArray[np.int64],
    stops: npt.NDArray[np.int64],
    kinds: npt.NDArray[np.uint8],
) -> npt.NDArray[np.bool_]:
    """Read lines.

    Args:
        data: Bytes of all records.
        starts: Where each begins.
        ends: Where each ends.
        usable: Which of them to read.
        begins: Where each value begins, by field in the order of ``NAMES`` and record; filled.
        stops: Where it ends; filled.
        kinds: 1 where there is one; filled.

    Returns:
        Which records were read.
    """
    read = np.zeros(len(starts), np.bool_)
    at, to = np.empty(13, np.int64), np.empty(13, np.int64)
    for line in range(len(starts)):
        if not usable[line]:
            continue
        place, end = starts[line], ends[line]
        good = place < end and data[place] != 34 and data[place] != 123
        for field in range(3):
            stop = until(data, place, end, 32)
            good = good and stop > place and data[place] != 91
            if not good:
                break
            at[field], to[field] = place, stop
            place = stop + 1
        if not good or place >= end or data[place] != 91:
            continue
        for at_sign in range(at[0], to[0]):
            good = good and data[at_sign] != 61
        for at_sign in range(at[2], to[2]):
            good = good and data[at_sign] != 91
        stop = until(data, place, end, 93)
        if not good or not 11 <= stop - place <= 41 or stop + 2 >= end or data[stop + 1] != 32 or data[stop + 2] != 34:
            continue
        at[3], to[3] = place + 1, stop
        place = stop + 3
        stop = until(data, place, end, 34)
        if stop < 0:
            continue
        at[4], to[4] = place, stop
        # The request: a method of letters, a path, perhaps a query, HTTP/ and a version.
        word = until(data, place, stop, 32)
        if word <= place:
            continue
        for at_sign in range(place, word):
            good = good and (65 <= data[at_sign] < 91 or data[at_sign] == 45 or data[at_sign] == 95)
        at[5], to[5] = place, word
        place = word + 1
        asked = -1
        word = place
        while word < stop and data[word] != 32:
            if data[word] == 63 and asked < 0:
                asked = word
            word += 1
        if not good or word >= stop:
            continue
        at[6], to[6] = place, asked if asked >= 0 else word
        at[7], to[7] = (asked + 1 if asked >= 0 else 0), (word if asked >= 0 else 0)
        place = word + 1
        if (
            stop - place < 6
            or data[place] != 72
            or data[place + 1] != 84
            or data[place + 2] != 84
            or data[place + 3] != 80
            or data[place + 4] != 47
        ):
            continue
        for at_sign in range(place + 5, stop):
            good = good and (48 <= data[at_sign] < 58 or data[at_sign] == 46)
        at[8], to[8] = place, stop
        place = stop + 1
        if not good or place + 5 >= end or data[place] != 32 or data[place + 4] != 32:
            continue
        for at_sign in range(place + 1, place + 4):
            good = good and 48 <= data[at_sign] < 58
        at[9], to[9] = place + 1, place + 4
        place += 5
        stop = place
        while stop < end and data[stop] != 32:
            stop += 1
        if stop - place == 1 and data[place] == 45:
            pass
        else:
            for at_sign in range(place, stop):
                good = good and 48 <= data[at_sign] < 58
        at[10], to[10] = place, stop
        at[11], to[11], at[12], to[12] = 0, 0, 0, 0
        if not good or stop == place:
            continue
        if stop < end:
            place = stop
            for field in (11, 12):
                if place + 1 >= end or data[place] != 32 or data[place + 1] != 34:
                    good = False
                    break
                stop = until(data, place + 2, end, 34)
                if stop < 0:
                    good = False
                    break
                at[field], to[field] = place + 2, stop
                place = stop + 1
            if not good or place != end:
                continue
        for field in range(13):
            begins[field, line], stops[field, line] = at[field], to[field]
            dash = to[field] - at[field] == 1 and data[at[field]] == 45
            may_miss = field in (1, 2, 10, 11, 12)
            kinds[field, line] = 1 if to[field] > at[field] and not (dash and may_miss) else 0
        read[line] = True
    return read
