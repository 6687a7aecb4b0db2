"""Difficulty: what a field, a count or a model of them all can tell of an attack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from demo.simulate import vocabulary as v
from demo.simulate.risks import RISKS
from demo.simulate.sheets import join
from demo.simulate.study.model import Logistic, auc
from demo.simulate.study.signals import signals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from demo.simulate.calendar import Calendar
    from demo.simulate.risks import Risk
    from demo.simulate.run import Simulation
    from demo.simulate.sheets import Sheet
    from demo.simulate.streams import Floats

MOST_SINGLE, LEAST_LOSS = 0.97, 0.05
MOST_OTHERS = 40_000
_CREATED = ("state", (v.CREATED,))
# What the events of an attack are, where its source has several kinds.
_KINDS = {
    "account_takeover": ("result", (v.SUCCESS,)),
    "fake_accounts": ("action", (v.REGISTER,)),
    "coupon_ring": ("action", (v.REDEEM,)),
    "collusion": _CREATED,
    "brushing": _CREATED,
    "deal_hunter": _CREATED,
    "scalper": ("page", (v.CART, v.CHECKOUT, v.DROP)),
    "insider": ("action", (v.READ, v.EXPORT)),
    "gift_card_drain": ("action", (v.VALIDATE, v.INVALID)),
}


@dataclass(frozen=True)
class Difficulty:
    """How hard an attack is to find.

    Attributes:
        risk: The attack.
        attacks: How many there were.
        others: How many honest events of the kind there were.
        signal: The single field or count that tells most.
        single: Its area under the ROC curve, over the whole period.
        by_phase: A model's, by phase, that learned from half of the first phase; NaN where there are no attacks.
    """

    risk: Risk
    attacks: int
    others: int
    signal: str
    single: float
    by_phase: tuple[float, float, float, float]

    @property
    def loss(self) -> float:
        """What the model loses from the first phase to the third."""
        return self.by_phase[0] - self.by_phase[2]


def difficulties(simulation: Simulation) -> list[Difficulty]:
    """Give the difficulty of each attack of a simulation."""
    kept: dict[str, list[Sheet]] = {}
    plan = simulation.days(lambda _, source, one: kept.setdefault(source, []).append(one))
    found, joined = [], {}
    for risk in RISKS:
        if risk.name in simulation.scenarios:
            if risk.source not in joined:
                joined = {risk.source: join(kept[risk.source], risk.source)}
            found.append(difficulty(risk, joined[risk.source], plan.world.calendar))
    return found


def difficulty(risk: Risk, one: Sheet, calendar: Calendar) -> Difficulty:
    """Give the difficulty of an attack among the events of its source."""
    attack = (one["truth"] == risk.code) & (one["unit"] == 1)
    honest = np.flatnonzero((one["truth"] == 0) & _comparable(risk, one))
    # Any part of them does: events' numbers are random.
    honest = honest[np.argsort(one["id"][honest])][:MOST_OTHERS]
    places = np.concatenate([np.flatnonzero(attack), honest])
    positive, ids = attack[places], one["id"][places]
    seen = signals(one, places)
    best = {name: max(area := auc(column, positive), 1 - area) for name, column in seen.items()}
    signal = max(best, key=lambda name: best[name])
    phase = calendar.phase(one["ts"][places])
    rows = np.column_stack(list(seen.values()))
    return Difficulty(
        risk=risk,
        attacks=int(positive.sum()),
        others=int((~positive).sum()),
        signal=signal,
        single=best[signal],
        by_phase=_by_phase(rows, positive, phase, ids % 2 == 0),
    )


def _comparable(risk: Risk, one: Sheet) -> NDArray[np.bool_]:
    """Say which events are of the kind that the attack's are."""
    kind = _KINDS.get(risk.name)
    if kind is None:
        return np.ones(len(one["ts"]), dtype=bool)
    name, values = kind
    return np.isin(one[name], values)


def _by_phase(
    rows: Floats,
    positive: NDArray[np.bool_],
    phase: np.ndarray,
    even: NDArray[np.bool_],  # type: ignore[type-arg]
) -> tuple[float, float, float, float]:
    learned = (phase == 1) & even
    if not positive[learned].any():
        return (float("nan"),) * 4
    model = Logistic.fit(rows[learned], positive[learned])
    tested = [(phase == 1) & ~even, phase == 2, phase == 3, phase == 4]  # noqa: PLR2004
    first, second, third, fourth = (auc(model.score(rows[some]), positive[some]) for some in tested)
    return first, second, third, fourth
