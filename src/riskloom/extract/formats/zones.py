"""Local times to instants, also where a clock was set forward or back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from riskloom.extract.formats.reading import RefusedError
from riskloom.intervals import MINUTE

if TYPE_CHECKING:
    from riskloom.extract.formats.reading import Notes

DST_GAP, DST_AMBIGUOUS = "dst_gap", "dst_ambiguous"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)
_LARGEST_OFFSET = 18 * 60


def offset_micros(text: str) -> int:
    """Read an offset such as ``+02:00``, ``-0330`` or ``+02``.

    Raises:
        RefusedError: No place on earth has it.

    Example:
        >>> offset_micros("-0330") / 3_600_000_000
        -3.5
    """
    digits = text[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:] or 0)
    if minutes > _LARGEST_OFFSET or int(digits[2:] or 0) >= 60:  # noqa: PLR2004
        raise RefusedError("no_timestamp")
    return (-minutes if text[0] == "-" else minutes) * MINUTE


def in_zone(local: datetime, name: str, notes: Notes) -> int:
    """Give the instant of a local time.

    A time that a clock skipped is shifted forward by what was skipped; of two instants with one local time, the
    first is taken.

    Raises:
        RefusedError: There is no such zone.

    Example:
        >>> from riskloom.extract.formats.reading import Notes
        >>> notes = Notes()
        >>> gap = in_zone(datetime(2024, 3, 10, 2, 30), "America/New_York", notes)
        >>> datetime.fromtimestamp(gap / 1e6, UTC).isoformat(), notes.repairs
        ('2024-03-10T07:30:00+00:00', ['dst_gap'])
    """
    zone = _zone(name)
    first, second = local.replace(tzinfo=zone), local.replace(tzinfo=zone, fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    assert before is not None and after is not None  # noqa: PT018, S101 - the zone is set
    if before != after:
        if before < after:
            notes.repaired(DST_GAP)
        else:
            notes.flag(DST_AMBIGUOUS)
    # In a gap, fold 0 counts with the offset from before it: the time moves forward by the gap.
    return (first.astimezone(UTC) - _EPOCH) // _MICRO


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise RefusedError("unknown_zone") from None
