"""``python -m demo.models``, what ``make models`` runs: models, the page about them, online scores beside them."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from demo.models import page
from demo.models.decisions import DECISIONS
from demo.models.online import Online, score_online
from demo.models.study import study
from demo.models.world import WORLD, cut_of, project_of, summary_of
from demo.simulate.calendar import Calendar
from riskloom.intervals import to_datetime
from riskloom.store.register import register
from riskloom.tabular import as_table

if TYPE_CHECKING:
    from demo.models.study import Result

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".riskloom" / "models"
RESULTS = "models.json"


def main() -> int:
    """Train, test, score online, and write the page where all of it was done."""
    parser = argparse.ArgumentParser(prog="python -m demo.models", description=__doc__)
    parser.add_argument("--seed", type=int, default=WORLD.seed, help="of the world; the page is of the default")
    parser.add_argument("--online", action="store_true", help="score with features read online, too")
    parser.add_argument("--service", action="append", help="only this service, such as order_risk_v1; may be repeated")
    options = parser.parse_args()
    asked = options.service
    if asked and (unknown := set(asked) - {decision.service for decision in DECISIONS}):
        parser.error(f"no model is trained for {', '.join(sorted(unknown))}")
    begun, cut, world = time.process_time(), cut_of(WORLD), replace(WORLD, seed=options.seed)
    folder = FOLDER if world == WORLD else FOLDER.with_name(f"models-{world.seed}")
    project = project_of(ROOT, folder, world, asked or ())
    print(f"world and tables: {time.process_time() - begun:.0f} CPU s", flush=True)
    decisions = [decision for decision in DECISIONS if not asked or decision.service in asked]
    results: list[Result] = []
    scored: list[Online] = []
    if options.online:
        register(project)
    for made, found in study(project, folder / "world", Calendar.of(WORLD.scale), cut, decisions):
        results += found
        print(as_table([row(one) for one in found], tuple(row(found[0]))), flush=True)
        if options.online:
            scored.append(score_online(project, made, found, cut))
            print(as_table([scored[-1].as_data()], tuple(scored[-1].as_data())), flush=True)
    data = page.as_data(results, cut=to_datetime(cut).isoformat(), online=[one.as_data() for one in scored])
    page.save(project.settings.state / RESULTS, data)
    if not asked and world == WORLD:
        introduction = (Path(__file__).parent / "introduction.md").read_text(encoding="utf-8")
        told = introduction.format(events=summary_of(folder)["events"], cut=f"{to_datetime(cut):%d %B %Y, %H:%M}")
        page.write(ROOT / "docs", results, told, scored)
    largest = max((one.largest for one in scored), default=None)
    print(
        json.dumps(
            {
                **page.verdict(results),
                "largest_score_difference": largest,
                "cpu_s": round(time.process_time() - begun, 1),
            }
        )
    )
    return 0


def row(one: Result) -> dict[str, object]:
    """Give a decision's figures over all later events, for people."""
    lift = page.lift_of(one)
    found = {name: str(measures[page.AVERAGE]) for name, measures in one.measures.get(0, {}).items()}
    named = {"service": one.decision.service, "attack": one.decision.risk, "labels": one.labels}
    return {**named, **{name: found.get(name) for name in page.MODELS}, "lift": None if lift is None else str(lift)}


if __name__ == "__main__":
    sys.exit(main())
