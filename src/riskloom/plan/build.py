"""Build a plan: the steps that bring a stretch of data from raw files to online features."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from riskloom.errors import PlanError
from riskloom.intervals import Interval
from riskloom.plan.steps import KINDS, Aggregate, Extract, Load, Materialize, Register, Step, Validate

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from riskloom.declare import EventSource
    from riskloom.project import Project

# Steps that take what an earlier step of the same run hands over.
_NEEDS = {Load.kind: Extract.kind, Validate.kind: Load.kind}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The steps of one run, in the order in which they run.

    Attributes:
        project: Name of the project.
        intervals: The stretch of data of each source that takes part.
        steps: What is done.
        left_out: Sources that hold nothing of the asked interval, with what they hold.
        notes: What else is not done, and why, in sentences.
    """

    project: str
    intervals: Mapping[str, Interval]
    steps: tuple[Step, ...]
    left_out: Mapping[str, Interval]
    notes: tuple[str, ...] = ()


def build(
    project: Project,
    interval: Interval | Mapping[str, Interval],
    *,
    sources: Collection[str] | None = None,
    kinds: Collection[str] | None = None,
    full: bool = False,
) -> Plan:
    """Build the plan for a stretch of data.

    Args:
        project: What is declared.
        interval: One stretch for all sources, or one for each source that takes part.
        sources: Names of the sources that take part; all where None.
        kinds: Kinds of step to keep, of ``KINDS``; all where None.
        full: Write all online states anew, and not those of changed entities alone.

    Returns:
        The plan; nothing has been touched.

    Raises:
        ProjectError: A source is unknown.
        PlanError: A kind is unknown, or no source holds anything of the interval.
    """
    _check_kinds(kinds or ())
    wanted = [project.source(name) for name in (sources if sources is not None else project.sources)]
    intervals, left_out = _intervals(wanted, interval)
    if not intervals:
        raise PlanError.nothing_to_do(interval, left_out)
    steps = tuple(step for step in _steps(project, intervals) if kinds is None or step.kind in kinds)
    if full:
        steps = tuple(replace(step, full=True) if isinstance(step, Materialize) else step for step in steps)
    return Plan(project=project.settings.name, intervals=intervals, steps=steps, left_out=left_out)


def _check_kinds(kinds: Collection[str]) -> None:
    for kind in kinds:
        if kind not in KINDS:
            raise PlanError.unknown_kind(kind, KINDS)
        if _NEEDS.get(kind, kind) not in kinds:
            raise PlanError.missing_step(kind, _NEEDS[kind])


def _intervals(
    sources: list[EventSource], interval: Interval | Mapping[str, Interval]
) -> tuple[dict[str, Interval], dict[str, Interval]]:
    """Cut the asked interval to what each source holds."""
    taken: dict[str, Interval] = {}
    left_out: dict[str, Interval] = {}
    for source in sources:
        asked = interval if isinstance(interval, Interval) else interval.get(source.name)
        if asked is None:
            continue
        held = source.span
        if held is None:
            taken[source.name] = asked
        elif asked.overlaps(held):
            taken[source.name] = Interval(max(asked.start, held.start), min(asked.end, held.end))
        else:
            left_out[source.name] = held
    return taken, left_out


def _steps(project: Project, intervals: Mapping[str, Interval]) -> Iterator[Step]:
    for name, interval in intervals.items():
        source = project.sources[name]
        yield Extract(source=name, interval=interval, files=source.files)
        yield from ingest(project, source, interval)
    yield from refresh(project, intervals)


def ingest(project: Project, source: EventSource, interval: Interval) -> Iterator[Step]:
    """Give the steps from lines that were chosen to published events."""
    suite = project.suite(source.name)
    formats = tuple(type(one).__name__ for one in source.formats)
    yield Load(source=source.name, interval=interval, transform=source.transform, formats=formats)
    yield Validate(
        source=source.name,
        interval=interval,
        expectations=len(suite.expectations) if suite else 0,
        row_rules=len(suite.rows) if suite else 0,
    )


def refresh(project: Project, intervals: Mapping[str, Interval]) -> Iterator[Step]:
    """Give the steps that follow from what sources published: gold tables, Feast's registry, online states."""
    views = [view for name in intervals for view in project.views_of(name)]
    for view in views:
        yield Aggregate(view=view.name, source=view.source.name, interval=intervals[view.source.name])
    if views:
        yield Register(project=project.settings.name, views=tuple(project.views), services=tuple(project.services))
    for view in views:
        yield Materialize(view=view.name, interval=intervals[view.source.name])
