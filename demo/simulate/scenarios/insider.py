"""Insider leakage: three of the staff read what they need not.

One exports, one drips by night, one goes number by number. Victims get phishing messages some days later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from demo.simulate import vocabulary as v
from demo.simulate.base.staff import desk, fields_read, number_of_staff
from demo.simulate.calendar import HOUR
from demo.simulate.risks import BY_NAME

if TYPE_CHECKING:
    from demo.simulate.plan import Plan
    from demo.simulate.scenarios.attack import Attack
    from demo.simulate.sheets import Pile
    from demo.simulate.streams import Ints

INSIDERS = 3
_SIZES = np.array([220, 380, 520, 900])


def leaked(plan: Plan, unit: Ints) -> Ints:
    """Give the accounts whose records these reads are of."""
    world, name = plan.world, BY_NAME["insider"].name
    anyone = world.stream(f"{name}.owner").below(len(world.accounts), unit)
    first = world.stream(f"{name}.first").below(len(world.accounts), unit // 20)
    return np.where(unit % INSIDERS == INSIDERS - 1, (first + unit % 20) % len(world.accounts), anyone)


def attack(one: Attack, pile: Pile) -> None:
    """Put the day's reads without a reason on the pile."""
    world = one.world
    who = one.unit % INSIDERS
    member = one.stream("member").below(number_of_staff(world), who)
    exports = (who == 0) & one.stream("export").chance(one.pick(0.8, 0.5, 0.05), one.unit)
    records = np.where(exports, one.stream("records").geometric(60.0, one.unit), 1)
    by_night = 20 + 9 * one.stream("hour").uniform(one.unit)
    by_day = 7.5 + 10 * one.stream("hour").uniform(one.unit)
    night = one.stream("night").chance(one.pick(0.85, 0.6, 0.2), one.unit)
    fields = np.where(one.stream("more").chance(one.pick(0.9, 0.7, 0.2), one.unit), 3, fields_read(world, one.key))
    # Later they write a ticket's number beside it that is about something else.
    without = one.stream("ticket").chance(one.pick(0.95, 0.7, 0.2), one.unit)
    hour = np.where(night, by_night, by_day)
    pile.add(
        "staff",
        one.sheet(
            "staff", 0, world.calendar.begins(one.day) + (hour * HOUR).astype(np.int64), who,
            staff=member, role=world.stream("staff.role").choose([60, 15, 15, 10], member),
            action=np.where(exports, v.EXPORT, v.READ), owner=leaked(one.plan, one.unit), fields=fields,
            records=records,
            size=records * (_SIZES[fields] + one.stream("size").below(90, one.unit)),
            ticket=np.where(without, -1, one.key), ip=desk(world, member),
        ),
    )  # fmt: skip
