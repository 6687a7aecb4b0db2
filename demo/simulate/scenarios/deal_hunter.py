"""Deal hunters: they buy at half price or not at all. Legitimate: to be scored, not to be blocked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from demo.simulate.base import fulfilment
from demo.simulate.base.orders import coupons_of, pay
from demo.simulate.base.sessions import agent_of
from demo.simulate.calendar import MINUTE
from demo.simulate.scenarios.attack import ROTATED
from demo.simulate.sheets import take

if TYPE_CHECKING:
    from demo.simulate.scenarios.attack import Attack
    from demo.simulate.sheets import Pile

HUNTERS = 0.01


def attack(one: Attack, pile: Pile) -> None:
    """Put the day's orders of deal hunters on the pile; they are honest accounts of the platform."""
    world = one.world
    hunters = max(int(len(world.accounts) * HUNTERS), 1)
    hunter = one.stream("hunter").below(hunters, one.unit)
    account = one.stream("who").below(len(world.accounts), hunter)
    # Before the account was there it cannot have bought.
    account = np.where(world.created[account] < world.calendar.begins(one.day), account, hunter)
    ring = np.full(len(one.unit), -1)
    item = world.wanted(one.stream("item"), one.unit)
    off = np.clip(one.pick(0.75, 0.62, 0.52) + 0.04 * one.stream("off").normal(one.unit), 0.5, 0.9)
    # At first they take several of what is cheap by mistake.
    many = one.pick(4, 3, 1) + one.stream("many").below(2, one.unit)
    device = account * 4
    # They follow the price alerts, which come on the hour; later whenever they find something.
    ts = np.where(one.phase <= ROTATED, one.when(hunter, 12.0), one.when(hunter))
    gross = world.price[item] * many
    made = one.sheet(
        "orders", 0, ts, ring, order=one.key, account=account, session=one.key, device=device,
        ip=world.home_address(account, one.day), seller=world.seller_of[item], item=item, quantity=many, gross=gross,
        discount=(gross * off).astype(np.int64), currency=world.country[account], address=world.dwelling(account) * 8,
    )  # fmt: skip
    marks = {"truth": one.risk.code, "phase": one.phase, "ring": ring}
    pile.add("coupons", *coupons_of(world, made, **marks))
    paid = pay(world, made, pile, **marks)
    arrived = fulfilment.arrival(world, made)
    pile.add("orders", *fulfilment.states(world, made, paid, arrived))
    pile.add("shipments", *fulfilment.parcels(world, take(made, paid), arrived[paid]))
    pile.add(
        "requests",
        one.sheet(
            "requests", 0, ts - 2 * MINUTE, ring, account=account, ip=made["ip"], agent=agent_of(world, device), page=1,
            item=item, size=15_000,
        ),
    )  # fmt: skip
