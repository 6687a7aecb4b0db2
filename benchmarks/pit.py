"""Point-in-time join: a spine against three plain views, beside Feast's Spark store, DuckDB and Polars.

``python -m benchmarks.pit`` makes the data, compares the answers, prints a table, and ends with one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.measure import Runs, run_plan, shown
from benchmarks.pit_plans import FEATURES, PLANS, VIEWS, out, prepare
from riskloom.tabular import as_table

if TYPE_CHECKING:
    from collections.abc import Sequence

MODULE = "benchmarks.pit"
LIMIT_S = 600
SPINE = 1_000_000
COLUMNS = ("plan", "rows", "cpu_s", "wall_s", "us_row", "peak_gib", "parts", "times_ours")


def main(arguments: Sequence[str]) -> None:
    """Run the benchmark, or one plan of it."""
    if arguments[:1] == ["--plan"]:
        run_plan(PLANS, arguments[1:])
    options = _options(arguments)
    rows, data = max(1_000, int(SPINE * options.scale)), Path(options.data)
    prepare(data, rows)
    runs = Runs(MODULE, data, resume=options.resume)
    ours, duckdb, skewed = runs.several(("ours", "duckdb_asof", "ours_skewed"), rows, options.repeats)
    kept = runs.one("ours_kept", rows)
    in_process, polars = runs.several(("ours_in_process", "polars_join_asof"), rows, options.repeats)
    feast = runs.one("feast_spark", rows, limit_s=LIMIT_S)
    for plan in ("duckdb_asof", "polars_join_asof", "ours_in_process", *([] if feast.lower_bound else ["feast_spark"])):
        _compare(data, rows, plan)
    print("\nCPU seconds of the whole process tree, Spark's session start left out. Every plan reads the same Delta")
    print(
        "files, in no layout of ours, and the spine from Parquet; through Spark or DuckDB it writes Parquet, in process"
    )
    print("nothing. What is kept has a hash a row, a copy of the spine and a manifest besides.")
    table = [(ours, None), (skewed, ours), (kept, ours), (duckdb, ours), (feast, ours)]
    table += [(in_process, None), (polars, in_process)]
    print(as_table([shown(run, beside) for run, beside in table], COLUMNS), "\n")
    figures = {
        "vs_feast_spark": feast.cpu_s / ours.cpu_s,
        "over_duckdb_asof": ours.cpu_s / duckdb.cpu_s,
        "skew_over_uniform": skewed.cpu_s / ours.cpu_s,
        "in_process_over_polars": in_process.cpu_s / polars.cpu_s,
    }
    print(json.dumps({name: round(value, 2) for name, value in figures.items()}))


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.pit", description=__doc__)
    parser.add_argument("--data", default=".riskloom/benchmarks", help="folder of rows and answers")
    parser.add_argument(
        "--scale", type=float, default=1.0, help="share of a million spine rows, and of five million a view"
    )
    parser.add_argument("--resume", action="store_true", help="go on where an earlier call was cut short")
    parser.add_argument("--repeats", type=int, default=3, help="interleaved runs of what is short; the median counts")
    return parser.parse_args(arguments)


def _compare(data: Path, rows: int, peer: str) -> None:
    """Compare each cell, bit for bit: nothing is computed, only chosen."""
    columns = [f"{view}__{name}" for view in VIEWS for name in FEATURES]
    mine, theirs = (_read(out(data, plan, rows), columns) for plan in ("ours", peer))
    for column in columns:
        left, right = (side.column(column) for side in (mine, theirs))
        if not pc.all(pc.equal(left.is_null(), right.is_null())).as_py() or not np.array_equal(
            *(pc.fill_null(side, 0).to_numpy() for side in (left, right))
        ):
            message = f"{column}: ours and {peer} differ"
            raise AssertionError(message)
    print(f"  ours and {peer} agree in all {rows:,} rows of {len(columns)} columns", file=sys.stderr)


def _read(path: Path, columns: Sequence[str]) -> pa.Table:
    parts = [pq.ParquetFile(file).read(["row", *columns]) for file in sorted(path.rglob("*.parquet"))]
    return pa.concat_tables(parts).sort_by("row")


if __name__ == "__main__":
    main(sys.argv[1:])
