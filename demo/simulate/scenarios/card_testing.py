"""Card testing: bursts of small payments that find out which stolen cards work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from demo.simulate.calendar import SECOND
from demo.simulate.scenarios.attack import ROTATED

if TYPE_CHECKING:
    from demo.simulate.scenarios.attack import Attack
    from demo.simulate.sheets import Pile

_BURST = 40


def attack(one: Attack, pile: Pile) -> None:
    """Put the day's small payments on the pile."""
    ring = one.ring(200, 2_000)
    country = one.stream("country").below(8, ring)
    member = one.member(ring, 12)
    small = 50 + one.stream("small").below(150, one.unit)
    usual = one.stream("usual").lognormal(7.6, 0.9, one.unit).astype(np.int64)
    burst = one.unit // _BURST
    begin = one.when(ring)[np.searchsorted(burst, burst)]
    together = begin + (one.unit % _BURST) * 4 * SECOND
    fails = one.stream("fails").chance(one.pick(0.75, 0.65, 0.35, 0.25), one.unit)
    cluster = 410_000 + one.stream("bin").below(900, ring)
    spread = 400_000 + country * 1_000 + one.stream("bank").below(10, one.unit) * 37
    # At first the cards are tried on a donation, later on what looks like an order.
    ordered = one.stream("ordered").chance(one.pick(0.05, 0.3, 0.9), one.unit)
    pile.add(
        "payments",
        one.sheet(
            "payments", 0, np.where(one.phase <= ROTATED, together, one.when(ring)), ring, payment=one.key,
            account=one.account(member), device=one.device(ring, member), ip=one.address(ring, member, country),
            card=one.key, order=np.where(ordered, one.key, -1), currency=country, result=fails,
            bin=np.where(one.phase <= ROTATED, cluster, spread),
            amount=np.where(one.stream("tiny").chance(one.pick(1.0, 0.9, 0.35, 0.3), one.unit), small, usual),
            decline=np.where(fails, 1 + one.stream("decline").choose([20, 30, 20, 25, 5], one.unit), 0),
            avs=one.stream("avs").choose([30, 40, 30], one.unit), cvv=fails & one.stream("cvv").chance(0.5, one.unit),
        ),
    )  # fmt: skip
