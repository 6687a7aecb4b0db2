"""The date of a file's newest line, as its name or its arrival tells it."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache

_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_.]?(\d\d)[-_.]?(\d\d)(?!\d)")


def newest_of(file: str, arrived: datetime | None) -> date | None:
    """Give the newest date in a file's name, else the day on which it arrived.

    Example:
        >>> newest_of("auth/auth.log-20240102.gz", None)
        datetime.date(2024, 1, 2)
    """
    return _named(file) or (None if arrived is None else arrived.date())


@lru_cache(maxsize=4096)
def _named(file: str) -> date | None:
    found = []
    for year, month, day in _DATE.findall(file):
        try:
            found.append(date(int(year), int(month), int(day)))
        except ValueError:
            continue
    return max(found, default=None)
