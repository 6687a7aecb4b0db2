"""Replay: which quarantined lines can be loaded again, by the interval of the run that quarantined them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from riskloom.extract.files import stretch
from riskloom.extract.quarantined import Quarantined, quarantined
from riskloom.lake import ops
from riskloom.lake.paths import Lake
from riskloom.lake.standing import amends
from riskloom.plan import build_replay
from riskloom.plan.steps import counted

if TYPE_CHECKING:
    from collections.abc import Collection

    from riskloom.declare import EventSource
    from riskloom.extract.again import Place
    from riskloom.intervals import Interval
    from riskloom.lake.ops import RunRecord
    from riskloom.plan import Plan
    from riskloom.project import Project


@dataclass(frozen=True, slots=True)
class Found:
    """Quarantined lines by interval.

    Attributes:
        quarantined: The lines of the source.
        places: Those of each interval whose run published its events.
        contents: Hashes of each interval's files.
        left_out: What cannot be replayed, and why, in sentences.
    """

    quarantined: Quarantined
    places: dict[Interval, list[Place]] = field(default_factory=dict)
    contents: dict[Interval, list[str]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


def plan_replay(
    project: Project,
    source: str,
    reason: str | None = None,
    interval: Interval | None = None,
    kinds: Collection[str] | None = None,
) -> Plan:
    """Plan a replay of a source's quarantined lines.

    Args:
        project: What is declared.
        source: Name of the source.
        reason: A reason's code, with or without the field behind it; None for all.
        interval: Lines of runs whose interval shares an instant with it; None for all.
        kinds: Kinds of step to keep; all where None.

    Returns:
        The plan, without a step where there is nothing to replay; nothing has been touched.

    Raises:
        ProjectError: There is no such source.
    """
    project.source(source)
    lines = found(project, source, reason)
    reasons = {
        own: _reasons(lines, places)
        for own, places in lines.places.items()
        if interval is None or own.overlaps(interval)
    }
    notes = [*lines.left_out]
    if not reasons:
        notes.insert(0, _nothing(source, reason, lines.quarantined.left))
    return build_replay(project, source, reasons, reason, kinds=kinds, notes=tuple(notes))


def found(project: Project, source: str, reason: str | None = None) -> Found:
    """Find a source's quarantined lines, and the interval to which each belongs.

    A line belongs to the newest run that read its file. Of an interval that was held nothing is published: its lines
    wait, as its events do, until it is run again.
    """
    declared, lake = project.source(source), Lake(project.settings.lake)
    lines = quarantined(lake, source, reason)
    runs = amends(ops.runs(lake), source)
    owners = {file_hash: _owner(declared, file.file, runs) for file_hash, file in lines.contents.items()}
    places: dict[Interval, list[Place]] = {}
    waiting: Counter[str] = Counter()
    for place in sorted(lines.reasons):
        owner = owners[place[0]]
        if owner is not None and owner.status == "passed":
            places.setdefault(owner.interval, []).append(place)
        else:
            waiting["no run of it is recorded" if owner is None else f"the run of {owner.interval} was held"] += 1
    contents: dict[Interval, list[str]] = {}
    for file_hash, owner in owners.items():
        if owner is not None:
            contents.setdefault(owner.interval, []).append(file_hash)
    left_out = [
        f"{counted(count, 'line')} of {source}, since {why}. Run the interval: it reads them as well."
        for why, count in waiting.items()
    ]
    if lines.gone:
        left_out.append(f"{counted(lines.gone, 'line')} of {source}, which bronze has no more.")
    return Found(lines, places, contents, tuple(left_out))


def _owner(source: EventSource, file: str, runs: list[RunRecord]) -> RunRecord | None:
    """Give the newest run that read a file."""
    held = stretch(source, file)
    return next((run for run in runs if held is None or held.overlaps(run.interval)), None)


def _reasons(lines: Found, places: list[Place]) -> Counter[str]:
    return sum((lines.quarantined.reasons[place] for place in places), Counter())


def _nothing(source: str, reason: str | None, left: Counter[str]) -> str:
    asked = f" as {reason!r}" if reason else ""
    others = ", ".join(f"{count} {name}" for name, count in sorted(left.items()))
    there = f" There is: {others}." if others else ""
    return f"nothing of {source} that a replay could load is quarantined{asked}.{there}"
