"""What attacks have in common: rings, and what they learn from phase to phase.

| phase | address | device | browser | pace | account |
|---|---|---|---|---|---|
| 1 naive | a few of a hosting company | a few, shared by the ring | scripts, or one for all | even, in bursts | new |
| 2 rotated | homes, a new one each time | as before | people's | as before | new |
| 3 humanised | homes and carriers | a new one each time | people's | people's | new |
| 4 aged | homes and carriers | each account its own | people's | people's | years old |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from demo.simulate import addresses
from demo.simulate import vocabulary as v
from demo.simulate.base.sessions import DWELL_MEAN, DWELL_SIGMA
from demo.simulate.calendar import DAY, HOUR, MINUTE, SECOND
from demo.simulate.names import foreign
from demo.simulate.sheets import sheet

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from demo.simulate.plan import Plan
    from demo.simulate.risks import Risk
    from demo.simulate.sheets import Sheet
    from demo.simulate.streams import Floats, Ints, Stream
    from demo.simulate.world import World

NAIVE, ROTATED, HUMANISED, AGED = 1, 2, 3, 4
_MEMBERS = 1_000
_OFFSET = 1 << 40


@dataclass(frozen=True)
class Attack:
    """The attacks of one kind that begin on a day: an array's place each.

    Attributes:
        plan: What it is part of.
        risk: Its kind.
        day: The day.
        unit: Numbers of the attacks.
        phase: The phase that they are in.
    """

    plan: Plan
    risk: Risk
    day: int
    unit: Ints
    phase: Ints

    @classmethod
    def of(cls, plan: Plan, risk: Risk, day: int, unit: Ints) -> Attack:
        """Give a day's attacks."""
        return cls(plan, risk, day, unit, np.full(len(unit), plan.phase(risk, day)))

    @property
    def world(self) -> World:
        """The world that is attacked."""
        return self.plan.world

    @property
    def key(self) -> Ints:
        """Each attack as an entity."""
        return foreign(self.risk.code, self.unit)

    def stream(self, name: str) -> Stream:
        """Give the random numbers of a purpose of this scenario."""
        return self.world.stream(f"{self.risk.name}.{name}")

    def entity(self, number: ArrayLike) -> Ints:
        """Give an entity that the scenario brings with it."""
        return foreign(self.risk.code, _OFFSET + np.asarray(number, dtype=np.int64))

    def ring(self, least: int, most: int) -> Ints:
        """Give each attack's ring; rings have from ``least`` to ``most`` attacks, fewer where there are few in all."""
        total = self.plan.totals[self.risk.name]
        most = max(min(most, total // 6), 2)
        least = min(least, most)
        sizes = least + self.stream("ring").below(most - least + 1, np.arange(total // least + 1))
        return np.searchsorted(np.cumsum(sizes), self.unit, side="right").astype(np.int64)

    def member(self, ring: Ints, members: int) -> Ints:
        """Give a number that tells the members of rings apart."""
        return ring * _MEMBERS + self.stream("member").below(members, self.unit)

    def account(self, member: Ints) -> Ints:
        """Give each member's account; another one in each phase."""
        return self.entity(member * 4 + self.phase - 1)

    def when(self, ring: Ints, minutes: float = 40.0) -> Ints:
        """Draw when the attacks take place: a ring's in a burst at first, then in the course of a day, as people do."""
        begin = self.world.calendar.begins(self.day)
        # A ring has a few bursts a day, each its own.
        burst = self.stream("burst").below(3, self.unit) + 4 * ring
        late = self.stream("hour").uniform(burst, self.day) * 21 * HOUR
        within = self.stream("within").exponential(minutes / 3, self.unit) * MINUTE
        spread = self.world.calendar.time_of_day(self.stream("clock"), self.unit, np.int64(1))
        naive = np.minimum(late + within, DAY - SECOND).astype(np.int64)
        return begin + np.where(self.phase <= ROTATED, naive, spread)

    def address(self, ring: Ints, member: Ints, country: ArrayLike = 0) -> Ints:
        """Give the address that each attack comes from."""
        hosting = addresses.address(
            addresses.HOSTING, ring % 3, self.entity(ring * 4 + self.stream("rack").below(3, self.unit))
        )
        home = addresses.address(addresses.RESIDENTIAL, country, self.key)
        pools = self.world.scale.accounts // 300 + 1
        carrier = addresses.address(addresses.MOBILE, country, self.stream("pool").below(pools, self.unit))
        mobile = self.stream("mobile").chance(0.35, self.unit)
        own = addresses.address(addresses.RESIDENTIAL, country, self.entity(member))
        late = np.where(mobile, carrier, np.where(self.phase == AGED, own, home))
        return np.select([self.phase == NAIVE, self.phase == ROTATED], [hosting, home], late)

    def some_address(self, turn: ArrayLike, owner: ArrayLike = None, country: ArrayLike = 0) -> Ints:
        """Give a home's or a carrier's address that an owner (by default each attack) has for a turn."""
        who = self.unit if owner is None else owner
        name = self.entity((np.asarray(who, dtype=np.int64) << 10) + turn)
        carrier = self.stream("carrier").chance(0.3, name) & (self.phase >= HUMANISED)
        pools = self.world.scale.accounts // 300 + 1
        mobile = addresses.address(addresses.MOBILE, country, self.stream("pool").below(pools, name))
        return np.where(carrier, mobile, addresses.address(addresses.RESIDENTIAL, country, name))

    def device(self, ring: Ints, member: Ints, shared: int = 4) -> Ints:
        """Give the device of each attack."""
        farm = self.entity(ring * 64 + self.stream("device").below(shared, self.unit))
        own = self.entity((member + (1 << 30)) * 4)
        return np.select([self.phase <= ROTATED, self.phase == HUMANISED], [farm, self.key], own)

    def agent(self, ring: Ints) -> Ints:
        """Give the browser of each attack."""
        people = self.stream("agent").choose(v.BROWSER_WEIGHTS, self.unit)
        script = v.FIRST_SCRIPT + self.stream("script").below(4, ring)
        one = self.stream("one").choose(v.BROWSER_WEIGHTS, ring)
        naive = np.where(self.stream("scripted").chance(0.5, ring), script, one)
        return np.where(self.phase == NAIVE, naive, people)

    def pause(self, ordinal: Ints, seconds: float) -> Ints:
        """Draw pauses in microseconds: even at first, then like people's."""
        even = seconds + 0.07 * seconds * self.stream("even").normal(self.unit, ordinal)
        human = np.clip(self.stream("human").lognormal(DWELL_MEAN, DWELL_SIGMA, self.unit, ordinal), 0.4, 900)
        return (np.where(self.phase <= ROTATED, np.maximum(even, 0.05), human) * SECOND).astype(np.int64)

    def pick(self, *by_phase: ArrayLike) -> Ints | Floats:
        """Choose one of four values by the phase; the last one given stands for later phases."""
        values = [*by_phase, *[by_phase[-1]] * (4 - len(by_phase))]
        return np.select([self.phase == phase for phase in (1, 2, 3, 4)], [np.asarray(value) for value in values])

    def sheet(self, source: str, ordinal: ArrayLike, ts: ArrayLike, ring: Ints, **columns: ArrayLike) -> Sheet:
        """Make events of the attacks, marked as what they are."""
        marks = {"truth": self.risk.code, "phase": self.phase, "ring": ring, "unit": int(source == self.risk.source)}
        return sheet(self.world, source, self.key, ordinal, ts, **{**marks, **columns})

    def some(self, where: Ints) -> Attack:
        """Give some of the attacks, or each as often as its place is given."""
        return Attack(self.plan, self.risk, self.day, self.unit[where], self.phase[where])
