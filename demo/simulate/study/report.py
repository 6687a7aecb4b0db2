"""The report: what a simulation's rates and seasons are, and how hard its attacks are to find."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from demo.simulate.calendar import CAMPAIGNS, DAY, HOUR
from demo.simulate.raw.mess import KINDS
from demo.simulate.risks import BY_NAME
from demo.simulate.run import Counts, Simulation
from demo.simulate.scales import SCALES
from demo.simulate.scenarios import SCENARIOS
from demo.simulate.study.difficulty import LEAST_LOSS, MOST_SINGLE, difficulties

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from demo.simulate.plan import Plan
    from demo.simulate.scales import Scale
    from demo.simulate.sheets import Sheet
    from demo.simulate.streams import Ints
    from demo.simulate.study.difficulty import Difficulty

_BAR = 40

_INTRODUCTION = Path(__file__).with_name("introduction.md")


@dataclass
class Profile:
    """Counts a simulation by hour and by day."""

    counts: Counts = field(default_factory=Counts)
    hours: Ints = field(default_factory=lambda: np.zeros(24, dtype=np.int64))
    days: dict[int, int] = field(default_factory=dict)

    def visit(self, _: int, source: str, one: Sheet) -> None:
        """Count events."""
        self.counts.add(source, one)
        if source == "requests":
            self.hours += np.bincount(one["ts"] // HOUR % 24, minlength=24)
            for day, number in zip(*np.unique(one["ts"] // DAY, return_counts=True), strict=True):
                self.days[int(day)] = self.days.get(int(day), 0) + int(number)


def report(scale: Scale, seed: int, at_least: int, progress: Callable[[str], None] = str) -> str:
    """Simulate, study and describe.

    Args:
        scale: Of the simulation.
        seed: Of the simulation.
        at_least: Attacks of each kind for the study of their difficulty, so that there are enough to measure.
        progress: Told what is being done.

    Returns:
        A page of Markdown.
    """
    progress(f"counting {scale.name}")
    profile = Profile()
    plan = Simulation(scale=scale, seed=seed, scenarios=tuple(SCENARIOS)).days(profile.visit)
    progress(f"studying {scale.name} with at least {at_least:,} attacks of each kind")
    found = difficulties(Simulation(scale=scale, seed=seed, scenarios=tuple(SCENARIOS), at_least=at_least))
    begin = _INTRODUCTION.read_text(encoding="utf-8")
    measured = (_rates(plan, profile), _seasons(plan, profile), _difficulty(found, at_least))
    return "\n".join([begin, _scales(), *measured, _mess()])


def faults(found: Sequence[Difficulty]) -> list[str]:
    """Say which attacks are too easy, or learn too little."""
    easy = [
        f"{one.risk.name}: {one.signal} alone has an AUC of {one.single:.3f}"
        for one in found
        if one.single > MOST_SINGLE
    ]
    alike = [f"{one.risk.name}: a model loses {one.loss:.3f} only" for one in found if one.loss < LEAST_LOSS]
    return easy + alike


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Write a table.

    Example:
        >>> print(table(["a", "b"], [[1, "x"]]))
        | a | b |
        |---|---|
        | 1 | x |
    """
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("|" + "|".join(cell if cell == "---" else f" {cell} " for cell in line) + "|" for line in lines)


def _scales() -> str:
    rows = [
        (one.name, f"{one.accounts:,}", f"{one.sellers:,}", f"{one.products:,}", one.days, f"{one.events:,}")
        for one in SCALES.values()
    ]
    shown = table(["scale", "accounts", "sellers", "products", "days", "events"], rows)
    return f"## Scales\n\n{shown}\n\n`M/10` is a tenth of M, with all its days.\n"


def _rates(plan: Plan, profile: Profile) -> str:
    data = profile.counts.as_data(plan)
    sources = table(["source", "events"], [(name, f"{number:,}") for name, number in data["by_source"].items()])
    rows = [
        (name, f"{one['attacks']:,}", f"{one['of']:,} {one['among']}", f"{one['share']:.3%}", f"{one['wanted']:.3%}",
         f"{one['hard_negatives']:,}", BY_NAME[name].found_by)
        for name, one in data["risks"].items()
    ]  # fmt: skip
    head = ["scenario", "attacks", "of", "share", "wanted", "honest events that look like it", "found by"]
    return (
        f"## Rates\n\nScale {plan.world.scale.name}, {data['events']:,} events.\n\n{sources}\n\n{table(head, rows)}\n\n"
        "Deal hunters are legitimate: they are there to be scored, not to be blocked.\n"
    )


def _seasons(plan: Plan, profile: Profile) -> str:
    first = plan.world.calendar.start // DAY
    hours = [f"{hour:02d} {_bar(number, profile.hours.max())}" for hour, number in enumerate(profile.hours.tolist())]
    most = max(profile.days.values())
    days = []
    for day in range(plan.world.calendar.days):
        when, number = plan.world.calendar.date(day), profile.days.get(first + day, 0)
        word = " campaign" if when in CAMPAIGNS else ""
        days.append(f"{when:%a %d %b} {_bar(number, most)} {number:,}{word}")
    return "\n".join(
        [
            "## Seasons",
            "",
            "Requests by hour, in UTC:",
            "",
            "```",
            *hours,
            "```",
            "",
            "By day:",
            "",
            "```",
            *days,
            "```",
            "",
        ]
    )


def _bar(number: int, most: int) -> str:
    return "#" * round(_BAR * number / max(int(most), 1))


def _difficulty(found: Sequence[Difficulty], at_least: int) -> str:
    rows = [
        (
            one.risk.name,
            f"`{one.signal}`",
            f"{one.single:.3f}",
            *(_area(area) for area in one.by_phase),
            _area(one.loss),
        )
        for one in found
    ]
    head = ["scenario", "best single signal", "its AUC", "phase 1", "phase 2", "phase 3", "phase 4", "lost by phase 3"]
    wrong = faults(found)
    verdict = (
        "".join(f"* **{fault}**\n" for fault in wrong)
        or f"No field and no count alone tells an attack with an AUC above {MOST_SINGLE}; a model of the first phase "
        f"loses at least {LEAST_LOSS} by the third.\n"
    )
    return f"""## Difficulty

With at least {at_least:,} attacks of each kind, among honest events of the same kind. Signals are the fields of a line,
and for each entity in it how many events it had in the last hour, in the last day and ever, how long ago the last one
was, and how many different others it was seen with: accounts of a device, cards of a bank, customers whom one of the
staff read. The model is a logistic regression on all of them, which has learned from half of the first phase; its AUC
is on events that it has not seen.

{table(head, rows)}

{verdict}
`gift_card_drain` is new: nothing can be learned of it before it comes.
"""


def _area(area: float) -> str:
    return "-" if np.isnan(area) else f"{area:.3f}"


def _mess() -> str:
    rows = [
        (source, one.case, one.name, f"{one.rate:.2%}", one.expected)
        for source, kinds in KINDS.items()
        for one in kinds
    ]
    return f"""## Mess

Of all lines 5 % are out of order, 2 % are late (3 hours on average, 72 at most), 0.5 % come twice; of devices 0.5 %
have clocks that are ahead. Beside that:

{table(["source", "case", "what", "share of lines", "must come to"], rows)}
"""
