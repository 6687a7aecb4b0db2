"""The demo's driver: ``python -m demo``, what ``make demo`` runs.

Each source's whole span is one wide interval, each DAG runs in this process, and the last line is one JSON object.
With ``--scale S`` it works on a simulated platform instead of the shipped logs.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from demo.examples import Example, p50, show
from demo.pipeline import Outcome, run_dags
from demo.simulate.errors import SimulationError
from demo.simulated import run_simulated, simulation_of
from riskloom import Project
from riskloom.errors import RiskloomError
from riskloom.run.status import status_of
from riskloom.tabular import as_table

ROOT = Path(__file__).resolve().parents[1]
COUNTS = ("lines_in", "record", "continuation", "blank", "header", "ignored")
_SHOWN = 30
# Of the entity with the most. A service of hundreds of features asks much that is never true of one customer at once.
_LEAST = 0.25
UNITS = ("records", "extra_events", "published", "duplicates", "quarantined", "held")


def main() -> int:
    """Run the demo, print what came out, and say whether it is as it must be."""
    parser = argparse.ArgumentParser(prog="python -m demo", description="Raw logs to served features.")
    parser.add_argument("--scale", help="simulate a platform of this scale, such as S, and work on that")
    scale = parser.parse_args().scale
    if scale:
        project, outcome = run_simulated(ROOT, simulation_of(scale), say)
    else:
        project = Project.load(ROOT)
        outcome = run_dags(project)
    return show_all(project, outcome)


def show_all(project: Project, outcome: Outcome) -> int:
    """Print what a run made of a project's data, and say whether it is as it must be."""
    say("\nWhat each source became:")
    say(as_table([record.as_data() for record in outcome.records.values()], ("source", *COUNTS, *UNITS)))
    examples = [show(project, service) for service in project.services]
    faults = [*outcome.faults, *(fault for example in examples for fault in print_example(example))]
    say("\nWhat each service costs, and whether training and online agree:")
    rows = [example.as_data() for example in examples]
    say(as_table(rows, tuple(rows[0])))
    say(f"\nData Docs: {outcome.data_docs}")
    for fault in faults:
        say(f"FAILED: {fault}")
    say(json.dumps(summary(project, outcome, examples)))
    return 1 if faults else 0


def print_example(example: Example) -> list[str]:
    """Print one service's answer beside its training row, and give what is wrong with it."""
    keys = ", ".join(f"{name}={value}" for name, value in example.keys.items())
    say(f"\n{example.service}: {example.training_rows:,} training rows. Online, for {keys}:")
    instants = sorted(set(example.parity.instants.values()))
    rows = [
        {
            "feature": name,
            "online": plain(value),
            "training": plain(example.training[name]),
            "status": example.statuses[name],
        }
        for name, value in example.online.items()
    ]
    say(as_table(rows[:_SHOWN], ("feature", "online", "training", "status")))
    if len(rows) > _SHOWN:
        say(f"... and {len(rows) - _SHOWN} more features.")
    say(f"Read at the watermark, {' and '.join(instants)}: {example.non_zero} of {len(rows)} features are non-zero.")
    differing = example.parity.differing
    faults = [f"{example.service}: {name} of {keys} differs from the training row" for keys, name in differing[:3]]
    if len(differing) > len(faults):
        faults.append(f"{example.service}: {len(differing) - len(faults):,} more values differ")
    if example.non_zero < len(rows) * _LEAST:
        faults.append(f"{example.service}: less than {_LEAST:.0%} of its features are non-zero")
    return faults


def plain(value: object) -> object:
    """Round a float for people; the comparison is of the whole value."""
    return f"{value:.4g}" if isinstance(value, float) else value


def summary(project: Project, outcome: Outcome, examples: list[Example]) -> dict[str, object]:
    """Give the demo's last line."""
    totals = {name: sum(getattr(record, name) for record in outcome.records.values()) for name in (*COUNTS, *UNITS)}
    return {
        **totals,
        "tables": len(status_of(project)["tables"]),
        "features": sum(len(view.features) for view in project.views.values()),
        "views": len(project.views),
        "training_rows": sum(example.training_rows for example in examples),
        "online_ms_p50": p50(examples),
        "keys_compared": sum(len(example.parity.keys) for example in examples),
        "values_differing": sum(len(example.parity.differing) for example in examples),
        "data_docs": str(outcome.data_docs),
    }


def say(text: str) -> None:
    """Print a line at once: the demo is watched."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (RiskloomError, SimulationError) as error:
        sys.exit(f"error: {error}")
