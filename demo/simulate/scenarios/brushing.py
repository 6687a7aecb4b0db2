"""Brushing: sellers order from themselves to look busy. Parcels weigh nothing, and five stars come within a day.

Naive sellers' orders come without a look at the product, from new accounts. Later a page or two is seen before, parcels
hold some ballast, reviews take their time, and the accounts are old.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from demo.simulate import vocabulary as v
from demo.simulate.base import fulfilment
from demo.simulate.base.browsing import clicked
from demo.simulate.base.orders import card_of, pay
from demo.simulate.calendar import DAY, MINUTE
from demo.simulate.scenarios.attack import ROTATED
from demo.simulate.sheets import take

if TYPE_CHECKING:
    from demo.simulate.scenarios.attack import Attack
    from demo.simulate.sheets import Pile, Sheet
    from demo.simulate.streams import Ints

SELLERS = 0.04
_REVIEWED = 0.6


def attack(one: Attack, pile: Pile) -> None:
    """Put the day's fake orders on the pile."""
    world, ring = one.world, one.ring(30, 400)
    crooked = max(int(world.scale.sellers * SELLERS), 1)
    seller = one.stream("seller").below(world.scale.sellers, ring % crooked)
    item = world.product_of_seller(seller, ring * 8 + one.stream("product").below(one.pick(1, 2, 4), one.unit))
    member, country = one.member(ring, 80), one.stream("country").below(8, ring)
    made = one.sheet(
        "orders", 0, one.when(ring, 120.0), ring, order=one.key, account=one.account(member), session=one.key,
        device=one.device(ring, member), ip=one.address(ring, member, country), seller=seller, item=item,
        gross=world.price[item], currency=country, address=one.entity(member) * 8,
    )  # fmt: skip
    _look(one, ring, made, pile)
    marks = {"truth": one.risk.code, "phase": one.phase, "ring": ring}
    paid = pay(world, made, pile, **{**card_of(world, made["account"], country), **marks})
    arrived = fulfilment.arrival(world, made)
    pile.add("orders", *fulfilment.states(world, made, paid, arrived))
    done, at = take(made, paid), arrived[paid]
    light = 10 + one.stream("light").below(39, done["order"])
    ballast = one.stream("ballast").lognormal(5.6, 0.8, done["order"]).astype(np.int64)
    weight = np.where(done["phase"] <= ROTATED, light, ballast)
    pile.add("shipments", *fulfilment.parcels(world, done, at, weight=weight, scans=4))
    _praise(one, done, at, pile)


def _look(one: Attack, ring: Ints, made: Sheet, pile: Pile) -> None:
    """Pages seen before the order: none at first, one or two later."""
    looks = np.flatnonzero(one.stream("look").chance(one.pick(0.0, 0.3, 0.9), one.unit))
    some = one.some(looks)
    ts = made["ts"][looks] - some.pause(0, 60.0) - MINUTE
    shared = {name: made[name][looks] for name in ("account", "ip", "item")}
    agent = some.agent(ring[looks])
    pile.add("requests", some.sheet("requests", 0, ts, ring[looks], agent=agent, page=v.ITEM, size=14_000, **shared))
    seen = clicked(
        some.world, some.key, 0, ts, session=some.key, device=made["device"][looks], agent=agent, dwell=20_000,
        truth=one.risk.code, phase=some.phase, ring=ring[looks], **shared,
    )  # fmt: skip
    pile.add("clicks", seen)


def _praise(one: Attack, done: Sheet, arrived: Ints, pile: Pile) -> None:
    some = one.stream("praise").chance(_REVIEWED, done["order"])
    found, at = take(done, some), arrived[some]
    hours = np.where(found["phase"] <= ROTATED, 12.0, 60.0) * one.stream("soon").uniform(found["order"])
    pile.add(
        "reviews",
        fulfilment.review(
            one.world, found, at + (hours / 24 * DAY).astype(np.int64), stars=5, truth=one.risk.code,
            phase=found["phase"], ring=found["ring"],
        ),
    )  # fmt: skip
