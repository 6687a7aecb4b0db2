"""Click farms: shelves of devices that click all day, every three seconds at first, later as replayed from people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from demo.simulate import vocabulary as v
from demo.simulate.base.browsing import clicked
from demo.simulate.calendar import DAY, HOUR
from demo.simulate.scenarios.attack import HUMANISED, NAIVE, ROTATED

if TYPE_CHECKING:
    from demo.simulate.scenarios.attack import Attack
    from demo.simulate.sheets import Pile
    from demo.simulate.streams import Ints

CLICKS = 40
DEVICES = 40
_PACE = 3.0
_STILL = (0.9, 0.8, 0.3, 0.25)


def attack(one: Attack, pile: Pile) -> None:
    """Put the day's clicks of farms on the pile, in sessions of forty."""
    world = one.world
    session = one.unit // CLICKS
    farms = max(min(30, one.plan.totals[one.risk.name] // 2_000), 2)
    farm = one.stream("farm").below(farms, session)
    member = farm * 1_000 + one.stream("shelf").below(DEVICES, session)
    number = one.unit % CLICKS
    ts = _starts(one, session) + _since_start(one, session, number)
    country = one.stream("country").below(8, farm)
    item = world.wanted(one.stream("item"), np.where(one.phase <= ROTATED, farm * 4 + session % 3, one.unit))
    still = one.stream("still").chance(np.array(_STILL)[one.phase - 1], one.unit)
    scroll = np.minimum(one.stream("scroll").exponential(45.0, one.unit), 100).astype(np.int64)
    # Sensors attest a person's hand; the humanised replay that too.
    attested = one.stream("attested").chance(one.pick(0.15, 0.3, 0.85, 0.9), session)
    turned = one.some_address(np.where(one.phase == ROTATED, number // 8, 0), session, country)
    one_agent = one.agent(farm)
    ip = np.where(one.phase == NAIVE, one.address(farm, member, country), turned)
    device = np.where(one.phase == HUMANISED, one.entity(session), one.entity(member * 4))
    account = np.where(one.phase >= HUMANISED, one.entity(member * 4 + one.phase), -1)
    pause = _gap(one, session, number)
    pile.add(
        "clicks",
        clicked(
            world, one.key, 0, ts, account=account, session=one.entity(session), device=device, ip=ip, agent=one_agent,
            item=item, event=np.where(one.stream("kind").chance(0.7, one.unit), v.VIEW, v.CLICK),
            campaign=np.where(one.stream("campaign").chance(0.6, session), farm % 4, -1),
            dwell=(pause * 900).astype(np.int64), scroll=np.where(still, 0, scroll), attested=attested,
            truth=one.risk.code, phase=one.phase, ring=farm, unit=1,
        ),
    )  # fmt: skip
    some = np.flatnonzero(one.phase >= HUMANISED)
    late = one.some(some)
    pile.add(
        "requests",
        late.sheet(
            "requests", 0, ts[some], farm[some], account=account[some], ip=ip[some], agent=one_agent[some], page=v.ITEM,
            item=item[some], size=late.stream("size").lognormal(9.6, 0.5, late.unit).astype(np.int64),
        ),
    )  # fmt: skip


def _starts(one: Attack, session: Ints) -> Ints:
    """When sessions begin: in 22 hours of the day alike at first, later when people are awake."""
    alike = (one.stream("start").uniform(session) * 22 * HOUR).astype(np.int64)
    awake = one.world.calendar.time_of_day(one.stream("awake"), session, np.int64(1))
    return one.world.calendar.begins(one.day) + np.minimum(np.where(one.phase <= ROTATED, alike, awake), DAY - HOUR)


def _gap(one: Attack, session: Ints, number: Ints) -> Ints:
    even = np.maximum(_PACE + 0.2 * one.stream("even").normal(session, number), 0.5)
    human = np.clip(one.stream("human").lognormal(2.2, 1.1, session, number), 0.4, 600)
    return np.where(one.phase <= ROTATED, even, human)


def _since_start(one: Attack, session: Ints, number: Ints) -> Ints:
    """The time from a session's begin to its click of this number; a session that a day cuts in two keeps its pace."""
    total = np.zeros(len(number))
    for before in range(CLICKS):
        earlier = number > before
        total[earlier] += _gap(one.some(earlier), session[earlier], np.full(int(earlier.sum()), before))
    return (total * 1_000_000).astype(np.int64)
