"""Labels: what the platform gets to know of attacks, and when.

A chargeback comes after a week and more, a report after two days, an audit after ten. Of the attacks 15 % are never
found; three labels in a thousand are false; one in a hundred is later revoked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from demo.simulate.calendar import DAY, HOUR, MINUTE
from demo.simulate.risks import RISKS
from demo.simulate.sheets import take

if TYPE_CHECKING:
    from demo.simulate.plan import Plan
    from demo.simulate.risks import Risk
    from demo.simulate.sheets import Sheet
    from demo.simulate.streams import Ints, Stream

NEVER, REVOKED = 0.15, 0.01
CHARGEBACK_MOST = 60
_CONFIDENCE = {"chargeback": 0.95, "report": 0.8, "audit": 0.99, "rule": 0.7}


@dataclass(frozen=True)
class Labels:
    """The labels of some events.

    Attributes:
        risk: Of what.
        events: The events.
        available: When each label is there.
        revoked: When it is revoked; -1 for never.
    """

    risk: Risk
    events: Sheet
    available: Ints
    revoked: Ints

    @property
    def confidence(self) -> float:
        """How sure whoever labels is."""
        return _CONFIDENCE[self.risk.found_by]


def labels(plan: Plan, source: str, one: Sheet) -> list[Labels]:
    """Give the labels of a source's events.

    Args:
        plan: What takes place.
        source: Name of the source.
        one: Its events.

    Returns:
        Labels, for each risk that this source's events bear.
    """
    found = []
    for risk in RISKS:
        if risk.source == source and risk.name in plan.scenarios:
            stream = plan.world.stream(f"label.{risk.name}")
            attack = (one["truth"] == risk.code) & (one["unit"] == 1) & ~stream.chance(NEVER, one["id"], 0)
            mistaken = (one["odd"] == risk.code) & stream.chance(plan.mistaken(risk), one["id"], 1)
            some = take(one, attack | mistaken)
            available = some["ts"] + delay(risk, stream, some["id"])
            taken_back = stream.chance(REVOKED, some["id"], 2)
            later = available + ((5 + 15 * stream.uniform(some["id"], 3)) * DAY).astype(np.int64)
            found.append(Labels(risk, some, available, np.where(taken_back, later, -1)))
    return found


def delay(risk: Risk, stream: Stream, ids: Ints) -> Ints:
    """Draw how long labels take, in microseconds."""
    if risk.found_by == "chargeback":
        days = np.minimum(7 + 6 * stream.gamma(2.0, ids, 1), CHARGEBACK_MOST)
    elif risk.found_by == "report":
        days = stream.gamma(2.0, ids, 1)
    elif risk.found_by == "audit":
        days = 2.5 * stream.gamma(4.0, ids, 1)
    else:
        return np.full(len(ids), HOUR) + (stream.uniform(ids, 9) * 30 * MINUTE).astype(np.int64)
    return (days * DAY).astype(np.int64)
