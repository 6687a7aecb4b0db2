"""The command: ``python -m demo.simulate``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from demo.simulate.errors import SimulationError
from demo.simulate.run import Simulation, simulate
from demo.simulate.scales import SCALES, scale_of
from demo.simulate.scenarios import SCENARIOS, chosen

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a simulated platform, and print its summary as the last line."""
    asked = _parser().parse_args(arguments)
    try:
        simulation = Simulation(scale=scale_of(asked.scale), seed=_seed(asked.seed), scenarios=chosen(asked.scenarios))
        summary = simulate(simulation, Path(asked.out), progress=_say)
    except SimulationError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    _say(json.dumps({name: summary[name] for name in ("scale", "seed", "days", "events", "by_source")}))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m demo.simulate",
        description="Write a simulated platform's raw logs, and the truth beside them.",
    )
    parser.add_argument("--scale", default="S", help=f"one of {', '.join(SCALES)}, or a part such as M/10")
    parser.add_argument("--seed", default="7", help="a whole number; equal seeds give equal bytes")
    parser.add_argument("--scenarios", default="all", help=f"all, none, or some of {', '.join(SCENARIOS)}")
    parser.add_argument("--out", required=True, help="a folder that is new or empty")
    return parser


def _seed(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise SimulationError.seed_is_no_integer(text) from None


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
