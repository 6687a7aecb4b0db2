"""Strangers: machines that honest people run. Monitors, partners' crawlers, and apps gone wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from demo.simulate import addresses
from demo.simulate import vocabulary as v
from demo.simulate.calendar import DAY, SECOND
from demo.simulate.risks import BY_NAME
from demo.simulate.sheets import sheet

if TYPE_CHECKING:
    from demo.simulate.base.sessions import Sessions
    from demo.simulate.sheets import Pile
    from demo.simulate.world import World

CRAWLED, BROKEN, BROKEN_CALLS = 0.004, 0.0012, 12
_SCAN = BY_NAME["scanning"].code
_CRAWLERS = 6


def call(world: World, day: int, visits: Sessions, pile: Pile) -> None:
    """Put the day's requests of machines on the pile."""
    _crawl(world, day, int(visits.pages.sum() * CRAWLED), pile)
    _stumble(world, visits, pile)


def _crawl(world: World, day: int, number: int, pile: Pile) -> None:
    """Partners and search engines walk the catalogue; a tenth of what they know is gone."""
    key = np.arange(number, dtype=np.int64) + (day << 32)
    crawler = world.stream("crawl.who").below(_CRAWLERS, key)
    item = world.stream("crawl.item").below(world.scale.products, key)
    gone = world.stream("crawl.gone").chance(0.12, key)
    page = np.array([v.ITEM, v.CATALOGUE, v.FEED, v.HEALTH])[world.stream("crawl.page").choose([50, 25, 15, 10], key)]
    pile.add(
        "requests",
        sheet(
            world, "requests", key, 1 << 22,
            world.calendar.begins(day) + (world.stream("crawl.clock").uniform(key) * DAY).astype(np.int64),
            ip=addresses.address(addresses.HOSTING, crawler % 3, crawler), page=page, item=item,
            agent=v.FIRST_SCRIPT + world.stream("crawl.agent").choose([10, 10, 5, 5, 40, 30], crawler),
            status=np.where(gone, 404, 200), size=world.stream("crawl.size").lognormal(8.5, 0.5, key).astype(np.int64),
            odd=_SCAN,
        ),
    )  # fmt: skip


def _stumble(world: World, visits: Sessions, pile: Pile) -> None:
    """An old app asks again and again for what is no longer there."""
    some = np.flatnonzero(world.stream("app.broken").chance(BROKEN, visits.key))
    some = np.repeat(some, BROKEN_CALLS)
    number = np.arange(len(some), dtype=np.int64) % BROKEN_CALLS
    key = visits.key[some]
    pause = world.stream("app.pause").exponential(2.0, key, number) + number * 1.5
    pile.add(
        "requests",
        sheet(
            world, "requests", key, (1 << 21) + number, visits.start[some] + (pause * SECOND).astype(np.int64),
            account=visits.known[some], ip=visits.ip[some], agent=visits.agent[some], page=v.CATALOGUE,
            item=world.stream("app.item").below(world.scale.products, key, number), status=404, size=310, odd=_SCAN,
        ),
    )  # fmt: skip
