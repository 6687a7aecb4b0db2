"""Collusion: buyers and a seller who know each other order in circles of at most four, and split the refunds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from demo.simulate import vocabulary as v
from demo.simulate.base import fulfilment
from demo.simulate.base.orders import card_of, pay
from demo.simulate.calendar import DAY
from demo.simulate.scenarios.attack import NAIVE
from demo.simulate.sheets import take

if TYPE_CHECKING:
    from demo.simulate.scenarios.attack import Attack
    from demo.simulate.sheets import Pile

_CIRCLE, _SPLIT = 4, 0.4


def attack(one: Attack, pile: Pile) -> None:
    """Put the day's orders of colluding rings on the pile."""
    world, ring = one.world, one.ring(6, 30)
    member = one.member(ring, _CIRCLE)
    turn = ring * 1_000 + (member + 1) % _CIRCLE
    seller = one.stream("seller").below(world.scale.sellers, ring)
    usual = world.product_of_seller(seller, one.unit)
    country = one.stream("country").below(8, ring)
    # Round sums at first, later what the goods cost.
    round_ = 5_000 * (1 + one.stream("sum").below(4, one.unit))
    gross = np.where(one.phase == NAIVE, round_, (world.price[usual] * one.pick(1.0, 2.0, 1.2)).astype(np.int64))
    made = one.sheet(
        "orders", 0, one.when(ring, 240.0), ring, order=one.key, account=one.account(member), session=one.key,
        device=one.device(ring, member, 2), ip=one.address(ring, member, country), seller=seller, item=usual,
        gross=gross, currency=country, quantity=one.pick(3, 2, 1),
        # To the next one's address: a gift.
        address=one.entity(turn) * 8,
    )  # fmt: skip
    marks = {"truth": one.risk.code, "phase": one.phase, "ring": ring}
    paid = pay(world, made, pile, **{**card_of(world, made["account"], country), **marks})
    arrived = fulfilment.arrival(world, made)
    pile.add("orders", *fulfilment.states(world, made, paid, arrived))
    done, at = take(made, paid), arrived[paid]
    pile.add("shipments", *fulfilment.parcels(world, done, at))
    split = one.stream("split").chance(_SPLIT, done["order"])
    done, at = take(done, split), at[split] + DAY // 3
    pile.add(
        "refunds",
        fulfilment.refund(
            world, done, at, amount=done["gross"] // 2, reason=v.DAMAGED, truth=one.risk.code, phase=done["phase"],
            ring=done["ring"],
        ),
    )  # fmt: skip
