"""Coupon rings: many accounts of few addresses use what is meant for a first order, and send a fifth of it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from demo.simulate import vocabulary as v
from demo.simulate.base import fulfilment
from demo.simulate.base.orders import card_of, coupons_of, pay
from demo.simulate.calendar import DAY
from demo.simulate.scenarios.attack import ROTATED
from demo.simulate.sheets import take

if TYPE_CHECKING:
    from demo.simulate.scenarios.attack import Attack
    from demo.simulate.sheets import Pile

_SENT_BACK = 0.2
_FACE = 1_000


def attack(one: Attack, pile: Pile) -> None:
    """Put the day's redemptions of rings on the pile, with the orders that they are for."""
    world, ring = one.world, one.ring(10, 60)
    member = one.member(ring, 60)
    item = world.wanted(one.stream("item"), one.unit)
    # Just above the least that must be spent, at first.
    close = 1 + one.pick(0.02, 0.06, 0.6, 0.6) * one.stream("close").uniform(one.unit)
    spelling = one.stream("spelling").below(8, one.unit)
    country = one.stream("country").below(8, ring)
    made = one.sheet(
        "orders", 0, one.when(ring, 180.0), ring, order=one.key, account=one.account(member), session=one.key,
        device=one.device(ring, member), ip=one.address(ring, member, country), seller=world.seller_of[item], item=item,
        gross=(2_500 * close).astype(np.int64), discount=_FACE, currency=country,
        address=one.entity(ring * 4 + one.stream("house").below(one.pick(1, 2, 3), one.unit)) * 8 + spelling,
    )  # fmt: skip
    marks = {"truth": one.risk.code, "phase": one.phase, "ring": ring}
    own = card_of(world, made["account"], country)
    shared = one.entity(ring * 8 + one.stream("card").below(3, one.unit))
    paid = pay(world, made, pile, **{**own, "card": np.where(one.phase <= ROTATED, shared, own["card"]), **marks})
    validated, redeemed = coupons_of(world, made, campaign=v.WELCOME, threshold=2_500, **marks, unit=1)
    pile.add("coupons", validated, redeemed)
    arrived = fulfilment.arrival(world, made)
    pile.add("orders", *fulfilment.states(world, made, paid, arrived))
    done, at = take(made, paid), arrived[paid]
    pile.add("shipments", *fulfilment.parcels(world, done, at))
    back = one.stream("back").chance(_SENT_BACK, done["order"])
    late = at[back] + (DAY * (0.2 + one.stream("late").uniform(done["order"][back]))).astype(np.int64)
    done = take(done, back)
    pile.add(
        "refunds",
        fulfilment.refund(world, done, late, truth=one.risk.code, phase=done["phase"], ring=done["ring"]),
    )
