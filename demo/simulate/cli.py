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
from demo.simulate.study.report import report

if TYPE_CHECKING:
    from collections.abc import Sequence


REPORT = "report"
_ATTACKS = 500


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a simulated platform and print its summary as the last line, or with ``report`` write a study of one."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    study = given[:1] == [REPORT]
    asked = _report_parser().parse_args(given[1:]) if study else _parser().parse_args(given)
    try:
        return _study(asked) if study else _simulate(asked)
    except SimulationError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2


def _simulate(asked: argparse.Namespace) -> int:
    simulation = Simulation(scale=scale_of(asked.scale), seed=_seed(asked.seed), scenarios=chosen(asked.scenarios))
    summary = simulate(simulation, Path(asked.out), progress=_say)
    _say(json.dumps({name: summary[name] for name in ("scale", "seed", "days", "events", "by_source")}))
    return 0


def _study(asked: argparse.Namespace) -> int:
    path = Path(asked.out)
    try:
        # Whether it can be written is known before the minute that it takes.
        path.touch()
        text = report(scale_of(asked.scale), _seed(asked.seed), asked.attacks, progress=_say)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SimulationError.cannot_write(path, error.strerror or str(error)) from error
    _say(f"wrote {path}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m demo.simulate",
        description="Write a simulated platform's raw logs, and the truth beside them.",
        epilog="python -m demo.simulate report --help: a study of rates, seasons and difficulty.",
    )
    _common(parser, "S")
    parser.add_argument("--scenarios", default="all", help=f"all, none, or some of {', '.join(SCENARIOS)}")
    parser.add_argument("--out", required=True, help="a folder that is new or empty")
    return parser


def _report_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m demo.simulate report", description="Study a simulation: rates, seasons, difficulty."
    )
    _common(parser, "M/10")
    parser.add_argument("--attacks", type=int, default=_ATTACKS, help="of each kind at least, to measure difficulty on")
    parser.add_argument("--out", default="docs/simulation.md", help="the page that is written")
    return parser


def _common(parser: argparse.ArgumentParser, scale: str) -> None:
    parser.add_argument("--scale", default=scale, help=f"one of {', '.join(SCALES)}, or a part such as M/10")
    parser.add_argument("--seed", default="7", help="a whole number; equal seeds give equal bytes")


def _seed(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise SimulationError.seed_is_no_integer(text) from None


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
