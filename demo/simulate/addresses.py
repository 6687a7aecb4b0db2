"""IP addresses, and what they tell: whose network they belong to, and in which country.

An address is ``<kind>.<country>.<host>.<host>``; autonomous systems have numbers from the range for private use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from demo.simulate.streams import mix, words

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from demo.simulate.streams import Ints

COUNTRIES = ("DE", "FR", "GB", "US", "ES", "IT", "NL", "PL")
OFFSETS = np.array([1, 1, 0, -5, 1, 1, 1, 1])
CURRENCIES = ("EUR", "EUR", "GBP", "USD", "EUR", "EUR", "EUR", "PLN")
RESIDENTIAL, MOBILE, OFFICE, VPN, HOSTING, HOTEL = 77, 85, 91, 89, 45, 93
_FIRST_SYSTEM = 64_512


@dataclass(frozen=True)
class Network:
    """Where an event comes from."""

    kind: ArrayLike
    country: ArrayLike


def address(kind: ArrayLike, country: ArrayLike, host: ArrayLike) -> Ints:
    """Give the address of a host; equal hosts have equal addresses.

    Example:
        >>> dotted(address(HOSTING, 0, 5))[0].startswith("45.10.")
        True
    """
    low = (mix(words(np.asarray(host, dtype=np.int64)) + np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(48)).astype(
        np.int64
    )
    return (np.asarray(kind, dtype=np.int64) << 24) | ((np.asarray(country, dtype=np.int64) + 10) << 16) | low


def dotted(addresses: Ints) -> list[str]:
    """Write addresses as people do."""
    return [f"{a >> 24}.{a >> 16 & 255}.{a >> 8 & 255}.{a & 255}" for a in np.asarray(addresses).tolist()]


def network(addresses: Ints) -> Network:
    """Say whose network an address belongs to, and in which country."""
    return Network(kind=addresses >> 24, country=((addresses >> 16) & 255) - 10)


def system(addresses: Ints) -> Ints:
    """Give the number of an address's autonomous system."""
    found = network(addresses)
    return _FIRST_SYSTEM + found.kind * 8 + found.country - 300
