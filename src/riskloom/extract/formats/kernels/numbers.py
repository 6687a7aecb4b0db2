"""Numbers from the bytes where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskloom.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    Ints = npt.NDArray[np.int64]
    Kinds = npt.NDArray[np.uint8]
    Flags = npt.NDArray[np.bool_]

EXACT_POWERS: npt.NDArray[np.float64] = np.array([10.0**power for power in range(23)], np.float64)


@compiled
def integers(data: Bytes, begins: Ints, stops: Ints, kinds: Kinds) -> tuple[Ints, Flags, Flags]:
    """Read whole numbers of at most 18 digits.

    Returns:
        Values, which of them there are, and which are for the plain reading.
    """
    count = len(begins)
    values, valid, unsure = np.zeros(count, np.int64), np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    for row in range(count):
        kind = kinds[row]
        if kind == 0 or kind == 5:
            continue
        place, end = begins[row], stops[row]
        if place == end and kind == 1:
            continue
        negative = data[place] == 45
        if negative:
            place += 1
        if kind > 2 or not 1 <= end - place <= 18:
            unsure[row] = True
            continue
        value = np.int64(0)
        for at in range(place, end):
            digit = data[at] - 48
            if digit > 9:
                unsure[row] = True
                break
            value = value * 10 + digit
        if not unsure[row]:
            values[row], valid[row] = -value if negative else value, True
    return values, valid, unsure


@compiled
def decimals(data: Bytes, place: int, end: int) -> tuple[int, int, bool]:
    """Read digits with a dot among them.

    Returns:
        The digits as a whole number, how many stand behind the dot, and whether that is all there is.
    """
    value, behind, seen = 0, 0, False
    digits = 0
    for at in range(place, end):
        sign = data[at]
        if sign == 46:
            if seen or at == place or at == end - 1:
                return 0, 0, False
            seen = True
        elif 48 <= sign < 58:
            value = value * 10 + (sign - 48)
            digits += 1
            behind += seen
        else:
            return 0, 0, False
    return value, behind, 1 <= digits <= 18


@compiled
def fractions(
    data: Bytes, begins: Ints, stops: Ints, kinds: Kinds, powers: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], Flags, Flags]:
    """Read numbers whose digits and power of ten a double holds exactly, so that one division rounds them right.

    The method is that of W. D. Clinger, "How to read floating point numbers accurately" (1990).

    Returns:
        Values, which of them there are, and which are for the plain reading.
    """
    count = len(begins)
    values, valid, unsure = np.zeros(count, np.float64), np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    for row in range(count):
        kind = kinds[row]
        if kind == 0 or kind == 5:
            continue
        place, end = begins[row], stops[row]
        if place == end and kind == 1:
            continue
        negative = data[place] == 45
        if negative:
            place += 1
        digits, behind, good = decimals(data, place, end)
        if kind > 2 or not good or digits >= 9007199254740992 or (negative and digits == 0):
            unsure[row] = True
            continue
        value = digits / powers[behind]
        values[row], valid[row] = -value if negative else value, True
    return values, valid, unsure


@compiled
def minor_units(data: Bytes, begins: Ints, stops: Ints, kinds: Kinds, exponent: int) -> tuple[Ints, Flags, Flags]:
    """Read amounts that name no currency, as whole minor units.

    Args:
        data: Bytes of all records.
        begins: Where each amount begins.
        stops: Where it ends.
        kinds: Whether it is there.
        exponent: How many digits a minor unit is below the main one.

    Returns:
        Values, which of them there are, and which are for the plain reading.
    """
    count = len(begins)
    values, valid, unsure = np.zeros(count, np.int64), np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    for row in range(count):
        kind = kinds[row]
        if kind == 0 or kind == 5:
            continue
        if begins[row] == stops[row] and kind == 1:
            continue
        digits, behind, good = decimals(data, begins[row], stops[row])
        if kind > 2 or not good or behind > exponent or stops[row] - begins[row] > 15:
            unsure[row] = True
            continue
        for _ in range(exponent - behind):
            digits *= 10
        values[row], valid[row] = digits, True
    return values, valid, unsure


@compiled
def truths(data: Bytes, begins: Ints, stops: Ints, kinds: Kinds) -> tuple[Flags, Flags, Flags]:
    """Read truth values: JSON's own, and 0 and 1.

    Returns:
        Values, which of them there are, and which are for the plain reading.
    """
    count = len(begins)
    values, valid, unsure = np.zeros(count, np.bool_), np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    for row in range(count):
        kind = kinds[row]
        if kind == 0 or kind == 5:
            continue
        if kind == 3 or kind == 4:
            values[row], valid[row] = kind == 3, True
        elif kind <= 2 and stops[row] - begins[row] == 1 and 48 <= data[begins[row]] < 50:
            values[row], valid[row] = data[begins[row]] == 49, True
        else:
            unsure[row] = True
    return values, valid, unsure


@compiled
def not_quads(data: Bytes, begins: Ints, stops: Ints, kinds: Kinds) -> Flags:
    """Say which values are no IPv4 address in its one form, and none."""
    count = len(begins)
    unsure = np.zeros(count, np.bool_)
    for row in range(count):
        if kinds[row] == 0 or kinds[row] == 5:
            continue
        part, digits, dots, good = 0, 0, 0, kinds[row] == 1
        for at in range(begins[row], stops[row]):
            sign = data[at]
            if sign == 46:
                good = good and digits > 0
                dots += 1
                part, digits = 0, 0
            elif 48 <= sign < 58:
                good = good and not (digits == 1 and part == 0)
                part = part * 10 + (sign - 48)
                digits += 1
                good = good and part < 256 and digits < 4
            else:
                good = False
        unsure[row] = not (good and dots == 3 and digits > 0)
    return unsure
