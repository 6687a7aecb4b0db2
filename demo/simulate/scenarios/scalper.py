"""Scalpers: bots that are first at a drop, within a fifth of a second and without a look.

They have what they get sent to few doors, in many spellings. Later they wait as long as people do, rent the
addresses of homes and load the page before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from demo.simulate import vocabulary as v
from demo.simulate.base import fulfilment
from demo.simulate.base.drops import PRICE, page_of
from demo.simulate.base.orders import card_of, pay
from demo.simulate.calendar import DAY, SECOND
from demo.simulate.scenarios.attack import NAIVE, ROTATED
from demo.simulate.sheets import take

if TYPE_CHECKING:
    from demo.simulate.scenarios.attack import Attack
    from demo.simulate.sheets import Pile
    from demo.simulate.streams import Ints

REQUESTS = 5
_BOUGHT = 0.06


def attack(one: Attack, pile: Pile) -> None:
    """Put the day's bots on the pile; they ask for what is on sale, five times each."""
    world = one.world
    begin = world.calendar.begins(one.day)
    today = np.flatnonzero((world.calendar.drops >= begin) & (world.calendar.drops < begin + DAY))
    bot, number = one.unit // REQUESTS, one.unit % REQUESTS
    drop = today[bot % len(today)]
    ring = bot // 50
    reaction = 0.02 + 0.18 * one.stream("reaction").uniform(bot)
    solved = one.stream("solved").lognormal(-0.3, 0.8, bot)
    quick = one.stream("quick").chance(one.pick(0.9, 0.75, 0.15, 0.1), bot)
    pause = np.where(one.phase <= ROTATED, 0.25 * number, number * (1.5 + 3 * one.stream("pause").uniform(bot)))
    ts = world.calendar.drops[drop] + ((np.where(quick, reaction, solved) + pause) * SECOND).astype(np.int64)
    blind = one.stream("blind").chance(one.pick(0.8, 0.5, 0.1), bot)
    refused = (number > 1) & one.stream("refused").chance(one.pick(0.5, 0.45, 0.3), one.unit)
    country = one.stream("country").below(8, bot)
    member = bot % 100_000
    ip = np.where(one.phase == NAIVE, one.address(ring, member, country), one.some_address(0, bot, country))
    account = one.entity(bot * 4 + one.phase)
    pile.add(
        "requests",
        one.sheet(
            "requests", 0, ts, ring, account=account, ip=ip, agent=one.agent(ring), item=drop,
            page=np.where(blind, np.maximum(page_of(number), v.CART), page_of(number)),
            method=(number > 0) | blind, status=np.where(refused, 429, 200),
            size=one.stream("size").lognormal(8.0, 0.3, one.unit).astype(np.int64),
        ),
    )  # fmt: skip
    _orders(one.some(_last(one, number)), pile)


def _last(one: Attack, number: Ints) -> Ints:
    return np.flatnonzero((number == REQUESTS - 1) & one.stream("bought").chance(_BOUGHT, one.unit))


def _orders(one: Attack, pile: Pile) -> None:
    """Those who got something, delivered to a few doors in many spellings."""
    world = one.world
    begin = world.calendar.begins(one.day)
    drop = np.flatnonzero((world.calendar.drops >= begin) & (world.calendar.drops < begin + DAY))
    bot = one.unit // REQUESTS
    ring, sold, country = bot // 50, drop[bot % len(drop)], one.stream("country").below(8, bot)
    account = one.entity(bot * 4 + one.phase)
    made = one.sheet(
        "orders", 0, world.calendar.drops[sold] + one.pick(2, 4, 40) * SECOND + bot % SECOND, ring,
        order=one.key, account=account, session=one.key, device=one.device(ring, bot), item=sold,
        ip=one.some_address(0, bot, country), seller=world.seller_of[sold], gross=PRICE, currency=country, drop=sold,
        address=one.entity(ring * 8 + one.stream("door").below(3, bot)) * 8 + one.stream("spelling").below(8, bot),
    )  # fmt: skip
    marks = {"truth": one.risk.code, "phase": one.phase, "ring": ring}
    paid = pay(world, made, pile, **{**card_of(world, account, country), **marks})
    arrived = fulfilment.arrival(world, made)
    pile.add("orders", *fulfilment.states(world, made, paid, arrived))
    pile.add("shipments", *fulfilment.parcels(world, take(made, paid), arrived[paid]))
