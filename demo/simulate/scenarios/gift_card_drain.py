"""Gift cards drained: their numbers are guessed one after the other until one has money on it.

It is new after seven tenths of the period: what learned from the time before has never seen it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from demo.simulate import vocabulary as v

if TYPE_CHECKING:
    from demo.simulate.scenarios.attack import Attack
    from demo.simulate.sheets import Pile


def attack(one: Attack, pile: Pile) -> None:
    """Put the day's guesses on the pile."""
    ring = one.ring(20, 300)
    member = one.member(ring, 6)
    country = one.stream("country").below(8, ring)
    unknown = one.stream("unknown").chance(one.pick(0.9, 0.9, 0.7, 0.55), one.unit)
    pile.add(
        "coupons",
        one.sheet(
            "coupons", 0, one.when(ring, 45.0), ring, coupon=one.key, campaign=v.GIFTCARD, account=one.account(member),
            device=one.device(ring, member), ip=one.address(ring, member, country), address=one.entity(member) * 8,
            action=np.where(unknown, v.INVALID, v.VALIDATE),
            face=np.where(unknown, 0, 1_000 * (1 + one.stream("face").below(10, one.unit))),
        ),
    )  # fmt: skip
