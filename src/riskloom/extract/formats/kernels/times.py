"""Instants from the bytes where they stand: ISO 8601, access logs' dialect, epochs."""

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

PRECISIONS = ("s", "ms", "us")
SOURCES = ("explicit", "assumed", "epoch")


@compiled
def digits_at(data: Bytes, place: int, count: int) -> int:
    """Read so many digits; -1 where a sign is none."""
    value = 0
    for at in range(place, place + count):
        digit = data[at] - 48
        if digit > 9:
            return -1
        value = value * 10 + digit
    return value


@compiled
def days_before(year: int, month: int, day: int) -> int:
    """Count the days from 1970-01-01, by H. Hinnant's "chrono-compatible low-level date algorithms"."""
    year -= month <= 2
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


@compiled
def month_days(year: int, month: int) -> int:
    """Give the days of a month."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month == 4 or month == 6 or month == 9 or month == 11 else 31


@compiled
def month_named(data: Bytes, place: int) -> int:
    """Give the month that three letters name, 0 for none."""
    a, b, c = data[place] | 32, data[place + 1] | 32, data[place + 2] | 32
    if a == 106:
        return 1 if b == 97 and c == 110 else 6 if b == 117 and c == 110 else 7 if b == 117 and c == 108 else 0
    if a == 97:
        return 4 if b == 112 and c == 114 else 8 if b == 117 and c == 103 else 0
    if a == 109:
        return 3 if b == 97 and c == 114 else 5 if b == 97 and c == 121 else 0
    if b == 101:
        return 2 if a == 102 and c == 98 else 9 if a == 115 and c == 112 else 12 if a == 100 and c == 99 else 0
    return 10 if a == 111 and b == 99 and c == 116 else 11 if a == 110 and b == 111 and c == 118 else 0


@compiled
def offset_at(data: Bytes, place: int, end: int) -> tuple[int, bool]:
    """Read an offset such as +02:00 or +0200, in seconds."""
    if end - place not in (5, 6) or (data[place] != 43 and data[place] != 45):
        return 0, False
    colon = end - place == 6
    if colon and data[place + 3] != 58:
        return 0, False
    hours, minutes = digits_at(data, place + 1, 2), digits_at(data, place + (4 if colon else 3), 2)
    if hours < 0 or hours > 14 or minutes < 0 or minutes > 59:
        return 0, False
    seconds = hours * 3600 + minutes * 60
    return -seconds if data[place] == 45 else seconds, True


@compiled
def clock_at(data: Bytes, place: int) -> int:
    """Read hh:mm:ss as seconds, -1 where it is none."""
    if data[place + 2] != 58 or data[place + 5] != 58:
        return -1
    hour, minute, second = digits_at(data, place, 2), digits_at(data, place + 3, 2), digits_at(data, place + 6, 2)
    if hour < 0 or hour > 23 or minute < 0 or minute > 59 or second < 0 or second > 59:
        return -1
    return hour * 3600 + minute * 60 + second


@compiled
def instants(
    data: Bytes,
    begins: Ints,
    stops: Ints,
    kinds: Kinds,
    zoned: bool,
    limits: Ints,
) -> tuple[Ints, npt.NDArray[np.uint8], npt.NDArray[np.uint8], Flags, Flags]:
    """Read times.

    Args:
        data: Bytes of all records.
        begins: Where each time begins.
        stops: Where it ends.
        kinds: Whether it is there.
        zoned: Whether times without a zone are of another one than UTC, which is for the plain reading.
        limits: First instant, and the one behind the last, by record: any other is for the plain reading.

    Returns:
        Microseconds since the epoch, places in ``PRECISIONS`` and ``SOURCES``, which there are, and which are for the
        plain reading.
    """
    count = len(begins)
    micros, valid, unsure = np.zeros(count, np.int64), np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    precision, source = np.zeros(count, np.uint8), np.zeros(count, np.uint8)
    for row in range(count):
        kind = kinds[row]
        place, end = begins[row], stops[row]
        if kind == 0 or kind == 5 or (kind == 1 and place == end):
            continue
        unsure[row] = True
        length = end - place
        if kind > 2 or length < 9:
            continue
        if length <= 20 and data[place + 4] != 45 and data[place + 2] != 47:
            # An epoch: whole, or seconds with a fraction.
            dot = place
            while dot < end and data[dot] != 46:
                dot += 1
            whole, behind = 0, end - dot - 1
            good = dot - place <= 18 and data[place] != 48
            for at in range(place, dot):
                digit = data[at] - 48
                good = good and digit <= 9
                whole = whole * 10 + digit
            if not good:
                continue
            if dot < end:
                fraction = digits_at(data, dot + 1, behind) if 1 <= behind <= 6 else -1
                if fraction < 0 or whole >= 100_000_000_000:
                    continue
                for _ in range(6 - behind):
                    fraction *= 10
                value = whole * 1_000_000 + fraction
                precision[row] = 1 if behind <= 3 else 2
            elif whole < 100_000_000_000:
                value, precision[row] = whole * 1_000_000, 0
            elif whole < 100_000_000_000_000:
                value, precision[row] = whole * 1_000, 1
            elif whole < 100_000_000_000_000_000:
                value, precision[row] = whole, 2
            else:
                value, precision[row] = whole // 1_000, 2
            source[row] = 2
        else:
            if (
                length >= 19
                and data[place + 4] == 45
                and data[place + 7] == 45
                and (data[place + 10] == 84 or data[place + 10] == 32)
            ):
                year, month, day = (
                    digits_at(data, place, 4),
                    digits_at(data, place + 5, 2),
                    digits_at(data, place + 8, 2),
                )
                seconds = clock_at(data, place + 11)
                at = place + 19
                fraction, behind = 0, 0
                if at < end and (data[at] == 46 or data[at] == 44):
                    at += 1
                    while at < end and 48 <= data[at] < 58 and behind < 7:
                        fraction = fraction * 10 + (data[at] - 48)
                        behind += 1
                        at += 1
                    if behind == 0 or behind > 6:
                        continue
                    for _ in range(6 - behind):
                        fraction *= 10
                precision[row] = 0 if behind == 0 else 1 if behind <= 3 else 2
                offset, good = 0, True
                if at == end:
                    source[row] = 1
                    good = not zoned
                elif at + 1 == end and data[at] == 90:
                    source[row] = 0
                else:
                    offset, good = offset_at(data, at, end)
                    source[row] = 0
            elif (
                length == 26
                and data[place + 2] == 47
                and data[place + 6] == 47
                and data[place + 11] == 58
                and data[place + 20] == 32
            ):
                year, month, day = (
                    digits_at(data, place + 7, 4),
                    month_named(data, place + 3),
                    digits_at(data, place, 2),
                )
                seconds = clock_at(data, place + 12)
                offset, good = offset_at(data, place + 21, end)
                fraction = 0
                precision[row], source[row] = 0, 0
            else:
                continue
            if (
                not good
                or year < 1971
                or month < 1
                or month > 12
                or day < 1
                or seconds < 0
                or day > month_days(year, month)
            ):
                continue
            value = (days_before(year, month, day) * 86_400 + seconds - offset) * 1_000_000 + fraction
        if limits[0, row] <= value < limits[1, row]:
            micros[row], valid[row], unsure[row] = value, True, False
    return micros, precision, source, valid, unsure
