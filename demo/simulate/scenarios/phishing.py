"""Phishing: the same message, hardly changed, to hundreds of people, some of whom an insider has sold.

At first there is a link in it; later a telephone number in words, and a different text for each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from demo.simulate.base.people import PEOPLES_TEXTS, TEMPLATE_TEXTS
from demo.simulate.risks import BY_NAME
from demo.simulate.scenarios.insider import leaked

if TYPE_CHECKING:
    from demo.simulate.scenarios.attack import Attack
    from demo.simulate.sheets import Pile

_SOLD_AFTER, _SOLD = 3, 0.3


def attack(one: Attack, pile: Pile) -> None:
    """Put the day's phishing messages on the pile."""
    world, ring = one.world, one.ring(20, 500)
    victim = one.stream("victim").below(len(world.accounts), one.unit)
    if "insider" in one.plan.scenarios and one.day >= _SOLD_AFTER:
        known = one.plan.upto(BY_NAME["insider"])[one.day - _SOLD_AFTER]
        if known:
            sold = leaked(one.plan, one.stream("sold").below(known, one.unit))
            victim = np.where(one.stream("buys").chance(_SOLD, one.unit), sold, victim)
    member = one.member(ring, int(one.pick(3, 3, 40)[0]))
    own_words = one.stream("words").below(PEOPLES_TEXTS, one.unit)
    phrased = TEMPLATE_TEXTS + (ring % 64) * 4_096 + one.unit % one.pick(1, 4, 16)
    pretends = one.stream("pretends").chance(one.pick(0.1, 0.2, 0.8), ring)
    seller = one.stream("seller").below(world.scale.sellers, ring)
    disguised = one.stream("disguised").chance(one.pick(0.05, 0.1, 0.75), one.unit)
    pile.add(
        "messages",
        one.sheet(
            "messages", 0, one.when(ring, 45.0), ring, thread=one.key, side=pretends, recipient=victim,
            sender=np.where(pretends, seller, one.account(member)), text=np.where(disguised, own_words, phrased),
            ip=one.address(ring, member, one.stream("country").below(8, ring)),
        ),
    )  # fmt: skip
