"""The window kernel alone: eight aggregates over five windows at every event, in memory, beside Polars and DuckDB.

``python -m benchmarks.kernel`` compares the answers on a part of the events, prints microseconds a row of all forty
features, and ends with one line of JSON. Events come sorted by key and time, and the answers are left in memory.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.agree import assert_agree
from benchmarks.events import EIGHT, WINDOWS, batches, view
from benchmarks.measure import measured, medians, run_plan, shown
from benchmarks.windows_plans import feature, framed
from riskloom.tabular import as_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.measure import Clock

    Work = Callable[[Clock], None]
    Answer = Callable[[], pa.Table]

MODULE = "benchmarks.kernel"
COLUMNS = ("plan", "rows", "cpu_s", "wall_s", "us_row", "peak_gib", "times_ours")
NAMES = [feature(function, window) for function in EIGHT for window in WINDOWS]
LIMIT_S = 600


def sorted_events(folder: Path, rows: int, *, hot: bool = False) -> pa.Table:
    """Read the events by key and time; they are made and sorted once."""
    path = folder / f"{'hot' if hot else 'sorted'}-{rows}.parquet"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        events = pa.concat_tables(batches(rows, hot=hot))
        order = pc.sort_indices(events, sort_keys=[(name, "ascending") for name in ("user_id", "event_ts", "event_id")])
        pq.write_table(events.take(order), path)
    return pq.read_table(path)


def ours(hop: str | None = "1us", amount: pa.DataType | None = None, *, hot: bool = False) -> Callable[..., Work]:
    """Our kernel; with another hop, amounts as doubles, or one key."""

    def answer(folder: Path, rows: int) -> Answer:
        from riskloom.windows import compute

        events = sorted_events(folder, rows, hot=hot)
        declared = view(EIGHT, hop, "int64" if amount is None else "float64")
        if amount is not None:
            place = events.column_names.index("amount")
            events = events.set_column(place, "amount", events.column("amount").cast(amount))
        spine = events.select(["user_id", "event_ts"]).rename_columns(["user_id", "at"])
        few = events.slice(0, 10), spine.slice(0, 10)
        compute(declared, *few)  # what is compiled is read from disk before the clock starts
        return lambda: compute(declared, events, spine)

    return _plan(answer)


def polars_rolling(folder: Path, rows: int) -> Answer:
    """Polars: one rolling group a window."""
    import polars as pl

    events = pl.from_arrow(sorted_events(folder, rows)).set_sorted("user_id")
    amount, device = pl.col("amount"), pl.col("device")
    made = {
        "count": pl.len().cast(pl.Int64),
        "sum": amount.sum(),
        "mean": amount.mean(),
        "min": amount.min(),
        "max": amount.max(),
        "stddev": amount.std(),
        "last": amount.last(),
        "count_distinct": device.n_unique().cast(pl.Int64),
    }

    def work() -> pa.Table:
        parts = []
        for window in WINDOWS:
            named = [made[function].alias(feature(function, window)) for function in EIGHT]
            rolled = events.rolling("event_ts", period=window, closed="left", group_by="user_id").agg(named)
            parts.append(rolled.select(feature(function, window) for function in EIGHT))
        joined = pl.concat(parts, how="horizontal")
        empty = pl.col(feature("count", "5m")).replace(None, 0)
        return joined.with_columns(
            empty,
            *(pl.when(pl.col(feature("count", window)) > 0).then(pl.col(feature("sum", window))) for window in WINDOWS),
        ).to_arrow()

    return work


def duckdb_range(folder: Path, rows: int) -> Answer:
    """DuckDB: its window frames."""
    import duckdb

    events = sorted_events(folder, rows)
    connection = duckdb.connect()
    connection.register("sorted_events", events)

    def work() -> pa.Table:
        query = framed("SELECT *, epoch_us(event_ts) AS micros FROM sorted_events")
        return connection.sql(f"{query} ORDER BY user_id, event_ts, event_id").to_arrow_table()

    return work


def _plan(answer: Callable[[Path, int], Answer]) -> Callable[..., Work]:
    """Make a plan of what answers; where the folder of the answers exists, they are kept for comparison."""

    def plan(folder: Path, rows: int) -> Work:
        compute = answer(folder, rows)

        def work(clock: Clock) -> None:
            found = compute()
            clock.stop()
            kept = folder / "answers"
            if kept.exists():
                pq.write_table(found.select(NAMES), kept / f"{sys.argv[2]}.parquet")

        return work

    return plan


PLANS = {
    "ours": ours(),
    "ours_default_hop": ours(None),
    "ours_doubles": ours(amount=pa.float64()),
    "ours_hot_key": ours(hot=True),
    "polars_rolling": _plan(polars_rolling),
    "duckdb_range": _plan(duckdb_range),
}


def main(arguments: Sequence[str]) -> None:
    """Run the benchmark, or one plan of it."""
    if arguments[:1] == ["--plan"]:
        run_plan(PLANS, arguments[1:])
    options = _options(arguments)
    rows, few, data = options.rows, min(options.rows, options.compare), Path(options.data) / "kernel"
    for size, hot in ((rows, False), (few, False), (options.hot, True)):
        sorted_events(data, size, hot=hot)
    _compare(data, few)
    runs = {plan: [] for plan in PLANS}
    for _ in range(options.repeats):
        for plan in ("ours", "ours_doubles", "ours_default_hop", "polars_rolling"):
            runs[plan].append(measured(MODULE, plan, data, rows, limit_s=options.limit))
    runs["duckdb_range"].append(measured(MODULE, "duckdb_range", data, rows, limit_s=options.limit))
    runs["ours_hot_key"].append(measured(MODULE, "ours_hot_key", data, options.hot))
    middle = {plan: medians(some) for plan, some in runs.items()}
    peers = ("polars_rolling", "duckdb_range")
    print("\nEvents sorted by key and time in memory, forty features at each of them in memory; CPU seconds.")
    print(
        as_table([shown(run, middle["ours"] if plan in peers else None) for plan, run in middle.items()], COLUMNS), "\n"
    )
    figures = {f"us_row_{plan}": run.cpu_s / run.rows * 1e6 for plan, run in middle.items()}
    figures |= {f"vs_{plan}": middle[plan].cpu_s / middle["ours"].cpu_s for plan in peers}
    figures["peak_gib_hot_key"] = middle["ours_hot_key"].peak_gib
    print(json.dumps({name: round(value, 2) for name, value in figures.items()}))


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=MODULE, description=__doc__)
    parser.add_argument("--data", default=".riskloom/benchmarks", help="folder of events and answers")
    parser.add_argument("--rows", type=int, default=5_000_000, help="events")
    parser.add_argument("--hot", type=int, default=3_000_000, help="events of the single key")
    parser.add_argument("--compare", type=int, default=300_000, help="events of which the answers are compared first")
    parser.add_argument("--repeats", type=int, default=3, help="interleaved runs; the median counts")
    parser.add_argument("--limit", type=float, default=LIMIT_S, help="seconds after which a peer is stopped")
    return parser.parse_args(arguments)


def _compare(data: Path, rows: int) -> None:
    kept = data / "answers"
    kept.mkdir(exist_ok=True)
    try:
        tables = {}
        for plan in ("ours", "polars_rolling", "duckdb_range"):
            measured(MODULE, plan, data, rows)
            tables[plan] = pq.read_table(kept / f"{plan}.parquet")
        for peer in ("polars_rolling", "duckdb_range"):
            assert_agree(tables["ours"], tables[peer], NAMES, f"ours and {peer}")
    finally:
        shutil.rmtree(kept)


if __name__ == "__main__":
    main(sys.argv[1:])
