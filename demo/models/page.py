"""The page and the file of a study's results: for people in ``docs/models.md``, for machines beside the tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from demo.models.learn import BOOSTING, FOREST, LINEAR
from demo.models.measure import MEASURES
from demo.models.study import RAW
from riskloom.report.charts import Dot, dots

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from demo.models.measure import Measured
    from demo.models.online import Online
    from demo.models.study import Result

MODELS = (BOOSTING, LINEAR, FOREST, RAW)
AVERAGE = "average_precision"
LEAST_LIFT, LEAST_RISKS, LEAST_UNSEEN = 0.05, 8, 0.70
_TITLES = {"auc": "AUC", AVERAGE: "Average precision", "precision_100": "Precision at the top 100"}
_CHARTS = ("lift", "phases")


def as_data(results: list[Result], **more: object) -> dict[str, Any]:
    """Give the results for machines; ``riskloom report`` shows them by phase."""
    return {**more, "decisions": [_decision(result) for result in results]}


def _decision(result: Result) -> dict[str, Any]:
    return {
        "service": result.decision.service,
        "target": result.decision.risk,
        "labels": result.labels,
        "learned": result.learned,
        "phases": {
            _phase(phase): {
                "rows": result.tested[phase],
                "positives": result.attacks[phase],
                "models": {
                    name: {measure: _plain(found[measure]) for measure in MEASURES}
                    for name, found in result.measures.get(phase, {}).items()
                },
            }
            for phase in result.tested
        },
        "lift": _plain(lift) if (lift := lift_of(result)) else None,
        "before_labels": result.unseen and {"positives": result.unseen_attacks, "auc": _plain(result.unseen["auc"])},
        "importance": importance_of(result),
    }


def _phase(phase: int) -> str:
    return f"phase {phase}" if phase else "all"


def _plain(found: Measured) -> list[float]:
    return [round(value, 4) for value in (found.value, found.low, found.high)]


def lift_of(result: Result, phase: int = 0) -> Measured | None:
    """Give the average precision that features add to the event's own fields; None where nothing was learned."""
    found = result.measures.get(phase, {})
    return found[BOOSTING].lift(found[RAW], AVERAGE) if BOOSTING in found else None


def importance_of(result: Result) -> dict[str, float]:
    """Give what the boosting splits by most; nothing where nothing was learned."""
    return result.models[BOOSTING].importance() if BOOSTING in result.models else {}


def verdict(results: list[Result]) -> dict[str, Any]:
    """Say what of the aims is reached: risks that features help with, and late attacks found before any label."""
    lifts = {(one.decision.service, one.decision.risk): lift_of(one) for one in results}
    helped = {
        risk for (_, risk), lift in lifts.items() if lift is not None and lift.value >= LEAST_LIFT and lift.low > 0
    }
    return {
        "risks_lifted": sorted(helped),
        "late": {one.decision.risk: _plain(one.unseen["auc"]) for one in results if one.unseen is not None},
    }


def write(folder: Path, results: list[Result], introduction: str, scored: Sequence[Online] = ()) -> None:
    """Write ``models.md`` and its plots.

    Args:
        folder: The folder of the documentation.
        results: Of all decisions.
        introduction: What stands before the tables.
        scored: What was scored online, too.
    """
    images = folder / "models"
    images.mkdir(exist_ok=True)
    for name, chart in zip(_CHARTS, (_lift_chart(results), _phase_chart(results)), strict=True):
        (images / f"{name}.svg").write_text(chart + "\n", encoding="utf-8")
    (folder / "models.md").write_text("\n".join([introduction, _body(results), *_online(scored)]), encoding="utf-8")


def _body(results: list[Result]) -> str:
    found = verdict(results)
    risks = {one.decision.risk for one in results}
    lines = [
        "## What features add",
        "",
        "Average precision of LightGBM on the event's own fields and the service's features, less that of the same",
        "model on the event's own fields alone, on the same later events.",
        "",
        "![Lift by attack](models/lift.svg)",
        "",
        (
            f"Of {len(risks)} attacks {len(found['risks_lifted'])} gain at least {LEAST_LIFT} with the interval above "
            f"0: {', '.join(found['risks_lifted'])}."
        ),
        "",
        *_table(
            ("service", "attack", "labels", "attacks later", "with features", "own fields", "lift", "splits by"),
            [_lift_row(one) for one in results],
        ),
        "",
        "## A new attack",
        "",
        *[_unseen(one) for one in results if not one.labels],
        "",
    ]
    for name in MEASURES:
        lines += [f"## {_TITLES[name]}, by phase", ""]
        if name == AVERAGE:
            lines += ["![Average precision by phase](models/phases.svg)", ""]
        lines += [*_table(("service", "attack", "phase", *MODELS), _phase_rows(results, name)), ""]
    return "\n".join(lines)


def _online(scored: Sequence[Online]) -> list[str]:
    if not scored:
        return []
    columns = tuple(scored[0].as_data())
    rows = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in one.as_data().values()] for one in scored]
    return [
        "## Scored online",
        "",
        "The newest events of each service, scored with features that were read online at each event's own instant,",
        "and with those of the training set. States are cut at the first event, then the clock runs from one to the",
        "next; it stops to cut them anew (`stops`) before a key may have more events than a state keeps. `largest` is",
        "the largest difference of two scores, of any model.",
        "",
        *_table(columns, rows),
        "",
    ]


def _lift_row(one: Result) -> list[str]:
    found, lift = one.measures.get(0, {}), lift_of(one)
    cells = [one.decision.service, one.decision.risk, f"{one.labels:,}", f"{one.attacks[0]:,}"]
    if lift is None:
        return [*cells, "-", "-", "too few labels", "-"]
    best = ", ".join(f"`{name}`" for name in importance_of(one))
    return [*cells, *(f"{found[name][AVERAGE].value:.3f}" for name in (BOOSTING, RAW)), _signed(lift), best]


def _signed(lift: Measured) -> str:
    return f"{lift.value:+.3f} ({lift.low:+.3f} to {lift.high:+.3f})"


def _unseen(one: Result) -> str:
    if one.unseen is None:
        return (
            f"Nothing is known of `{one.decision.risk}` by the cut, and too little of it came before its first label."
        )
    return (
        f"No label of `{one.decision.risk}` is known by the cut. Between the cut and its first label there are "
        f"{one.unseen_attacks} attacks among {one.unseen_rows:,} events; the isolation forest ranks them with an AUC "
        f"of {one.unseen['auc']}, and those of all later events with {one.measures[0][FOREST]['auc']}."
    )


def _phase_rows(results: list[Result], name: str) -> list[list[str]]:
    return [
        [
            one.decision.service,
            one.decision.risk,
            _phase(phase),
            *(str(found[model][name]) if model in found else "-" for model in MODELS),
        ]
        for one in results
        for phase, found in one.measures.items()
    ]


def _table(head: tuple[str, ...], rows: list[list[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def _lift_chart(results: list[Result]) -> str:
    rows = [
        Dot(label=_named(one), value=lift.value, low=lift.low, high=lift.high)
        for one in results
        if (lift := lift_of(one)) is not None
    ]
    return dots(rows, "Average precision that features add to the event's own fields", low=-0.25, high=0.75)


def _phase_chart(results: list[Result]) -> str:
    phases = sorted({phase for one in results for phase in one.measures if phase})
    rows = [
        Dot(label=_named(one), value=found.value, low=found.low, high=found.high, series=phases.index(phase))
        for one in results
        for phase in phases
        if BOOSTING in one.measures.get(phase, {})
        for found in [one.measures[phase][BOOSTING][AVERAGE]]
    ]
    return dots(rows, "Average precision of LightGBM, by phase", [f"phase {phase}" for phase in phases])


def _named(one: Result) -> str:
    return f"{one.decision.risk}, {one.decision.service.removesuffix('_risk_v1')}"


def save(path: Path, data: dict[str, Any]) -> None:
    """Write the results for machines."""
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
