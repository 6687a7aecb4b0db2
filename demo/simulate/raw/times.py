"""Times as logs write them, for many events at once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from demo.simulate.calendar import DAY, SECOND

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.simulate.streams import Ints

_CLOCKS = tuple(f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}" for second in range(86_400))
_EPOCH = date(1970, 1, 1)

STYLES: dict[str, Callable[[date], str]] = {
    "iso": lambda day: f"{day.isoformat()}T",
    "plain": lambda day: f"{day.isoformat()} ",
    "apache": lambda day: f"{day:%d/%b/%Y}:",
    "syslog": lambda day: f"{day:%b} {day.day:2d} ",
    "german": lambda day: f"{day:%d.%m.%Y} ",
}


def stamps(ts: Ints, style: str) -> list[str]:
    """Write times to the second, in UTC.

    Example:
        >>> stamps(np.array([1_762_164_303_000_000]), "apache")
        ['03/Nov/2025:10:05:03']
    """
    days = ts // DAY
    heads = {day: STYLES[style](_EPOCH + timedelta(days=day)) for day in np.unique(days).tolist()}
    seconds = (ts // SECOND % 86_400).tolist()
    return [heads[day] + _CLOCKS[second] for day, second in zip(days.tolist(), seconds, strict=True)]


def millis(ts: Ints) -> list[str]:
    """Write the thousandths of seconds, three digits each."""
    return [f"{milli:03d}" for milli in (ts // 1_000 % 1_000).tolist()]
