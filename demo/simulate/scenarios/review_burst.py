"""Review bursts: a ring praises a product, or tears one down, within an hour.

Later the ring buys first, spreads its reviews over days, writes in its own words, and does not always give five stars.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from demo.simulate import vocabulary as v
from demo.simulate.base.people import PEOPLES_TEXTS
from demo.simulate.calendar import DAY
from demo.simulate.scenarios.attack import HUMANISED, ROTATED

if TYPE_CHECKING:
    from demo.simulate.scenarios.attack import Attack
    from demo.simulate.sheets import Pile

_TORN_DOWN = 0.25


def attack(one: Attack, pile: Pile) -> None:
    """Put the day's bought reviews on the pile."""
    world, ring = one.world, one.ring(8, 60)
    member = one.member(ring, 40)
    item = world.wanted(one.stream("item"), ring)
    down = one.stream("down").chance(_TORN_DOWN, ring)
    bought = one.stream("bought").chance(one.pick(0.05, 0.4, 0.9), one.unit)
    mild = one.stream("mild").chance(one.pick(0.0, 0.1, 0.35), one.unit)
    country = one.stream("country").below(8, ring)
    shared = {
        "account": one.account(member),
        "device": one.device(ring, member),
        "ip": one.address(ring, member, country),
    }
    ts = one.when(ring, 30.0)
    # As long as three days, if there are so many left.
    left = np.minimum(3 * DAY, world.calendar.end - ts) * one.stream("wait").uniform(one.unit)
    wait = np.where(one.phase >= HUMANISED, left, 0.0)
    own_words = one.stream("words").below(PEOPLES_TEXTS, one.unit)
    pile.add(
        "reviews",
        one.sheet(
            "reviews", 0, ts + wait.astype(np.int64), ring, review=one.key, order=np.where(bought, one.key, -1),
            item=item, seller=world.seller_of[item], stars=np.where(down, 1 + mild, 5 - mild),
            text=np.where(one.phase <= ROTATED, PEOPLES_TEXTS + ring % 16, own_words), **shared,
        ),
    )  # fmt: skip
    pages = np.flatnonzero(bought)
    some = one.some(pages)
    pile.add(
        "requests",
        some.sheet(
            "requests", 0, ts[pages] - DAY // 24, ring[pages], account=shared["account"][pages], ip=shared["ip"][pages],
            agent=some.agent(ring[pages]), page=v.ITEM, item=item[pages], size=15_000,
        ),
    )  # fmt: skip
