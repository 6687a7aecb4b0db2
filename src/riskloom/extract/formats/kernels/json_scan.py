"""One pass over JSON objects: strict, and keeping only where the wanted values stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskloom.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    Ints = npt.NDArray[np.int64]

ABSENT, STRING, NUMBER, TRUE, FALSE, NULL, NESTED = 0, 1, 2, 3, 4, 5, 6
DEPTH, KEYS, FNV, PRIME = 64, 512, 14695981039346656037, 1099511628211


@compiled
def skip_string(data: Bytes, place: int, end: int) -> tuple[int, bool]:
    """Go from behind an opening quote to the closing one; -1 where there is none, or a sign that JSON forbids.

    Returns:
        Place of the closing quote, and whether there are escapes.
    """
    escaped = False
    while place < end:
        sign = data[place]
        if sign == 34:
            return place, escaped
        if sign < 32:
            return -1, escaped
        if sign == 92:
            escaped = True
            place += 1
            if place >= end:
                return -1, escaped
            sign = data[place]
            if sign == 117:
                if place + 4 >= end:
                    return -1, escaped
                for _ in range(4):
                    place += 1
                    sign = data[place]
                    if not (48 <= sign < 58 or 65 <= sign < 71 or 97 <= sign < 103):
                        return -1, escaped
            elif not (
                sign == 34
                or sign == 92
                or sign == 47
                or sign == 98
                or sign == 102
                or sign == 110
                or sign == 114
                or sign == 116
            ):
                return -1, escaped
        place += 1
    return -1, escaped


@compiled
def skip_number(data: Bytes, place: int, end: int) -> int:
    """Go behind a number; -1 where it is none."""
    if place < end and data[place] == 45:
        place += 1
    if place >= end or not 48 <= data[place] < 58:
        return -1
    if data[place] == 48:
        place += 1
    else:
        while place < end and 48 <= data[place] < 58:
            place += 1
    if place < end and data[place] == 46:
        place += 1
        if place >= end or not 48 <= data[place] < 58:
            return -1
        while place < end and 48 <= data[place] < 58:
            place += 1
    if place < end and (data[place] == 101 or data[place] == 69):
        place += 1
        if place < end and (data[place] == 43 or data[place] == 45):
            place += 1
        if place >= end or not 48 <= data[place] < 58:
            return -1
        while place < end and 48 <= data[place] < 58:
            place += 1
    return place


@compiled
def skip_literal(data: Bytes, place: int, end: int) -> tuple[int, int]:
    """Go behind true, false or null.

    Returns:
        The place, -1 where it is none of them, and its kind.
    """
    sign = data[place]
    if (
        sign == 116
        and place + 4 <= end
        and data[place + 1] == 114
        and data[place + 2] == 117
        and data[place + 3] == 101
    ):
        return place + 4, 3
    if (
        sign == 110
        and place + 4 <= end
        and data[place + 1] == 117
        and data[place + 2] == 108
        and data[place + 3] == 108
    ):
        return place + 4, 5
    if (
        sign == 102
        and place + 5 <= end
        and data[place + 1] == 97
        and data[place + 2] == 108
        and data[place + 3] == 115
        and data[place + 4] == 101
    ):
        return place + 5, 4
    return -1, 0


@compiled
def find_child(data: Bytes, start: int, end: int, node: int, first: Ints, last: Ints, key_at: Ints, keys: Bytes) -> int:
    """Give the node below ``node`` whose key these bytes are, -1 where there is none."""
    length = end - start
    for child in range(first[node], last[node]):
        at = key_at[child]
        if key_at[child + 1] - at != length:
            continue
        same = True
        for step in range(length):
            if keys[at + step] != data[start + step]:
                same = False
                break
        if same:
            return child
    return -1


@compiled
def scan(
    data: Bytes,
    starts: Ints,
    ends: Ints,
    usable: npt.NDArray[np.bool_],
    first: Ints,
    last: Ints,
    key_at: Ints,
    keys: Bytes,
    target: Ints,
    begins: npt.NDArray[np.int64],
    stops: npt.NDArray[np.int64],
    kinds: npt.NDArray[np.uint8],
    extras: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.bool_], int]:
    """Read objects.

    Args:
        data: Bytes of all records.
        starts: Where each begins.
        ends: Where each ends.
        usable: Which of them to read.
        first: First child of each node of the tree of wanted keys.
        last: Behind the last child of each node.
        key_at: Where each node's key begins in ``keys``; one more than nodes.
        keys: Bytes of all keys.
        target: Field of each node, -1 for none.
        begins: Where each field's value begins, by field and record; filled.
        stops: Where it ends; filled.
        kinds: What it is; filled.
        extras: Rows of record, node, begin and end of the key, begin and end of the value, kind; filled.

    Returns:
        Which records were read, and how many extras there are.
    """
    count = len(starts)
    read = np.zeros(count, np.bool_)
    nodes, is_array, held = np.empty(64, np.int64), np.empty(64, np.bool_), np.empty(64, np.int64)
    captured, capture_at = np.empty(64, np.int64), np.empty(64, np.int64)
    capture_key, capture_key_end = np.empty(64, np.int64), np.empty(64, np.int64)
    hashes = np.empty(512, np.uint64)
    used = 0
    for line in range(count):
        if not usable[line]:
            continue
        place, end = starts[line], ends[line]
        while place < end and (data[place] == 32 or data[place] == 9):
            place += 1
        if place >= end or data[place] != 123:
            continue
        place += 1
        depth, nodes[0], is_array[0], held[0], captured[0] = 0, 0, False, 0, -1
        top, captures, before = 0, 0, used
        # 0: a key or the end; 1: a key; 2: a value; 3: a comma or the end; 4: a value or the end of an array
        state, good, done = 0, True, False
        child, key_start, key_end, extra = -1, 0, 0, False
        while good and not done:
            while place < end and (data[place] == 32 or data[place] == 9):
                place += 1
            if place >= end:
                good = False
                break
            sign = data[place]
            if state == 0 or state == 1:
                if sign == 125 and state == 0:
                    state = 3
                    continue
                if sign != 34:
                    good = False
                    break
                key_start = place + 1
                key_end, escaped = skip_string(data, key_start, end)
                if key_end < 0 or escaped:
                    good = False
                    break
                code = np.uint64(14695981039346656037)
                dotted = False
                for at in range(key_start, key_end):
                    code = (code ^ np.uint64(data[at])) * np.uint64(1099511628211)
                    dotted = dotted or data[at] == 46
                for other in range(held[depth], top):
                    if hashes[other] == code:
                        good = False
                if top >= 512 or (dotted and depth == 0):
                    good = False
                if not good:
                    break
                hashes[top] = code
                top += 1
                place = key_end + 1
                while place < end and (data[place] == 32 or data[place] == 9):
                    place += 1
                if place >= end or data[place] != 58:
                    good = False
                    break
                place += 1
                node = nodes[depth]
                child = find_child(data, key_start, key_end, node, first, last, key_at, keys) if node >= 0 else -1
                extra = node >= 0 and child < 0 and captures == 0
                state = 2
            elif state == 2 or state == 4:
                if state == 4 and sign == 93:
                    state = 3
                    continue
                if is_array[depth]:
                    child, extra = -1, False
                inner = child >= 0 and last[child] > first[child]
                field = target[child] if child >= 0 else -1
                if sign == 123 or sign == 91:
                    if depth == 63 or (inner and sign == 91):
                        good = False
                        break
                    depth += 1
                    nodes[depth] = child if inner else -1
                    is_array[depth] = sign == 91
                    held[depth] = top
                    captured[depth] = -1
                    if field >= 0:
                        captured[depth], capture_at[depth] = field, place
                        captures += 1
                    elif extra:
                        captured[depth], capture_at[depth] = -2, place
                        capture_key[depth], capture_key_end[depth] = key_start, key_end
                        captures += 1
                    state = 4 if sign == 91 else 0
                    place += 1
                    continue
                value_start, value_end, kind = place, place, 0
                if sign == 34:
                    value_start = place + 1
                    value_end, escaped = skip_string(data, value_start, end)
                    if value_end < 0 or (escaped and (child >= 0 or extra or captures > 0)):
                        good = False
                        break
                    if inner and value_end > value_start:
                        # It may be JSON in itself, where the path goes on.
                        good = False
                        break
                    place, kind = value_end + 1, 1
                elif sign == 45 or 48 <= sign < 58:
                    value_end = skip_number(data, place, end)
                    place, kind = value_end, 2
                else:
                    value_end, kind = skip_literal(data, place, end)
                    place = value_end
                if value_end < 0:
                    good = False
                    break
                if field >= 0:
                    begins[field, line], stops[field, line], kinds[field, line] = value_start, value_end, kind
                elif (extra or (child >= 0 and captures == 0)) and kind != 5:
                    if used == len(extras):
                        good = False
                        break
                    extras[used, 0], extras[used, 1], extras[used, 2], extras[used, 3] = (
                        line,
                        nodes[depth],
                        key_start,
                        key_end,
                    )
                    extras[used, 4], extras[used, 5], extras[used, 6] = value_start, value_end, kind
                    used += 1
                state = 3
            else:
                if sign == 44:
                    state = 2 if is_array[depth] else 1
                    place += 1
                    continue
                if sign != (93 if is_array[depth] else 125):
                    good = False
                    break
                place += 1
                if depth == 0:
                    done = True
                    break
                top = held[depth]
                if captured[depth] >= 0:
                    field = captured[depth]
                    begins[field, line], stops[field, line], kinds[field, line] = capture_at[depth], place, 6
                    captures -= 1
                elif captured[depth] == -2:
                    if used == len(extras):
                        good = False
                        break
                    extras[used, 0], extras[used, 1] = line, nodes[depth - 1]
                    extras[used, 2], extras[used, 3] = capture_key[depth], capture_key_end[depth]
                    extras[used, 4], extras[used, 5], extras[used, 6] = capture_at[depth], place, 6
                    used += 1
                    captures -= 1
                depth -= 1
        while good and place < end and (data[place] == 32 or data[place] == 9):
            place += 1
        read[line] = good and done and place == end
        if not read[line]:
            used = before
    return read, used
