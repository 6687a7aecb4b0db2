"""Instants from text and numbers: the dialects that logs are written in.

An epoch's unit follows from its magnitude. A time without a zone is of the source's zone; what the source does not
say and the text leaves open is refused, never guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from riskloom.extract.formats.reading import RefusedError
from riskloom.extract.formats.zones import in_zone, offset_micros
from riskloom.intervals import DAY, MINUTE, SECOND

if TYPE_CHECKING:
    from riskloom.declare.profile import Profile
    from riskloom.extract.formats.reading import Notes

OUT_OF_RANGE, AMBIGUOUS, NO_TIMESTAMP, FUTURE, SKEW = (
    "ts_out_of_range",
    "ambiguous_date",
    "no_timestamp",
    "future_ts",
    "clock_skew",
)
EXPLICIT, ASSUMED, EPOCH = "explicit", "assumed", "epoch"
# Years 1971 to 2099: a clock that was never set says 1970.
FIRST, LAST = 365 * DAY, 4_102_444_800 * SECOND
SKEW_ALLOWED, FUTURE_ALLOWED = 10 * MINUTE, DAY
# Below each bound an epoch is in this unit, of so many to the microsecond or microseconds.
EPOCHS = ((1e11, 1_000_000, "s"), (1e14, 1_000, "ms"), (1e17, 1, "us"))
_MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?(?:\s?(?P<half>[AaPp])\.?[Mm]\.?)?"
_ZONE = r"(?:\s?(?P<zone>Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?|[A-Z][A-Za-z_]+/[A-Za-z_/+-]+))?"
_NAMED = r"(?P<month>[A-Za-z]{3})[a-z]*"
_DIALECTS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?P<year>\d{{4}})-(?P<month>\d{{1,2}})-(?P<day>\d{{1,2}})(?:[T\s_]\s?{_CLOCK}{_ZONE})?",
        rf"(?P<day>\d{{1,2}})[/ -]{_NAMED}[/ -](?P<year>\d{{4}})[: T]{_CLOCK}{_ZONE}",
        rf"(?:[A-Z][a-z]{{2}},? )?{_NAMED} +(?P<day>\d{{1,2}})(?:,? (?P<year>\d{{4}}),?)? {_CLOCK}(?: (?P<late_year>\d{{4}}))?{_ZONE}",
        rf"[A-Z][a-z]{{2}}, (?P<day>\d{{1,2}}) {_NAMED} (?P<year>\d{{4}}) {_CLOCK}{_ZONE}",
        rf"(?P<year>\d{{4}})/(?P<month>\d{{1,2}})/(?P<day>\d{{1,2}})(?:[T ]{_CLOCK}{_ZONE})?",
        rf"(?P<first>\d{{1,2}})(?P<sign>[/.-])(?P<second_part>\d{{1,2}})(?P=sign)(?P<year>\d{{4}}|\d{{2}})(?:[T ,]+{_CLOCK}{_ZONE})?",
        rf"(?P<year>\d{{4}})(?P<month>\d{{2}})(?P<day>\d{{2}})T(?P<hour>\d{{2}})(?P<minute>\d{{2}})(?P<second>\d{{2}})(?P<half>\b)?{_ZONE}",
    )
)
_NUMBER = re.compile(r"[+-]?\d{1,20}(?:\.\d{1,20})?(?:[eE][+-]?\d{1,3})?")
_MONTHS_IN_YEAR, _NOON = 12, 12
_LEAP_SECOND = 60


@dataclass(frozen=True, slots=True)
class Instant:
    """A time that was read.

    Attributes:
        micros: Microseconds since the epoch.
        precision: Unit of its last digit: us, ms, s, min or day.
        zone_source: How its zone is known: explicit, assumed or epoch.
    """

    micros: int
    precision: str
    zone_source: str


def instant(value: object, profile: Profile, newest: date | None, notes: Notes) -> Instant:
    """Read a time.

    Args:
        value: Text or a number.
        profile: What the source says of its zone and its dates.
        newest: Date of the newest line, for times without a year; None where nobody knows.
        notes: Takes repairs and flags.

    Raises:
        RefusedError: It is no time, has two readings, or is absurd.

    Example:
        >>> from riskloom.declare.profile import Profile
        >>> from riskloom.extract.formats.reading import Notes
        >>> instant("17/May/2015:10:05:03 +0200", Profile(), None, Notes())
        Instant(micros=1431849903000000, precision='s', zone_source='explicit')
        >>> instant(1396437466.94, Profile(), None, Notes())
        Instant(micros=1396437466940000, precision='ms', zone_source='epoch')
    """
    if isinstance(value, bool) or value is None:
        raise RefusedError(NO_TIMESTAMP)
    text = str(value).strip()
    found = _epoch(text) if _NUMBER.fullmatch(text) else _written(text, profile, newest, notes)
    if not FIRST <= found.micros < LAST:
        raise RefusedError(OUT_OF_RANGE)
    return found


def _epoch(text: str) -> Instant:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise RefusedError(NO_TIMESTAMP) from None
    size, digits = abs(number), len(text.partition(".")[2]) if "e" not in text.lower() else 0
    for bound, scale, unit in EPOCHS:
        if size < bound:
            precision = (
                unit if unit == "us" or not digits else _fraction_precision(digits if unit == "s" else digits + 3)
            )
            return Instant(int(number * scale), precision, EPOCH)
    micros = number / 1000
    if micros >= LAST:
        raise RefusedError(OUT_OF_RANGE)
    return Instant(int(micros), "us", EPOCH)


def _fraction_precision(digits: int) -> str:
    return "ms" if digits <= 3 else "us"  # noqa: PLR2004


def _written(text: str, profile: Profile, newest: date | None, notes: Notes) -> Instant:
    for dialect in _DIALECTS:
        match = dialect.fullmatch(text)
        if match is not None:
            return _of_parts({name: part for name, part in match.groupdict().items() if part}, profile, newest, notes)
    raise RefusedError(NO_TIMESTAMP)


def _of_parts(parts: dict[str, str], profile: Profile, newest: date | None, notes: Notes) -> Instant:
    fraction = parts.get("fraction", "")
    micros = int((fraction + "000000")[:6])
    precision = _fraction_precision(len(fraction)) if fraction else _precision(parts)
    try:
        month, day = _month_and_day(parts, profile)
        clock = _clock(parts)
        year = _year(parts, profile)
        naive = datetime(year, month, day) if year else _newest_year(month, day, clock, newest)  # noqa: DTZ001 - the zone comes next
        local = naive + clock
    except (ValueError, OverflowError):
        raise RefusedError(NO_TIMESTAMP) from None
    zone = parts.get("zone")
    if zone and not zone[0].isalpha():
        base = _utc(local) - offset_micros(zone)
        return Instant(base + micros, precision, EXPLICIT)
    if zone in ("Z", "z", "UTC", "GMT"):
        return Instant(_utc(local) + micros, precision, EXPLICIT)
    name = zone or profile.zone
    base = in_zone(local, name, notes) if name else _utc(local)
    return Instant(base + micros, precision, EXPLICIT if zone else ASSUMED)


def _utc(local: datetime) -> int:
    return int((local.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))


def _precision(parts: dict[str, str]) -> str:
    return "s" if "second" in parts else "min" if "minute" in parts else "day"


def _month_and_day(parts: dict[str, str], profile: Profile) -> tuple[int, int]:
    if "month" in parts:
        written = parts["month"]
        month = int(written) if written.isdigit() else _MONTHS.get(written.lower(), 0)
        return month, int(parts["day"])
    first, second = int(parts["first"]), int(parts["second_part"])
    order = "dmy" if parts["sign"] == "." and profile.date_order is None else profile.date_order
    if order is None:
        if first <= _MONTHS_IN_YEAR and second <= _MONTHS_IN_YEAR and first != second:
            raise RefusedError(AMBIGUOUS)
        order = "mdy" if first <= _MONTHS_IN_YEAR else "dmy"
    return (second, first) if order == "dmy" else (first, second)


def _year(parts: dict[str, str], profile: Profile) -> int:
    written = parts.get("year") or parts.get("late_year")
    if written is None:
        return 0
    if len(written) > 2:  # noqa: PLR2004
        return int(written)
    return int(written) + (1900 if int(written) >= profile.pivot else 2000)


def _clock(parts: dict[str, str]) -> timedelta:
    hour, minute, second = (int(parts.get(name, 0)) for name in ("hour", "minute", "second"))
    half = parts.get("half")
    if half:
        if not 1 <= hour <= _NOON:
            raise RefusedError(NO_TIMESTAMP)
        hour = hour % _NOON + (_NOON if half in "pP" else 0)
    if hour > 23 or minute > 59 or second > _LEAP_SECOND:  # noqa: PLR2004
        raise RefusedError(NO_TIMESTAMP)
    return timedelta(hours=hour, minutes=minute, seconds=second)


def _newest_year(month: int, day: int, clock: timedelta, newest: date | None) -> datetime:
    """Give the day in the newest year in which it is not later than the newest line's."""
    if newest is None:
        raise RefusedError("no_year")
    end = datetime(newest.year, newest.month, newest.day) + timedelta(days=1)  # noqa: DTZ001
    # 29 February is in no year but a leap year, of which there is one in any eight years in a row.
    for year in range(newest.year, newest.year - 9, -1):
        try:
            found = datetime(year, month, day)  # noqa: DTZ001
        except ValueError:
            if (month, day) == (2, 29):
                continue
            raise
        if found + clock < end:
            return found
    raise RefusedError(NO_TIMESTAMP)


def against_arrival(micros: int, arrived: int | None, notes: Notes) -> int:
    """Hold an event's time against the time at which its line came in.

    A clock that is a little ahead is flagged, and the event counts from its arrival; one that is a day ahead is no
    clock to believe.

    Raises:
        RefusedError: It is more than a day later.
    """
    if arrived is None or micros <= arrived + SKEW_ALLOWED:
        return micros
    if micros > arrived + FUTURE_ALLOWED:
        raise RefusedError(FUTURE)
    notes.flag(SKEW)
    return arrived
