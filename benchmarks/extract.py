"""Extraction: mixed lines to typed Parquet, with nothing and with every guarantee on, against what else parses them.

``python -m benchmarks.extract`` writes the lines, compares the answers, prints a table, and ends with one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from benchmarks.extract_lines import COLUMNS, MEGABYTE, write_lines
from benchmarks.extract_plans import PLANS, answer
from benchmarks.measure import Measured, measured, run_plan
from riskloom.tabular import as_table

if TYPE_CHECKING:
    from collections.abc import Sequence

MODULE = "benchmarks.extract"
CLEAN_MB, DAMAGE = 20, 0.01
PARSERS = ("ours_parse", "spark_functions", "duckdb_parse")


def main(arguments: Sequence[str]) -> None:
    """Run the benchmark, or one plan of it."""
    if arguments[:1] == ["--plan"]:
        run_plan(PLANS, arguments[1:])
    parser = argparse.ArgumentParser(prog=MODULE, description=__doc__)
    parser.add_argument("--data", default=".riskloom/benchmarks", help="folder of lines and answers")
    parser.add_argument("--mb", type=int, default=1000, help="megabytes of the log that plans are compared on")
    parser.add_argument("--quick", action="store_true", help="leave out the log that is four times as large")
    options = parser.parse_args(arguments)
    data = Path(options.data)
    _compare(data, options.mb)
    runs = {plan: _run(data, plan, options.mb) for plan in (*PARSERS, "ours_full")}
    less = max(1, options.mb // (4 if options.quick else 5))
    small, full = _run(data, "ours_full", less), runs["ours_full"]
    rows = [*((run, options.mb) for run in runs.values()), (small, less)]
    peaks, growth = [small.worker_gib, full.worker_gib], full.cpu_s / small.cpu_s
    if not options.quick:
        large = _run(data, "ours_full", 4 * options.mb)
        rows.append((large, 4 * options.mb))
        peaks.append(large.worker_gib)
        # Between large sizes a session's start does not flatter.
        growth = large.cpu_s / full.cpu_s
    print(
        as_table(
            [_shown(run, size) for run, size in rows],
            ("plan", "lines", "mb", "cpu_s", "mb_cpu_s", "worker_mib", "wall_s"),
        )
    )
    parse = runs["ours_parse"].cpu_s
    print("\nWhat the guarantees cost, step by step, beside parse and write alone:")
    steps = {"parse and write alone": parse, **full.parts}
    print(as_table([{"step": name, "cpu_s": f"{cpu:.1f}"} for name, cpu in steps.items()], ("step", "cpu_s")))
    figures = {
        "vs_spark_functions_parse": round(runs["spark_functions"].cpu_s / parse, 2),
        "vs_spark_functions_full": round(runs["spark_functions"].cpu_s / full.cpu_s, 2),
        "vs_duckdb_parse": round(runs["duckdb_parse"].cpu_s / parse, 2),
        "growth_4x": round(growth, 2),
        "peak_worker_mib": round(max(peaks) * 1024),
    }
    print(f"\n{json.dumps(figures)}")


def _run(data: Path, plan: str, megabytes: int) -> Measured:
    path = write_lines(data, megabytes, damage=DAMAGE)
    return measured(MODULE, plan, path.parents[1], _count(path))


def _count(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(MEGABYTE), b""))


def _shown(run: Measured, megabytes: int) -> dict[str, object]:
    return {
        "plan": run.plan,
        "lines": f"{run.rows:,}",
        "mb": megabytes,
        "cpu_s": f"{run.cpu_s:.1f}",
        "mb_cpu_s": f"{megabytes / run.cpu_s:.1f}",
        "worker_mib": round(run.worker_gib * 1024),
        "wall_s": f"{run.wall_s:.1f}",
    }


def _compare(data: Path, most: int) -> None:
    """Hold the answers on lines without damage against each other, column by column."""
    path = write_lines(data, min(CLEAN_MB, most), damage=0.0)
    lines = _count(path)
    sums = {}
    for plan in PARSERS:
        measured(MODULE, plan, path.parents[1], lines)
        sums[plan] = _sums(answer(path.parents[1], plan))
    ours = sums[PARSERS[0]]
    for plan, its in sums.items():
        different = [name for name, value in its.items() if value != ours[name]]
        if different:
            message = f"{plan} answers otherwise than {PARSERS[0]} in {', '.join(different)}"
            raise SystemExit(message)
    print(f"The answers of {', '.join(PARSERS)} on {lines:,} lines agree in all {len(ours)} sums.\n")


def _sums(folder: Path) -> dict[str, object]:
    """Give the rows, and of each column how many values there are and the sum of their hashes."""
    parts = ["count(*) AS rows", "sum(epoch_us(event_ts)) AS event_ts"]
    for name in COLUMNS:
        parts += [
            f"count({name}) AS {name}_values",
            f"sum(hash({name})::HUGEINT) FILTER ({name} IS NOT NULL) AS {name}_hashes",
        ]
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    cursor = connection.execute(f"SELECT {', '.join(parts)} FROM read_parquet('{folder}/*.parquet')")
    names = [column[0] for column in cursor.description or ()]
    return dict(zip(names, cursor.fetchone() or (), strict=True))


if __name__ == "__main__":
    main(sys.argv[1:])
