"""Windows at every event: eight aggregates over five windows, against what else computes them.

``python -m benchmarks.windows`` makes the events, compares the answers, prints a table, and ends with one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.agree import assert_agree
from benchmarks.events import EIGHT, SIX, WINDOWS, prepare, read_answers
from benchmarks.hours import hours
from benchmarks.measure import Measured, Runs, run_plan, shown
from benchmarks.windows_plans import PLANS, feature, out
from riskloom.tabular import as_table

if TYPE_CHECKING:
    from collections.abc import Sequence

MODULE = "benchmarks.windows"
LIMIT_S = 600
SMALL, MIDDLE, LARGE, HOT = 1_250_000, 5_000_000, 20_000_000, 3_000_000
COLUMNS = ("plan", "rows", "cpu_s", "wall_s", "us_row", "peak_gib", "parts", "times_ours")


def main(arguments: Sequence[str]) -> None:
    """Run the benchmark, or one plan of it."""
    if arguments[:1] == ["--plan"]:
        run_plan(PLANS, arguments[1:])
    options = _options(arguments)
    small, middle, large, hot = (max(2_000, int(rows * options.scale)) for rows in (SMALL, MIDDLE, LARGE, HOT))
    data = Path(options.data)
    for rows in {small, middle, *([] if options.quick else [large])}:
        prepare(data, rows)
    runs = Runs(MODULE, data, resume=options.resume)
    (small_six,) = runs.several(("ours_six",), small, options.repeats)
    small_spark = runs.one("spark_range", small, limit_s=options.limit)
    if not small_spark.lower_bound:
        _compare(data, small, "ours_six", "spark_range", SIX)
    (middle_six,) = runs.several(("ours_six",), middle, options.repeats)
    middle_spark = runs.one("spark_range", middle, limit_s=options.limit)
    ours, in_memory = runs.several(("ours", "in_memory"), middle, options.repeats)
    duckdb = runs.one("duckdb_range", middle, limit_s=options.limit)
    if not duckdb.lower_bound:
        _compare(data, middle, "ours", "duckdb_range", EIGHT)
    default_hop = runs.one("ours_default_hop", middle)
    rows = [(small_six, None), (small_spark, small_six), (middle_six, None), (middle_spark, middle_six)]
    rows += [(ours, None), (duckdb, ours), (in_memory, ours), (default_hop, ours)]
    figures = {
        "vs_spark_range_1250k": small_spark.cpu_s / small_six.cpu_s,
        "vs_spark_range_5m": middle_spark.cpu_s / middle_six.cpu_s,
        "vs_duckdb_range_5m": duckdb.cpu_s / ours.cpu_s,
        "vs_in_memory_5m": ours.cpu_s / in_memory.cpu_s,
    }
    if not options.quick:
        grown = runs.one("ours", large)
        key = runs.one("ours_hot_key", hot)
        rows += [(grown, None), (key, None)]
        figures |= {"growth_4x": grown.cpu_s / ours.cpu_s, "peak_gib_20m": grown.peak_gib}
    _report(rows, options.limit, any(run.lower_bound for run, _ in rows))
    print(hours(data, (small, middle)), "\n")
    print(json.dumps({name: round(value, 2) for name, value in figures.items()}))


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.windows", description=__doc__)
    parser.add_argument("--data", default=".riskloom/benchmarks", help="folder of events and answers")
    parser.add_argument("--scale", type=float, default=1.0, help="share of 1.25, 5 and 20 million rows")
    parser.add_argument("--quick", action="store_true", help="leave out the largest size and the single key")
    parser.add_argument("--repeats", type=int, default=3, help="interleaved runs of what is short; the median counts")
    parser.add_argument("--resume", action="store_true", help="go on where an earlier call was cut short")
    parser.add_argument("--limit", type=float, default=LIMIT_S, help="seconds after which a peer is stopped")
    return parser.parse_args(arguments)


def _compare(data: Path, rows: int, ours: str, peer: str, functions: Sequence[str]) -> None:
    """Compare each cell: integers bit for bit, floats within a millionth."""
    columns = [feature(function, window) for function in functions for window in WINDOWS]
    mine, theirs = (read_answers(out(data, plan, rows), columns) for plan in (ours, peer))
    assert_agree(mine, theirs, columns, f"{ours} and {peer}")


def _report(rows: list[tuple[Measured, Measured | None]], limit_s: float, bounds: bool) -> None:  # noqa: FBT001
    print("\nCPU seconds of the whole process tree, Spark's session start left out; layout and features included.")
    if bounds:
        print(f"A plan with > was stopped after {limit_s:.0f} s by the clock: a lower bound, its answers not compared.")
    print(as_table([shown(run, ours) for run, ours in rows], COLUMNS))
    key = [run for run, _ in rows if run.plan == "ours_hot_key"]
    if key:
        print(f"One key with {key[0].rows:,} events: {key[0].worker_gib:.2f} GiB in its worker.")
    print()


if __name__ == "__main__":
    main(sys.argv[1:])
