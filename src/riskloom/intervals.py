"""Durations, instants, windows and intervals: the only place that compares times.

Every instant is a whole number of microseconds since 1970-01-01T00:00:00Z, so
that no session, server or laptop time zone can ever matter. Everything is
half-open: the start is in, the end is out.

The arithmetic uses only ``+ - % <=`` and works alike on an ``int`` and on a NumPy
array of int64, so the kernel and the oracle share these very lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Self, TypeVar

from riskloom.errors import TimeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    import numpy.typing as npt

Times = TypeVar("Times", int, "npt.NDArray[np.int64]")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNITS = {"us": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
SECOND, MINUTE, HOUR, DAY = UNITS["s"], UNITS["m"], UNITS["h"], UNITS["d"]
EXACT = 1
HOPS = tuple(
    count * UNITS[unit]
    for count, unit in (
        *((1, "s"), (5, "s"), (10, "s"), (30, "s")),
        *((1, "m"), (5, "m"), (15, "m")),
        *((1, "h"), (3, "h"), (12, "h"), (1, "d")),
    )
)
_DURATION = re.compile(r"(\d+)(us|ms|s|m|h|d)")
_HOPS_PER_WINDOW = 60


def parse_duration(text: str) -> int:
    """Read a duration.

    Args:
        text: A whole number and a unit of us, ms, s, m, h or d.

    Returns:
        Microseconds, zero or more.

    Raises:
        TimeError: The text is no duration.

    Example:
        >>> parse_duration("5m")
        300000000
    """
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise TimeError.bad_duration(text)
    return int(match[1]) * UNITS[match[2]]


def format_duration(micros: int) -> str:
    """Write a duration in the largest unit that divides it.

    Example:
        >>> format_duration(parse_duration("24h"))
        '1d'
        >>> format_duration(0)
        '0s'
    """
    if micros == 0:
        return "0s"
    unit = next(name for name, size in sorted(UNITS.items(), key=lambda item: -item[1]) if micros % size == 0)
    return f"{micros // UNITS[unit]}{unit}"


def spell_duration(micros: int) -> str:
    """Write a duration for people, in days, hours, minutes and what is left of a minute.

    Example:
        >>> spell_duration(parse_duration("1505m"))
        '1d 1h 5m'
        >>> spell_duration(0)
        '0s'
    """
    parts, rest = [], micros
    for unit in ("d", "h", "m"):
        count, rest = divmod(rest, UNITS[unit])
        parts += [f"{count}{unit}"] if count else []
    return " ".join([*parts, *([format_duration(rest)] if rest or not parts else [])])


def to_micros(value: object, where: str = "time") -> int:
    """Turn an instant into microseconds since the epoch.

    Args:
        value: An aware ``datetime``, or ISO text with a zone. A date alone is its midnight in UTC.
        where: What the instant is, for the error.

    Raises:
        TimeError: The instant is naive, or is no instant.

    Example:
        >>> to_micros("1970-01-01T00:00:01Z")
        1000000
        >>> to_micros("1970-01-02")
        86400000000
    """
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TimeError.naive(value, where)
        return (value - EPOCH) // timedelta(microseconds=1)
    if isinstance(value, date):
        return to_micros(datetime(value.year, value.month, value.day, tzinfo=UTC), where)
    try:
        return to_micros(_parse_iso(str(value)), where) if isinstance(value, str) else _refuse(value, where)
    except ValueError as error:
        raise TimeError.bad_instant(value, where) from error


def _parse_iso(text: str) -> datetime | date:
    return date.fromisoformat(text) if len(text) == len("2010-12-01") else datetime.fromisoformat(text)


def _refuse(value: object, where: str) -> int:
    raise TimeError.bad_instant(value, where)


def to_datetime(micros: int) -> datetime:
    """Turn microseconds since the epoch into an aware UTC datetime.

    Example:
        >>> to_datetime(1_000_000).isoformat()
        '1970-01-01T00:00:01+00:00'
    """
    return EPOCH + timedelta(microseconds=micros)


def format_instant(micros: int) -> str:
    """Write an instant as ISO text in UTC, without a fraction where there is none.

    Example:
        >>> format_instant(86_400_000_000)
        '1970-01-02T00:00:00Z'
    """
    return to_datetime(micros).isoformat().replace("+00:00", "Z")


def floor(times: Times, hop: int) -> Times:
    """Round down to a multiple of the hop, also before the epoch.

    Example:
        >>> floor(-1, 10)
        -10
    """
    return times if hop == EXACT else times - times % hop


def available(available_ts: Times, at: Times) -> Times:
    """Say whether something known from ``available_ts`` on may be seen at ``at``.

    Example:
        >>> available(10, 10), available(11, 10)
        (True, False)
    """
    return available_ts <= at  # type: ignore[return-value]


def default_hop(length: int) -> int:
    """Give the largest hop of the list that is at most a sixtieth of the window.

    Example:
        >>> [format_duration(default_hop(parse_duration(w))) for w in ("5m", "1h", "1d", "30d")]
        ['5s', '1m', '15m', '12h']
    """
    return max((hop for hop in HOPS if hop * _HOPS_PER_WINDOW <= length), default=SECOND)


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A stretch of time that ends at, or ``delay`` before, the instant of the read.

    At ``t`` it covers ``[floor(t - delay - length, hop), e)``, where ``e`` is ``t`` without a
    delay and ``floor(t - delay, hop)`` with one. An event at ``t`` itself is out, and so is every tie.

    Attributes:
        length: Microseconds, more than zero.
        delay: Microseconds, zero or more.
        hop: Microseconds to which the edges are rounded down; 1 is exact.

    Example:
        >>> window = Window.of("1h")
        >>> window.start(to_micros("2010-12-01T08:26:30Z")) == to_micros("2010-12-01T07:26:00Z")
        True
        >>> window.covers(to_micros("2010-12-01T08:26:00Z"), at=to_micros("2010-12-01T08:26:00Z"))
        False
    """

    length: int
    delay: int = 0
    hop: int = 0

    def __post_init__(self) -> None:
        """Check the window and fill in the default hop."""
        if self.length <= 0:
            raise TimeError.bad_window(format_duration(self.length), "its length must be more than zero")
        if self.hop == 0:
            object.__setattr__(self, "hop", default_hop(self.length))
        if self.hop not in (EXACT, *HOPS):
            raise TimeError.bad_hop(format_duration(self.hop), [format_duration(hop) for hop in HOPS])
        if self.hop > self.length:
            raise TimeError.bad_window(str(self), f"its hop {format_duration(self.hop)} is longer than the window")

    @classmethod
    def of(cls, length: str, *, delay: str = "0s", hop: str | None = None) -> Self:
        """Build a window from durations as they are written in declarations."""
        return cls(parse_duration(length), parse_duration(delay), parse_duration(hop) if hop else 0)

    def __str__(self) -> str:
        """Write the length, as it stands in a feature's name."""
        return format_duration(self.length)

    @property
    def reach(self) -> int:
        """Microseconds before ``t`` from which an event may still count."""
        return self.length + self.delay + self.hop

    def start(self, at: Times) -> Times:
        """Give the first instant that is in."""
        return floor(at - self.delay - self.length, self.hop)

    def end(self, at: Times) -> Times:
        """Give the first instant that is out again."""
        return floor(at - self.delay, self.hop) if self.delay else at

    def covers(self, event_ts: int, at: int) -> bool:
        """Say whether an event of that time is in the window at ``at``."""
        return self.start(at) <= event_ts < self.end(at)


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """A stretch of data to work on: ``[start, end)`` in microseconds since the epoch.

    Example:
        >>> interval = Interval.parse("2010-12-01/2010-12-05")
        >>> str(interval), interval.days
        ('2010-12-01/2010-12-05', 4.0)
        >>> to_micros("2010-12-05") in interval
        False
    """

    start: int
    end: int

    def __post_init__(self) -> None:
        """Refuse an interval that is empty or reversed."""
        if self.end == self.start:
            raise TimeError.empty_interval(str(self))
        if self.end < self.start:
            raise TimeError.reversed_interval(str(self))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``START/END``; a date alone is its midnight in UTC."""
        start, slash, end = text.partition("/")
        if not slash or not start or not end:
            raise TimeError.bad_interval(text)
        return cls(to_micros(start, "interval"), to_micros(end, "interval"))

    def __str__(self) -> str:
        """Write ``START/END`` with dates alone where both are midnights."""
        whole_days = self.start % DAY == 0 and self.end % DAY == 0
        cut = len("2010-12-01") if whole_days else None
        return f"{format_instant(self.start)[:cut]}/{format_instant(self.end)[:cut]}"

    def __contains__(self, micros: int) -> bool:
        """Say whether the instant is in the interval."""
        return self.start <= micros < self.end

    @property
    def days(self) -> float:
        """Length in days."""
        return (self.end - self.start) / DAY

    def overlaps(self, other: Interval) -> bool:
        """Say whether the two share an instant."""
        return self.start < other.end and other.start < self.end

    def split(self, step: int) -> Iterator[Interval]:
        """Cut at each multiple of ``step`` microseconds, oldest first."""
        start = self.start
        while start < self.end:
            end = min(floor(start, step) + step, self.end)
            yield Interval(start, end)
            start = end


def watermark(done: Iterable[Interval]) -> int | None:
    """Give the end of the unbroken run of intervals that starts with the oldest one.

    Args:
        done: Intervals that ran and passed their gate, in any order, overlapping or not.

    Returns:
        Microseconds since the epoch, or None where nothing ran yet.

    Example:
        >>> watermark([Interval(0, 10), Interval(20, 30), Interval(5, 15)])
        15
    """
    end: int | None = None
    for interval in sorted(done):
        if end is None or interval.start <= end:
            end = max(interval.end, end or interval.end)
    return end


def covering(intervals: Iterable[Interval]) -> Interval:
    """Give the shortest interval that holds all of them; there is one at least.

    Example:
        >>> covering([Interval(20, 30), Interval(0, 10)]) == Interval(0, 30)
        True
    """
    known = list(intervals)
    return Interval(min(interval.start for interval in known), max(interval.end for interval in known))
