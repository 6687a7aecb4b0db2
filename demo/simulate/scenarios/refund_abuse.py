"""Refund abuse: a parcel that came is claimed not to have come, or to have been empty, again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from demo.simulate import vocabulary as v
from demo.simulate.base import fulfilment
from demo.simulate.base.orders import card_of, pay
from demo.simulate.calendar import DAY, HOUR
from demo.simulate.scenarios.attack import NAIVE

if TYPE_CHECKING:
    from demo.simulate.scenarios.attack import Attack
    from demo.simulate.sheets import Pile

_REASONS = (v.NOT_RECEIVED, v.EMPTY_BOX)


def attack(one: Attack, pile: Pile) -> None:
    """Put on the pile the day's orders that will be claimed, and their claims."""
    world, ring = one.world, one.ring(4, 20)
    member = one.member(ring, 5)
    item = world.wanted(one.stream("item"), one.unit)
    country = one.stream("country").below(8, ring)
    dear = (world.price[item] * one.pick(4.0, 3.0, 1.3, 1.1)).astype(np.int64)
    made = one.sheet(
        "orders", 0, one.when(ring, 600.0), ring, order=one.key, account=one.account(member), session=one.key,
        device=one.device(ring, member), ip=one.address(ring, member, country), seller=world.seller_of[item], item=item,
        gross=dear, currency=country, address=one.entity(ring * 4 + member % 2) * 8,
    )  # fmt: skip
    marks = {"truth": one.risk.code, "phase": one.phase, "ring": ring}
    pay(world, made, pile, **{**card_of(world, made["account"], country), "result": 0, "decline": 0, **marks})
    everyone = np.ones(len(one.unit), dtype=bool)
    # Within the lead that the plan leaves, so that each claim falls into the period.
    arrived = made["ts"] // DAY * DAY + (2 + one.unit % 2) * DAY + 12 * HOUR
    pile.add("orders", *fulfilment.states(world, made, everyone, arrived))
    pile.add("shipments", *fulfilment.parcels(world, made, arrived))
    lie = np.array(_REASONS)[one.stream("lie").below(2, one.unit)]
    usual = one.stream("reason").choose([12, 14, 34, 34, 6], one.unit)
    wait = one.stream("wait").exponential(one.pick(0.02, 0.1, 1.2), one.unit)
    pile.add(
        "refunds",
        fulfilment.refund(
            world, made, arrived + (np.minimum(wait, 1.3) * DAY).astype(np.int64) + HOUR // 4,
            reason=np.where(one.stream("lies").chance(one.pick(0.95, 0.8, 0.35, 0.25), one.unit), lie, usual),
            channel=np.where(one.phase == NAIVE, 0, one.stream("channel").choose([50, 40, 10], one.unit)), unit=1,
            **marks,
        ),
    )  # fmt: skip
