"""When things happen: hours and weekdays, campaigns, drops, growth, and the phases of attacks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from demo.simulate.scales import Scale
    from demo.simulate.streams import Floats, Ints, Stream

SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3_600 * SECOND, 86_400 * SECOND
# A Monday. Fourteen days hold one campaign; sixty hold four, and the turn of the year.
FIRST_DAY = date(2025, 11, 3)
CAMPAIGNS = {date(2025, 11, 11), date(2025, 11, 28), date(2025, 12, 1), date(2025, 12, 12), date(2026, 1, 15)}
CAMPAIGN_FACTOR, DROP_FACTOR, GROWTH = 4.0, 8.0, 0.003
WEEKDAYS = np.array([0.95, 0.92, 0.95, 0.98, 1.08, 1.12, 1.0])
# Two peaks, at lunch and in the evening.
HOURS = np.array([14, 8, 5, 4, 4, 6, 12, 22, 32, 38, 42, 48, 58, 54, 44, 42, 44, 50, 60, 74, 86, 84, 62, 34.0])
DROPS = 6
PHASES = (0.30, 0.55, 0.80)
ZERO_DAY, DRIFT = 0.70, 0.50


@dataclass(frozen=True)
class Calendar:
    """The period of a simulation.

    Attributes:
        days: Its length.

    Example:
        >>> Calendar(14).phase(np.array([Calendar(14).start])).tolist()
        [1]
    """

    days: int

    @classmethod
    def of(cls, scale: Scale) -> Calendar:
        """Give the calendar of a scale."""
        return cls(scale.days)

    @cached_property
    def start(self) -> int:
        """The first instant, in microseconds since the epoch."""
        return (FIRST_DAY - date(1970, 1, 1)).days * DAY

    @property
    def end(self) -> int:
        """The instant at which the period is over."""
        return self.start + self.days * DAY

    def instant(self, share: float) -> int:
        """Give the instant at which this share of the period is over."""
        return self.start + int(share * self.days * DAY)

    def begins(self, day: int) -> int:
        """Give the first instant of a day."""
        return self.start + day * DAY

    def date(self, day: int) -> date:
        """Give a day's date."""
        return FIRST_DAY + timedelta(days=day)

    def factor(self, day: int) -> float:
        """Say how busy a day is, beside an ordinary one."""
        when = self.date(day)
        campaign = CAMPAIGN_FACTOR if when in CAMPAIGNS else 1.0
        return float(WEEKDAYS[when.weekday()] * campaign * (1 + GROWTH) ** day)

    @cached_property
    def factors(self) -> Floats:
        """How busy each day is."""
        return np.array([self.factor(day) for day in range(self.days)])

    def phase(self, at: Ints) -> Ints:
        """Give the phase that attacks are in: 1 naive, 2 rotated, 3 humanised, 4 aged."""
        return 1 + np.searchsorted([self.instant(share) for share in PHASES], at, side="right").astype(np.int64)

    @cached_property
    def drops(self) -> Ints:
        """The instants at which something scarce goes on sale, each at 18:00."""
        shares = (np.arange(DROPS) + 0.5) / DROPS
        return self.start + (shares * self.days).astype(np.int64) * DAY + 18 * HOUR

    def time_of_day(self, stream: Stream, ids: Ints, offset_hours: Ints, draw: int = 0) -> Ints:
        """Draw instants within a day, in microseconds, from the hour curve of each one's own zone."""
        hour = stream.choose(HOURS, ids, 2 * draw)
        within = (stream.uniform(ids, 2 * draw + 1) * HOUR).astype(np.int64)
        return ((hour - offset_hours) % 24) * HOUR + within
