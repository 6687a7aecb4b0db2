"""How many attacks there are and when: shares of honest life, spread over the days in bursts.

Honest life is gone through once beforehand to count it, so that each attack has its share of what there is, at every
scale. What is counted depends on the seed alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from demo.simulate import base
from demo.simulate import vocabulary as v
from demo.simulate.calendar import DAY, ZERO_DAY
from demo.simulate.risks import RISKS
from demo.simulate.sheets import COLUMNS, Pile

if TYPE_CHECKING:
    from collections.abc import Collection

    from demo.simulate.risks import Risk
    from demo.simulate.sheets import Sheet
    from demo.simulate.streams import Floats, Ints
    from demo.simulate.world import World

# Three labels in a thousand are of honest events.
FALSE = 0.003
# Days that an attack needs at most, and mostly, from its first event to the one that counts.
LEAD = {"refund_abuse": (5, 3)}
_AT_ONCE = (0, 0)
LATEST = "gift_card_drain"


def counted(source: str, one: Sheet) -> dict[str, int]:
    """Count what shares are shares of.

    Args:
        source: Name of the source.
        one: Some of its events.

    Returns:
        Counts by their names for people.
    """
    total = len(one["ts"])
    if source == "requests":
        rush = (one["page"] == v.DROP) | (one["page"] == v.CART) | (one["page"] == v.CHECKOUT)
        return {"requests": total, "requests at drops": int(rush.sum())}
    if source == "coupons":
        looked = (one["action"] == v.VALIDATE) | (one["action"] == v.INVALID)
        return {"redemptions": int((one["action"] == v.REDEEM).sum()), "validations": int(looked.sum())}
    if source == "orders":
        return {"orders": int((one["state"] == v.CREATED).sum())}
    if source == "staff":
        return {"reads": int((one["action"] != v.UPDATE).sum())}
    # Accounts are counted as there are, not as they change.
    return {} if source == "accounts" else {source: total}


def likeness(risk: Risk, one: Sheet) -> int:
    """Count the honest events that look like an attack."""
    return int((one["odd"] == risk.code).sum())


@dataclass(frozen=True)
class Plan:
    """What is attacked how often.

    Attributes:
        world: The world.
        scenarios: Names of the scenarios that take place.
        at_least: Attacks of each kind, if its share is fewer; for studies of how hard they are to find.
    """

    world: World
    scenarios: Collection[str]
    at_least: int = 0

    @cached_property
    def honest(self) -> dict[str, int]:
        """What there is of honest life, by the names that shares are of."""
        pile, found = Pile(self.world), {"accounts": self.world.scale.accounts}
        for day in range(self.world.calendar.days):
            base.live(self.world, day, pile)
            for source in COLUMNS:
                due = pile.until(source, self.world.calendar.begins(day + 1))
                odd = {f"like {risk.name}": likeness(risk, due) for risk in RISKS if risk.source == source}
                for name, number in (counted(source, due) | odd).items():
                    found[name] = found.get(name, 0) + number
        return found

    @cached_property
    def totals(self) -> dict[str, int]:
        """How many attacks of each kind there are: their share of everything, which they are part of themselves."""
        chosen = [risk for risk in RISKS if risk.name in self.scenarios]
        found = dict.fromkeys((risk.name for risk in chosen), 0.0)
        for _ in range(_ROUNDS):
            everything: dict[str, float] = dict(self.honest)
            for name, number in found.items():
                for among, each in WITH_IT[name].items():
                    everything[among] = everything.get(among, 0.0) + each * number
            found = {risk.name: risk.share * everything[risk.among] for risk in chosen}
        return {name: max(round(number), 1, self.at_least) for name, number in found.items()}

    def mistaken(self, risk: Risk) -> float:
        """Give the share of the honest events that look like an attack which are labelled as one."""
        return min(FALSE * self.totals[risk.name] / max(self.honest[f"like {risk.name}"], 1), 1.0)

    def upto(self, risk: Risk) -> Ints:
        """Give how many attacks of a kind have begun by the begin of each day, and of the day after the last."""
        weights = self._weights(risk)
        done = np.concatenate([[0.0], np.cumsum(weights)]) / weights.sum()
        return np.floor(done * self.totals[risk.name] + 0.5).astype(np.int64)

    def phase(self, risk: Risk, day: int) -> int:
        """Give the phase of the attacks of a kind that begin on a day: the one in which they mostly count."""
        noon = self.world.calendar.begins(day + LEAD.get(risk.name, _AT_ONCE)[1]) + DAY // 2
        return int(self.world.calendar.phase(np.array([noon]))[0])

    def units(self, risk: Risk, day: int) -> Ints:
        """Give the numbers of the attacks of a kind that begin on a day."""
        edges = self.upto(risk)
        return np.arange(edges[day], edges[day + 1], dtype=np.int64)

    def _weights(self, risk: Risk) -> Floats:
        world, days = self.world, np.arange(self.world.calendar.days, dtype=np.int64)
        weights = 0.4 + world.stream(f"{risk.name}.bursts").exponential(0.6, days)
        if risk.name == "scalper":
            dropped = np.unique((world.calendar.drops - world.calendar.start) // DAY)
            weights = np.where(np.isin(days, dropped), weights, 0.0)
        if risk.name == LATEST:
            weights = np.where(days >= min(np.ceil(ZERO_DAY * len(days)), len(days) - 1), weights, 0.0)
        last = max(len(days) - LEAD.get(risk.name, _AT_ONCE)[0], 1)
        return np.where(days < last, weights, 0.0)


_ROUNDS = 12
_PAID = {"orders": 1.0, "payments": 1.04}
# What an attack brings with it of all that shares are shares of, itself among it.
WITH_IT: dict[str, dict[str, float]] = {
    # Failed attempts: 165, 120, 25 and 10 for one that succeeds, over the four phases.
    "account_takeover": {"logins": 88.8, "orders": 0.5, "payments": 0.5},
    "fake_accounts": {"accounts": 1.0},
    "coupon_ring": {"redemptions": 1.0, "validations": 1.0, "refunds": 0.1, **_PAID},
    "collusion": {"refunds": 0.25, **_PAID},
    "brushing": {"requests": 0.5, "clicks": 0.5, "reviews": 0.35, **_PAID},
    "review_burst": {"reviews": 1.0, "requests": 0.5},
    "click_farm": {"clicks": 1.0, "requests": 0.45},
    "scalper": {"requests at drops": 1.0, "requests": 1.0, "orders": 0.012, "payments": 0.0125},
    "deal_hunter": {"requests": 1.0, "redemptions": 1.0, "validations": 1.0, **_PAID},
    "card_testing": {"payments": 1.0},
    "refund_abuse": {"refunds": 1.0, **_PAID},
    "scanning": {"requests": 1.0},
    "phishing": {"messages": 1.0},
    "insider": {"reads": 1.0},
    "gift_card_drain": {"validations": 1.0},
}
