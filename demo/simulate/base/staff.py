"""Staff: who reads which customer's record, when, and on which ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from demo.simulate import addresses
from demo.simulate import vocabulary as v
from demo.simulate.calendar import DAY, HOUR
from demo.simulate.risks import BY_NAME
from demo.simulate.sheets import sheet
from demo.simulate.streams import ragged

if TYPE_CHECKING:
    from demo.simulate.sheets import Pile
    from demo.simulate.streams import Ints
    from demo.simulate.world import World

# One in so many accounts' worth of work is a member of staff; each does about so much a day.
ACCOUNTS_PER_STAFF, PER_DAY = 200, 22.0
NIGHT_SHIFT = 0.12
_NO_TICKET, _NO_TICKET_AT_NIGHT = 0.08, 0.25
_LISTED = 0.03
_INSIDER = BY_NAME["insider"].code
_SIZES = np.array([220, 380, 520, 900])


def number_of_staff(world: World) -> int:
    """Say how many members of staff there are."""
    return max(world.scale.accounts // ACCOUNTS_PER_STAFF, 4)


def work(world: World, day: int, pile: Pile) -> None:
    """Put the day's work on customers' records on the pile; a few work at night, or through lists."""
    staff = np.arange(number_of_staff(world), dtype=np.int64)
    weekend = day % 7 >= 5  # noqa: PLR2004 - Saturday and Sunday
    owner, number = ragged(world.stream("staff.count").poisson(PER_DAY * (0.4 if weekend else 1.24), staff, day))
    member = staff[owner]
    key = (member << 32) | (day << 16) | number
    night = world.stream("staff.night").chance(NIGHT_SHIFT, member)
    hour = np.where(
        night, 21 + 8 * world.stream("staff.hour").uniform(key), 7.5 + 10 * world.stream("staff.hour").uniform(key)
    )
    role = world.stream("staff.role").choose([60, 15, 15, 10], member)
    action = world.stream("staff.action").choose([86, 1.5, 12.5], key)
    records = np.where(action == v.EXPORT, world.stream("staff.records").geometric(40.0, key), 1)
    # Someone who works through a list reads records in their order.
    listed = world.stream("staff.listed").chance(_LISTED, member * 64 + day)
    first = world.stream("staff.first").below(len(world.accounts), member, day)
    reader = np.where(
        listed, (first + number) % len(world.accounts), world.stream("staff.owner").below(len(world.accounts), key)
    )
    without = world.stream("staff.ticket").chance(np.where(night, _NO_TICKET_AT_NIGHT, _NO_TICKET), key)
    fields = fields_read(world, key)
    pile.add(
        "staff",
        sheet(
            world, "staff", key, 0, world.calendar.start + day * DAY + (hour * HOUR).astype(np.int64),
            staff=member, role=role, action=action, owner=reader, fields=fields, records=records,
            size=records * (_SIZES[fields] + world.stream("staff.size").below(90, key)),
            ticket=np.where(without, -1, key), ip=desk(world, member),
            odd=np.where((night & without) | listed, _INSIDER, 0),
        ),
    )  # fmt: skip


def fields_read(world: World, key: Ints) -> Ints:
    """Draw which fields of a record are read."""
    return world.stream("staff.fields").choose([30, 40, 20, 10], key)


def desk(world: World, member: Ints) -> Ints:
    """Give the address that a member of staff works from: an office, or home over the company's network."""
    return addresses.address(addresses.OFFICE, world.stream("staff.country").below(3, member), member // 25 + (1 << 36))
