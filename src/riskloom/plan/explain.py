"""Explain a plan: the same steps that would run, as text for people and as data for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from riskloom.plan.steps import Aggregate, Extract, Load, Materialize, Register, Select, Step, Validate, counted

if TYPE_CHECKING:
    from riskloom.plan.build import Plan


def as_text(plan: Plan) -> str:
    """Write a plan as lines: number, kind, subject, interval, what it reads and writes.

    Args:
        plan: The plan.

    Returns:
        Text without a final newline.
    """
    rows = [
        (str(number), step.kind, step.subject, str(step.interval or ""), _way(step))
        for number, step in enumerate(plan.steps, start=1)
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(4)]
    lines = [f"Plan of {plan.project}: {counted(len(rows), 'step')}."]
    for number, *cells, way in rows:
        padded = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths[1:], strict=True))
        lines.append(f"  {number.rjust(widths[0])}  {padded}  {way}")
    lines += [f"  Left out: {source}, which holds {held}." for source, held in plan.left_out.items()]
    lines += [f"  Left out: {note}" for note in plan.notes]
    return "\n".join(lines)


def as_data(plan: Plan) -> dict[str, Any]:
    """Write a plan as JSON-ready data."""
    notes = {"notes": list(plan.notes)} if plan.notes else {}
    return {
        "project": plan.project,
        "steps": [
            {
                "kind": step.kind,
                "subject": step.subject,
                "interval": str(step.interval) if step.interval else None,
                "reads": list(step.reads),
                "writes": list(step.writes),
            }
            for step in plan.steps
        ],
        "left_out": {source: str(held) for source, held in plan.left_out.items()},
        **notes,
    }


def _way(step: Step) -> str:
    return f"{', '.join(step.reads)} -> {', '.join(step.writes)}{_by(step)}"


def _by(step: Step) -> str:
    match step:
        case Load():
            how = [*step.formats, *([f"transforms/{step.transform}"] if step.transform else [])]
            return f"  ({', '.join(how)})"
        case Select():
            return f"  ({', '.join(f'{count} {reason}' for reason, count in step.reasons)})"
        case Validate():
            return f"  ({counted(step.expectations, 'expectation')}, {counted(step.row_rules, 'row rule')})"
        case Materialize():
            return "  (all anew)" if step.full else ""
        case Extract() | Aggregate() | Register():
            return ""
        case _:
            assert_never(step)
