"""The plans of the windows benchmark: ours, and what else computes the same features at every event."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.events import EIGHT, SIX, WINDOWS, prepare, view

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.measure import Clock

    Work = Callable[[Clock], None]

# What a user's own session would have; ours, which live for minutes, are set up for that.
PEERS_SESSION = {
    "spark.driver.memory": "8g",
    "spark.driver.extraJavaOptions": "-Duser.timezone=UTC",
    "spark.sql.shuffle.partitions": "8",
}


def out(folder: Path, plan: str, rows: int) -> Path:
    """Give the folder of a plan's answers."""
    return folder / f"answers-{rows}" / plan


def started(options: dict[str, str] | None = None) -> Any:  # noqa: ANN401 - a Spark session
    """Start a session, which is not measured, and let it run one small job."""
    from riskloom.lake.spark.session import session
    from riskloom.settings import Settings

    # A session takes its options from settings alone, none of whose folders it looks at.
    nowhere = Path("nowhere")
    folders = dict.fromkeys(("lake", "data", "feature_repo", "state"), nowhere)
    spark = session(Settings(name="benchmark", spark=options or {}, **folders))
    spark.range(1).count()
    return spark


def ours(functions: Sequence[str], name: str, hop: str | None = "1us", *, hot: bool = False) -> Any:  # noqa: ANN401
    """Build the layout from the silver table, then write the features by tasks of Spark, to a Delta table."""

    def plan(folder: Path, rows: int) -> Work:
        from riskloom.lake.bucketed.follow import follow
        from riskloom.lake.spark.tasks import OnSpark
        from riskloom.windows.at_events import features_at_events
        from riskloom.windows.gold import gold_layout

        silver, declared = prepare(folder, rows, hot=hot), view(functions, hop)
        gold, target = out(folder, f"{name}-gold", rows), out(folder, name, rows)
        for path in (gold, target):
            shutil.rmtree(path, ignore_errors=True)
        tasks = OnSpark(started())

        def work(clock: Clock) -> None:
            follow(silver, gold, gold_layout(declared), tasks)
            clock.mark("layout")
            features_at_events(declared, gold, target, tasks)
            clock.mark("features")

        return work

    return plan


def spark_range(folder: Path, rows: int) -> Work:
    """Spark's own window frames, six functions, written to a Delta table."""
    silver, target = prepare(folder, rows), out(folder, "spark_range", rows)
    shutil.rmtree(target, ignore_errors=True)
    spark = started(PEERS_SESSION)
    calls = {"count": "count(*)", "stddev": "stddev_samp(amount)"}

    def work(_: Clock) -> None:
        events = spark.read.format("delta").load(str(silver)).selectExpr("*", "unix_micros(event_ts) AS micros")
        frames = ", ".join(f"w{window} AS ({_frame(seconds)})" for window, seconds in WINDOWS.items())
        columns = ", ".join(
            f"{calls.get(function, f'{function}(amount)')} OVER w{window} AS {feature(function, window)}"
            for function in SIX
            for window in WINDOWS
        )
        events.createOrReplaceTempView("events")
        answer = spark.sql(f"SELECT user_id, event_id, event_ts, {columns} FROM events WINDOW {frames}")
        answer.write.format("delta").save(str(target))

    return work


def _frame(seconds: int) -> str:
    return f"PARTITION BY user_id ORDER BY micros RANGE BETWEEN {seconds}000000 PRECEDING AND 1 PRECEDING"


def duckdb_range(folder: Path, rows: int) -> Work:
    """DuckDB's window frames, eight functions, written to Parquet."""
    import duckdb

    silver, target = prepare(folder, rows), out(folder, "duckdb_range", rows)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)

    def work(_: Clock) -> None:
        query = framed(f"SELECT *, epoch_us(event_ts) AS micros FROM read_parquet('{silver}/*.parquet')")
        connection = duckdb.connect()
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(f"COPY ({query}) TO '{target}/answers.parquet' (FORMAT parquet)")

    return work


def framed(events: str) -> str:
    """Write the eight functions over the five windows as DuckDB's window frames over a query of events."""
    calls = {
        "count": "count(*)",
        "stddev": "stddev_samp(amount)",
        "last": "last(amount)",
        "count_distinct": "count(DISTINCT device)",
    }
    frames = ", ".join(f"w{window} AS ({_frame(seconds)})" for window, seconds in WINDOWS.items())
    columns = ", ".join(
        f"{calls.get(function, f'{function}(amount)')} OVER w{window} AS {feature(function, window)}"
        for function in EIGHT
        for window in WINDOWS
    )
    return f"SELECT user_id, event_id, event_ts, {columns} FROM ({events}) WINDOW {frames}"


def in_memory(folder: Path, rows: int) -> Work:
    """One process: Polars reads and sorts, then the same kernel over all at once; nothing is written."""
    import polars as pl

    from riskloom.windows import compute

    silver, declared = prepare(folder, rows), view(EIGHT)

    def work(clock: Clock) -> None:
        events = pl.read_parquet(f"{silver}/*.parquet").sort("user_id", "event_ts", "event_id").to_arrow()
        clock.mark("read and sort")
        spine = events.select(["user_id", "event_ts"]).rename_columns(["user_id", "at"])
        compute(declared, events, spine)
        clock.mark("kernel")

    return work


def feature(function: str, window: str) -> str:
    """Give the name of a feature of the view."""
    column = {"count": "events", "count_distinct": "device"}.get(function, "amount")
    return f"{column}_{function}_{window}_hop1us"


PLANS = {
    "ours_six": ours(SIX, "ours_six"),
    "ours": ours(EIGHT, "ours"),
    "ours_default_hop": ours(EIGHT, "ours_default_hop", hop=None),
    "ours_hot_key": ours(EIGHT, "ours_hot_key", hot=True),
    "spark_range": spark_range,
    "duckdb_range": duckdb_range,
    "in_memory": in_memory,
}
