"""What simulating a platform costs, scale by scale: whether time grows with events alone, and memory does not.

``make bench-simulate``; ``ARGS="--scales S M"`` for others. Each scale is written twice where it is small, to hold
its bytes against each other.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import measured, run_plan
from demo.simulate.run import SUMMARY, Simulation, simulate
from demo.simulate.scales import SCALES, scale_of
from demo.simulate.scenarios import SCENARIOS
from riskloom.tabular import as_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.measure import Clock, Measured

MODULE = "benchmarks.simulate"
SEED = 7
USUAL = ("S", "M/10", "M")
_COMPARED = 400_000


def main(arguments: Sequence[str]) -> None:
    """Simulate each scale in a process of its own, and print what it cost."""
    if arguments[:1] == ["--plan"]:
        run_plan({name: partial(_plan, name) for name in (*SCALES, *USUAL)}, arguments[1:])
    parser = argparse.ArgumentParser(prog="make bench-simulate", description=__doc__)
    parser.add_argument("--scales", nargs="+", default=USUAL, choices=(*SCALES, *USUAL))
    parser.add_argument("--data", type=Path, help="a folder with room: M needs 6 GB for a while")
    asked = parser.parse_args(arguments)
    runs = {}
    for scale in asked.scales:
        with tempfile.TemporaryDirectory(dir=asked.data) as folder:
            runs[scale] = _run(Path(folder), scale)
    print(
        as_table([_shown(scale, *found) for scale, found in runs.items()], tuple(_shown("S", *runs[asked.scales[0]])))
    )
    each = {scale: run.cpu_s / events * 1e6 for scale, (run, events) in runs.items()}
    figures = {
        "us_per_event": {scale: round(value, 2) for scale, value in each.items()},
        "growth": round(each[asked.scales[-1]] / each[asked.scales[0]], 2),
        "peak_mib": round(max(run.peak_gib for run, _ in runs.values()) * 1024),
    }
    print(f"\n{json.dumps(figures)}")


def _plan(scale: str, data: Path, _: int) -> Callable[[Clock], None]:
    simulation = Simulation(scale=scale_of(scale), seed=SEED, scenarios=tuple(SCENARIOS))
    return lambda _: simulate(simulation, data / "out") and None


def _run(folder: Path, scale: str) -> tuple[Measured, int]:
    run = measured(MODULE, scale, folder, scale_of(scale).events)
    events = int(json.loads((folder / "out" / SUMMARY).read_text(encoding="utf-8"))["events"])
    if events < _COMPARED:
        first = _digest(folder / "out")
        shutil.rmtree(folder / "out")
        measured(MODULE, scale, folder, events)
        if _digest(folder / "out") != first:
            message = f"scale {scale}: the second run wrote other bytes"
            raise SystemExit(message)
    return run, events


def _digest(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found.update(str(path.relative_to(folder)).encode())
            found.update(path.read_bytes())
    return found.hexdigest()


def _shown(scale: str, run: Measured, events: int) -> dict[str, object]:
    return {
        "scale": scale,
        "events": f"{events:,}",
        "cpu_s": f"{run.cpu_s:.1f}",
        "wall_s": f"{run.wall_s:.1f}",
        "us_event": f"{run.cpu_s / events * 1e6:.1f}",
        "mib": round(run.peak_gib * 1024),
    }


if __name__ == "__main__":
    main(sys.argv[1:])
