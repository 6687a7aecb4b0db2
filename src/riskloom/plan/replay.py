"""Build the plan of a replay: quarantined lines through load, gate and publish, and all that follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskloom.intervals import covering
from riskloom.plan.build import Plan, ingest, refresh
from riskloom.plan.steps import Select

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from riskloom.intervals import Interval
    from riskloom.project import Project


def build_replay(
    project: Project,
    source: str,
    reasons: Mapping[Interval, Mapping[str, int]],
    reason: str | None = None,
    *,
    kinds: Collection[str] | None = None,
    notes: tuple[str, ...] = (),
) -> Plan:
    """Build the plan of a replay, an interval after the other as their runs were.

    Args:
        project: What is declared.
        source: Name of the source.
        reasons: The intervals, with how many units of each are quarantined for which reason.
        reason: The reason that was asked for; None for all.
        kinds: Kinds of step to keep; all where None.
        notes: What is not replayed, and why, in sentences.

    Returns:
        The plan, without a step where there is no interval; nothing has been touched.
    """
    declared, steps = project.source(source), []
    for interval in sorted(reasons):
        select = Select(
            source=source, interval=interval, reason=reason, reasons=tuple(sorted(reasons[interval].items()))
        )
        steps += [select, *ingest(project, declared, interval)]
    if reasons:
        steps += refresh(project, {source: covering(reasons)})
    kept = tuple(step for step in steps if kinds is None or step.kind in kinds)
    intervals = {source: covering(reasons)} if reasons else {}
    return Plan(project=project.settings.name, intervals=intervals, steps=kept, left_out={}, notes=notes)
