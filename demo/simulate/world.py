"""Who there is: accounts with their households, devices and habits; sellers; products.

All of it follows from the seed: arrays with a place for each account, seller or product.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from demo.simulate import addresses
from demo.simulate.calendar import DAY, Calendar
from demo.simulate.streams import Stream, Streams, cumulative_zipf

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from demo.simulate.scales import Scale
    from demo.simulate.streams import Floats, Ints

HOUSEHOLD, DORMITORY, OFFICE = 2.1, 40, 60
CARRIER = 300
STUDENTS, VPN_USERS, OFFICE_WORKERS, BARGAINERS = 0.05, 0.02, 0.30, 0.20
SIGNED_UP_BEFORE = 0.80
ACTIVITY_SHAPE = 0.6
CATEGORIES = ("books", "toys", "fashion", "beauty", "home", "sports", "phones", "shoes")
_PRICE_MEANS = np.array([2.4, 2.8, 3.3, 2.9, 3.4, 3.5, 5.6, 4.2])
_LIGHT = np.array([0.15, 0.05, 0.05, 0.25, 0.03, 0.02, 0.10, 0.0])
# Numbers of dwellings by kind, apart from each other.
_DORMITORIES, _OFFICES = 1 << 32, 1 << 33
LEASE = 7


@dataclass(frozen=True)
class World:
    """The people and things of a platform.

    Attributes:
        scale: Its size.
        streams: Its random numbers.
        calendar: Its period.
    """

    scale: Scale
    streams: Streams
    calendar: Calendar

    @classmethod
    def of(cls, scale: Scale, seed: int) -> World:
        """Give the world of a scale and a seed."""
        return cls(scale, Streams(seed), Calendar.of(scale))

    def stream(self, name: str) -> Stream:
        """Give the random numbers of a purpose."""
        return self.streams(name)

    @cached_property
    def accounts(self) -> Ints:
        """The numbers of all honest accounts."""
        return np.arange(self.scale.accounts, dtype=np.int64)

    @cached_property
    def created(self) -> Ints:
        """When each account signed up: four in five before the period, the others in its course, more and more."""
        uniform = self.stream("account.created").uniform(self.accounts)
        age = (self.stream("account.age").uniform(self.accounts) ** 1.5 * 720 * DAY).astype(np.int64)
        before = uniform < SIGNED_UP_BEFORE
        share = (uniform - SIGNED_UP_BEFORE) / (1 - SIGNED_UP_BEFORE)
        grown = np.clip(share, 0, 1) ** (1 / (1 + 0.003 * self.calendar.days / 2))
        day = np.floor(grown * self.calendar.days).astype(np.int64)
        clock = self.calendar.time_of_day(self.stream("account.clock"), self.accounts, self.offset(self.accounts))
        return np.where(before, self.calendar.start - 1 - age, self.calendar.start + day * DAY + clock)

    @cached_property
    def country(self) -> Ints:
        """Each account's country."""
        return self.stream("account.country").choose([30, 12, 12, 14, 10, 9, 7, 6], self._home_of)

    @cached_property
    def _home_of(self) -> Ints:
        households = max(int(self.scale.accounts / HOUSEHOLD), 1)
        home = self.stream("account.home").below(households, self.accounts)
        block = self.accounts // (DORMITORY * int(1 / STUDENTS))
        return np.where(self.student, _DORMITORIES + block, home)

    @cached_property
    def student(self) -> NDArray[np.bool_]:
        """Who lives in a dormitory, forty to an address."""
        return self.stream("account.student").chance(STUDENTS, self.accounts)

    @cached_property
    def vpn(self) -> NDArray[np.bool_]:
        """Who mostly uses a VPN."""
        return self.stream("account.vpn").chance(VPN_USERS, self.accounts)

    @cached_property
    def bargainer(self) -> NDArray[np.bool_]:
        """Who looks for discounts, as many honest people do."""
        return self.stream("account.bargainer").chance(BARGAINERS, self.accounts)

    @cached_property
    def works_in_office(self) -> NDArray[np.bool_]:
        """Who is in an office in working hours."""
        return self.stream("account.office").chance(OFFICE_WORKERS, self.accounts)

    @cached_property
    def activity(self) -> Floats:
        """How active each account is, one on average."""
        gamma = self.stream("account.activity").gamma(ACTIVITY_SHAPE, self.accounts)
        return gamma / gamma.mean()

    @cached_property
    def device_count(self) -> Ints:
        """How many devices each account uses, one to three."""
        return 1 + self.stream("account.devices").choose([0.85, 0.12, 0.03], self.accounts)

    def dwelling(self, accounts: Ints) -> Ints:
        """Give the number of the household, or the dormitory, where each account lives."""
        return self._home_of[accounts]

    def offset(self, accounts: Ints) -> Ints:
        """Give each account's hours from UTC; the world has no summer time."""
        return addresses.OFFSETS[self.country[accounts]]

    def home_address(self, accounts: Ints, day: int) -> Ints:
        """Give the address of each account's household, which its provider changes now and then."""
        home = self.dwelling(accounts)
        lease = (day + self.stream("home.lease").below(LEASE, home)) // LEASE
        lease = np.where(self.stream("home.fixed").chance(0.5, home), 0, lease)
        return addresses.address(addresses.RESIDENTIAL, self.country[accounts], home * 64 + lease)

    def carrier_address(self, accounts: Ints, day: int) -> Ints:
        """Give the address behind which a carrier puts three hundred accounts."""
        pools = self.scale.accounts // CARRIER + 1
        pool = self.stream("carrier.pool").below(pools, accounts, day)
        return addresses.address(addresses.MOBILE, self.country[accounts], pool)

    def office_address(self, accounts: Ints) -> Ints:
        """Give the address of each account's office."""
        offices = max(int(self.scale.accounts * OFFICE_WORKERS / OFFICE), 1)
        office = self.stream("office.number").below(offices, accounts)
        return addresses.address(addresses.OFFICE, self.country[accounts], _OFFICES + office)

    def vpn_address(self, accounts: Ints, day: int) -> Ints:
        """Give an exit of a VPN, in whichever country it stands."""
        country = self.stream("vpn.country").below(len(addresses.COUNTRIES), accounts, day)
        return addresses.address(addresses.VPN, country, self.stream("vpn.exit").below(12, accounts, day))

    @cached_property
    def sellers(self) -> Ints:
        """The numbers of all sellers."""
        return np.arange(self.scale.sellers, dtype=np.int64)

    @cached_property
    def category(self) -> Ints:
        """Each product's category."""
        return self.stream("product.category").below(len(CATEGORIES), self.products)

    @cached_property
    def products(self) -> Ints:
        """The numbers of all products, the most wanted first."""
        return np.arange(self.scale.products, dtype=np.int64)

    @cached_property
    def seller_of(self) -> Ints:
        """Each product's seller."""
        large = cumulative_zipf(self.scale.sellers, 0.6)
        found = np.searchsorted(large, self.stream("product.seller").uniform(self.products))
        return np.minimum(found, self.scale.sellers - 1).astype(np.int64)

    @cached_property
    def price(self) -> Ints:
        """Each product's price in cents."""
        log = _PRICE_MEANS[self.category] + 0.5 * self.stream("product.price").normal(self.products)
        return np.round(np.exp(log) * 100).astype(np.int64)

    @cached_property
    def weight(self) -> Ints:
        """Each product's weight in grams; some things sold weigh next to nothing."""
        usual = self.stream("product.weight").lognormal(6.2, 0.8, self.products)
        light = self.stream("product.light").chance(_LIGHT[self.category], self.products)
        return np.round(np.where(light, 15 + 30 * self.stream("product.grams").uniform(self.products), usual)).astype(
            np.int64
        )

    @cached_property
    def _popularity(self) -> Floats:
        return cumulative_zipf(self.scale.products, 1.05)

    def wanted(self, stream: Stream, ids: ArrayLike, draw: ArrayLike = 0) -> Ints:
        """Draw products, the most wanted most often."""
        found = np.searchsorted(self._popularity, stream.uniform(ids, draw))
        return np.minimum(found, self.scale.products - 1).astype(np.int64)

    def product_of_seller(self, sellers: Ints, ids: ArrayLike) -> Ints:
        """Draw one of each seller's products; a seller without any lends another's."""
        order, owners = self._by_seller
        starts, ends = np.searchsorted(owners, sellers), np.searchsorted(owners, sellers, side="right")
        place = starts + self.stream("seller.product").below(np.maximum(ends - starts, 1), ids)
        return order[np.minimum(place, len(order) - 1)]

    @cached_property
    def _by_seller(self) -> tuple[Ints, Ints]:
        order = np.argsort(self.seller_of, kind="stable").astype(np.int64)
        return order, self.seller_of[order]

    @cached_property
    def expected_sessions(self) -> Floats:
        """How many sessions each day is expected to have, for one that an account of average activity begins."""
        days = np.arange(self.calendar.days)[:, None]
        begins = self.calendar.begins(0) + days * DAY
        alive = np.array([self.activity[self.created < at + DAY].sum() for at in begins[:, 0]])
        return alive * self.calendar.factors
