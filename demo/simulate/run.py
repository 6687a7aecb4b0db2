"""Runs a simulation: day by day, written as it goes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from demo.simulate import base
from demo.simulate.errors import SimulationError
from demo.simulate.plan import Plan, counted, likeness
from demo.simulate.raw.logs import hours
from demo.simulate.raw.mess import Arrivals
from demo.simulate.risks import RISKS
from demo.simulate.scenarios import strike
from demo.simulate.sheets import COLUMNS, Pile, size
from demo.simulate.truth import Truth
from demo.simulate.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from demo.simulate.raw.logs import Hour
    from demo.simulate.scales import Scale
    from demo.simulate.sheets import Sheet

SUMMARY = "summary.json"


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """A platform to be simulated.

    Attributes:
        scale: Its size.
        seed: What it follows from.
        scenarios: The attacks that take place.
        mess: How many times as much damage there is to lines.
        at_least: Attacks of each kind, if its share is fewer.

    Example:
        >>> from pathlib import Path
        >>> from demo.simulate.scales import scale_of
        >>> Simulation(scale=scale_of("S"), seed=7, scenarios=("scalper",)).world.calendar.days
        14
    """

    scale: Scale
    seed: int
    scenarios: Collection[str]
    mess: float = 1.0
    at_least: int = 0

    @property
    def world(self) -> World:
        """Its world."""
        return World.of(self.scale, self.seed)

    def days(self, visit: Callable[[int, str, Sheet], None]) -> Plan:
        """Live through the period, and show each source's events of each day; they go once they are shown.

        Args:
            visit: Called with a day, a source and its events that arrive on it.

        Returns:
            What took place.
        """
        world = self.world
        plan, pile = Plan(world, self.scenarios, self.at_least), Pile(world, Arrivals(world, self.mess))
        for day in range(world.calendar.days):
            base.live(world, day, pile)
            strike(plan, day, pile)
            for source in COLUMNS:
                found = pile.until(source, world.calendar.begins(day + 1))
                if size(found):
                    visit(day, source, found)
        return plan


def simulate(simulation: Simulation, folder: Path, progress: Callable[[str], None] = str) -> dict[str, Any]:
    """Write a simulated platform's logs and its truth.

    Args:
        simulation: What is simulated.
        folder: A folder that is new or empty; gets ``raw``, ``truth`` and ``summary.json``.
        progress: Told of each day.

    Returns:
        The summary.

    Raises:
        SimulationError: The folder is not empty, or cannot be written to.
    """
    try:
        _prepare(folder)
        summary = _write(simulation, folder, progress)
        (folder / SUMMARY).write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise SimulationError.cannot_write(folder, error.strerror or str(error)) from error
    return summary


def _prepare(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise SimulationError.not_a_folder(folder)
    if folder.exists() and any(folder.iterdir()):
        raise SimulationError.folder_not_empty(folder)
    for name in ("raw", "truth"):
        (folder / name).mkdir(parents=True, exist_ok=True)


def _write(simulation: Simulation, folder: Path, progress: Callable[[str], None]) -> dict[str, Any]:
    world = simulation.world
    plan = Plan(world, simulation.scenarios, simulation.at_least)
    truth = Truth(folder / "truth", plan, folder / "raw")
    counts = Counts()

    def visit(day: int, source: str, one: Sheet) -> None:
        counts.add(source, one)
        made = list(_written(world, source, one, folder / "raw"))
        truth.day(source, world.calendar.date(day).isoformat(), made)
        truth.found(source, one)
        if source == "staff":
            progress(f"{world.calendar.date(day)}: {counts.total:,} events")

    try:
        plan = simulation.days(visit)
    finally:
        truth.close()
    return {
        "scale": simulation.scale.name,
        "seed": simulation.seed,
        "days": world.calendar.days,
        "scenarios": list(simulation.scenarios),
        **counts.as_data(plan),
    }


def _written(world: World, source: str, one: Sheet, raw: Path) -> list[Hour]:
    found = []
    for hour in hours(world, source, one):
        path = raw / hour.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(hour.content)
        found.append(hour)
    return found


class Counts:
    """Counts what is simulated."""

    def __init__(self) -> None:
        self.events: dict[str, int] = {}
        self.among: dict[str, int] = {}
        self.attacks: dict[str, int] = {}
        self.like: dict[str, int] = {}

    @property
    def total(self) -> int:
        """All events."""
        return sum(self.events.values())

    def add(self, source: str, one: Sheet) -> None:
        """Count events."""
        self.events[source] = self.events.get(source, 0) + size(one)
        for name, number in counted(source, one).items():
            self.among[name] = self.among.get(name, 0) + number
        for risk in RISKS:
            if risk.source == source:
                struck = int(((one["truth"] == risk.code) & (one["unit"] == 1)).sum())
                self.attacks[risk.name] = self.attacks.get(risk.name, 0) + struck
                self.like[risk.name] = self.like.get(risk.name, 0) + likeness(risk, one)

    def as_data(self, plan: Plan) -> dict[str, Any]:
        """Give the counts as data, and each attack's share of what it is among."""
        among = self.among | {"accounts": plan.world.scale.accounts + self.attacks.get("fake_accounts", 0)}
        shares = {
            risk.name: {
                "attacks": self.attacks.get(risk.name, 0),
                "hard_negatives": self.like.get(risk.name, 0),
                "among": risk.among,
                "of": among.get(risk.among, 0),
                "share": self.attacks.get(risk.name, 0) / max(among.get(risk.among, 0), 1),
                "wanted": risk.share,
            }
            for risk in RISKS
            if risk.name in plan.scenarios
        }
        return {"events": self.total, "by_source": self.events, "risks": shares}
