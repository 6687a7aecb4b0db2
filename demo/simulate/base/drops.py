"""Drops: something scarce goes on sale, and honest people hurry too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from demo.simulate import vocabulary as v
from demo.simulate.base.sessions import agent_of, rate
from demo.simulate.calendar import DAY, DROP_FACTOR, HOURS, SECOND
from demo.simulate.risks import BY_NAME
from demo.simulate.sheets import sheet
from demo.simulate.streams import ragged

if TYPE_CHECKING:
    from demo.simulate.sheets import Pile
    from demo.simulate.streams import Ints
    from demo.simulate.world import World

REQUESTS = 5.0
KEEN, LUCKY = 0.8, 0.08
PRICE = 18_900
_SCALPER = BY_NAME["scalper"].code
_HOUR_SHARE = float(HOURS[18] / HOURS.sum())


def expected_requests(world: World, day: int) -> float:
    """Say how many honest requests a day's drop brings: that hour is eight times as busy as it would be."""
    number = np.count_nonzero((world.calendar.drops - world.calendar.begins(day)) // DAY == 0)
    return float(number * world.expected_sessions[day] * rate(world) * _HOUR_SHARE * (DROP_FACTOR - 1) * REQUESTS)


def rush(world: World, day: int, pile: Pile) -> None:
    """Put the honest requests of a day's drops on the pile, and the orders of those who were quick enough."""
    for drop, instant in enumerate(world.calendar.drops.tolist()):
        if world.calendar.begins(day) <= instant < world.calendar.begins(day) + DAY:
            _one(world, day, drop, instant, pile)


def _one(world: World, day: int, drop: int, instant: int, pile: Pile) -> None:
    here = world.accounts[world.created < instant]
    fans = expected_requests(world, day) / REQUESTS
    who = np.repeat(here, world.stream("drop.who").poisson(fans / len(here), here, drop))
    who = np.unique(who)
    key = (who << 24) | (drop << 12) | (1 << 11)
    owner, number = ragged(world.stream("drop.count").geometric(REQUESTS, key))
    # The keen reload by hand or with a bookmark, and are there within a second or two of the start.
    keen = world.stream("drop.keen").chance(KEEN, key)
    first = np.where(
        keen,
        world.stream("drop.keen_wait").lognormal(-0.3, 0.8, key),
        world.stream("drop.wait").exponential(400.0, key),
    )
    early = world.stream("drop.early").chance(0.15, key)
    first = np.where(early, -first * 4, first)
    pause = number * (1.5 + 3 * world.stream("drop.pause").uniform(key[owner]))
    ts = instant + ((first[owner] + pause) * SECOND).astype(np.int64)
    device = who * 4
    ip = np.where(
        world.stream("drop.home").chance(0.6, key), world.home_address(who, day), world.carrier_address(who, day)
    )
    sold_out = (number > 1) & world.stream("drop.sold").chance(0.3, key[owner], number)
    pile.add(
        "requests",
        sheet(
            world, "requests", key[owner], (1 << 23) + number, ts,
            account=who[owner], ip=ip[owner], agent=agent_of(world, device)[owner], page=page_of(number), item=drop,
            method=np.where(number > 0, 1, 0), status=np.where(sold_out, 429, 200),
            size=world.stream("drop.size").lognormal(8.0, 0.3, key[owner], number).astype(np.int64),
            odd=np.where(keen[owner], _SCALPER, 0),
        ),
    )  # fmt: skip
    _orders(world, drop, key, who, device, ip, instant + ((np.maximum(first, 0) + 45) * SECOND).astype(np.int64), pile)


def page_of(number: Ints) -> Ints:
    """Give the page of each request in a rush: the drop, then the cart, then the checkout again and again."""
    return np.array([v.DROP, v.CART, v.CHECKOUT])[np.minimum(number, 2)]


def _orders(world: World, drop: int, key: Ints, who: Ints, device: Ints, ip: Ints, ts: Ints, pile: Pile) -> None:
    from demo.simulate.base import fulfilment
    from demo.simulate.base.orders import pay

    lucky = np.flatnonzero(world.stream("drop.lucky").chance(LUCKY, key))
    made = sheet(
        world, "orders", key[lucky], 0, ts[lucky],
        order=key[lucky], account=who[lucky], session=key[lucky], device=device[lucky], ip=ip[lucky],
        seller=world.seller_of[drop], item=drop, gross=PRICE, currency=world.country[who[lucky]],
        address=8 * world.dwelling(who[lucky]), drop=drop,
    )  # fmt: skip
    fulfilment.follow(world, made, pay(world, made, pile), pile)
