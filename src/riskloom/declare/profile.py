"""Profile: what a source's lines leave unsaid about numbers, dates and zones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from riskloom.errors import DeclarationError

DATE_ORDERS = ("dmy", "mdy", "ymd")
_PIVOTS = 100


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How to read what is written differently from place to place.

    Attributes:
        zone: IANA name of the zone of times that carry none; None reads them as UTC. Either way the event says
            that its zone was assumed.
        decimal: The sign before a number's fraction; the other one of ``.`` and ``,`` groups thousands.
        date_order: Order of day, month and year in dates such as 11/7/2017. Without it a date that has two
            readings is quarantined as ``ambiguous_date``.
        pivot: Years of two digits from here on are of 1900, those below of 2000.
        currency: ISO code of amounts that name none.

    Example:
        >>> Profile(zone="Europe/Paris", decimal=",", date_order="dmy").pivot
        69
    """

    zone: str | None = None
    decimal: Literal[".", ","] = "."
    date_order: Literal["dmy", "mdy", "ymd"] | None = None
    pivot: int = 69
    currency: str | None = None

    def __post_init__(self) -> None:
        """Check each part."""
        if self.decimal not in (".", ","):
            raise DeclarationError.invalid("profile", f"decimal={self.decimal!r} is neither '.' nor ','.")
        if self.date_order is not None and self.date_order not in DATE_ORDERS:
            raise DeclarationError.invalid("profile", f"date_order={self.date_order!r} is not dmy, mdy or ymd.")
        if not 0 <= self.pivot < _PIVOTS:
            raise DeclarationError.invalid("profile", f"pivot={self.pivot} is not between 0 and 99.")
        if self.zone is not None:
            try:
                ZoneInfo(self.zone)
            except (ZoneInfoNotFoundError, ValueError, OSError) as error:
                raise DeclarationError.invalid("profile", f"zone={self.zone!r} is no IANA time zone.") from error
