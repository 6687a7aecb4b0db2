"""Plans of the extraction benchmark: ours with nothing and with everything on, Spark's own functions, DuckDB."""

from __future__ import annotations

import os
import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.extract_lines import COLUMNS, GUARDED, SOURCE
from riskloom.extract.classify import INPUT, Rules
from riskloom.extract.decode import Decoder
from riskloom.extract.formats import frames
from riskloom.extract.formats.plan import Plan
from riskloom.extract.lines import Splitter
from riskloom.intervals import Interval
from riskloom.project import Project
from riskloom.settings import Settings
from riskloom.tokens import KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pyspark.sql import Column, DataFrame, SparkSession

    from benchmarks.measure import Clock

Work = "Callable[[Clock], None]"
RANGE_BYTES, CHUNK_BYTES = 64 * 1024 * 1024, 4 * 1024 * 1024
ARRIVED = 1_790_000_000_000_000
ACCESS = r'^(\S+) \S+ \S+ \[([^\]]+)\] "(\S+) ([^ ?]*)(?:\?([^ ]*))? HTTP/[0-9.]+" (\d{3}) (\d+) "([^"]*)" "([^"]*)"$'
PAIRS = r"^ts=(\S+) level=(\S+) service=(\S+) user_id=(\S+) latency_ms=(\S+) status=(\S+) currency=(\S+) session=(\S+)$"


def log_of(data: Path) -> Path:
    """Give the log below a folder of data."""
    return data / "mixed" / "mixed.log"


def answer(data: Path, plan: str) -> Path:
    """Give the folder of a plan's answer, emptied."""
    return data / "answers" / plan


def _emptied(data: Path, plan: str) -> Path:
    folder = answer(data, plan)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(exist_ok=True)
    return folder


def _settings(data: Path, folder: Path) -> Settings:
    # Long runs are worth the JVM's second compiler, which sessions of seconds are better without.
    options = {
        "spark.driver.extraJavaOptions": "-Duser.timezone=UTC",
        # A damaged line has a key twice, at which `str_to_map` would end the whole run of Spark's functions.
        "spark.sql.mapKeyDedupPolicy": "LAST_WIN",
    }
    return Settings(
        name="b", lake=folder / "lake", data=data, feature_repo=folder / "f", state=folder / "s", spark=options
    )


def _session(data: Path) -> SparkSession:
    from riskloom.lake.spark.session import session

    return session(_settings(data, data))


def ours_parse(data: Path, _: int) -> Callable[[Clock], None]:
    """Parse and write alone: tasks of Spark read ranges of bytes and write Parquet."""
    spark, path, folder = _session(data), log_of(data), _emptied(data, "ours_parse")

    def work(_: Clock) -> None:
        folder.mkdir()
        starts = range(0, path.stat().st_size, RANGE_BYTES)
        task = partial(parse_range, path=str(path), folder=str(folder))
        spark.sparkContext.parallelize(starts, len(starts)).foreach(task)

    return work


def parse_range(start: int, path: str, folder: str) -> None:
    """Parse the lines that begin in a range of a file."""
    plan = Plan.of(SOURCE)
    schema = frames.schema(plan)
    wanted = ["event_ts", *COLUMNS]
    with pq.ParquetWriter(
        f"{folder}/{start:015d}.parquet", pa.schema([schema.field(name) for name in wanted])
    ) as writer:
        for table in Decoder(Rules(plan=plan), plan).rows(_batches(start, path)):
            writer.write_table(table.select(wanted))


def _batches(start: int, path: str) -> Iterator[pa.RecordBatch]:
    splitter = Splitter()
    with Path(path).open("rb") as file:
        place = start
        if start:
            file.seek(start - 1)
            place = start - 1 + len(file.readline())
        stop = start + RANGE_BYTES
        while place < stop:
            chunk = file.read(min(CHUNK_BYTES, stop - place))
            if not chunk:
                break
            place += len(chunk)
            if place >= stop and not chunk.endswith(b"\n"):
                chunk += file.readline()
            yield _batch(splitter.cut(chunk))


def _batch(cut: object) -> pa.RecordBatch:
    count = len(cut.raw)
    columns = [
        *(pa.repeat("h", count), pa.repeat("f", count), pa.array(cut.numbers + 1), pa.array(cut.offsets)),
        *(cut.raw, cut.failures, pa.repeat("h", count), pa.repeat(pa.scalar(ARRIVED, frames.TIMESTAMP), count)),
    ]
    return pa.RecordBatch.from_arrays(columns, names=list(INPUT))


def ours_full(data: Path, _: int) -> Callable[[Clock], None]:
    """Everything on: bronze, accounting, repairs, drift, quarantine, redaction, tokens, identity, hashes, publish."""
    from riskloom.extract.bronze import extract
    from riskloom.extract.load import load
    from riskloom.extract.publish import publish

    os.environ.setdefault(KEYS, f"bench:{'5a' * 16}")
    spark, folder = _session(data), _emptied(data, "ours_full")
    project = Project(data, _settings(data, folder), sources={GUARDED.name: GUARDED}, suites={})

    def work(clock: Clock) -> None:
        extracted = extract(spark, project, GUARDED, Interval.parse("2024-05-01/2024-05-02"), "run")
        clock.mark("bronze")
        loaded = load(spark, project, GUARDED, extracted, "run")
        clock.mark("load")
        publish(spark, project, GUARDED, loaded, True, "run")
        clock.mark("publish")

    return work


def spark_functions(data: Path, _: int) -> Callable[[Clock], None]:
    """Spark's own functions get the same fields, and no guarantee."""
    spark, path, folder = _session(data), log_of(data), _emptied(data, "spark_functions")

    def work(_: Clock) -> None:
        _by_spark(spark.read.text(str(path))).write.parquet(str(folder))

    return work


def _by_spark(lines: DataFrame) -> DataFrame:
    from pyspark.sql import functions as F

    value = F.col("value")
    is_json, is_pairs = value.startswith("{"), value.startswith("ts=")
    schema = (
        "ts STRING, user_id STRING, event STRING, item STRUCT<id BIGINT, price DOUBLE>, "
        "geo STRUCT<country STRING, lat DOUBLE>, session STRING, ok BOOLEAN, note STRING"
    )
    parsed = lines.select(
        value,
        F.when(is_json, F.from_json(value, schema)).alias("j"),
        F.when(is_pairs, F.expr("str_to_map(value, ' ', '=')")).alias("p"),
        (~is_json & ~is_pairs).alias("a"),
    )

    def group(number: int) -> Column:
        found = F.when(F.col("a"), F.regexp_extract("value", ACCESS, number))
        return F.when(found != "", found)

    pair = lambda name: F.col("p")[name]  # noqa: E731
    when = F.coalesce(F.col("j.ts"), pair("ts"))
    return parsed.select(
        F.coalesce(F.try_to_timestamp(when), F.try_to_timestamp(group(2), F.lit("dd/MMM/yyyy:HH:mm:ss Z"))).alias(
            "event_ts"
        ),
        group(1).alias("client_address"),
        group(3).alias("method"),
        group(4).alias("path"),
        group(5).alias("query"),
        F.coalesce(group(6), pair("status")).try_cast("bigint").alias("status"),
        group(7).try_cast("bigint").alias("bytes"),
        group(8).alias("referrer"),
        group(9).alias("user_agent"),
        F.coalesce(F.col("j.user_id"), pair("user_id")).alias("user_id"),
        F.col("j.event").alias("event"),
        F.col("j.item.id").alias("item_id"),
        F.col("j.item.price").alias("price"),
        F.col("j.geo.country").alias("country"),
        F.col("j.geo.lat").alias("lat"),
        F.coalesce(F.col("j.session"), pair("session")).alias("session"),
        F.col("j.ok").alias("ok"),
        F.col("j.note").alias("note"),
        pair("level").alias("level"),
        pair("service").alias("service"),
        pair("latency_ms").try_cast("double").alias("latency_ms"),
        pair("currency").alias("currency"),
    )


def duckdb_parse(data: Path, _: int) -> Callable[[Clock], None]:
    """DuckDB gets the same fields, and no guarantee."""
    path, folder = log_of(data), _emptied(data, "duckdb_parse")

    def work(_: Clock) -> None:
        folder.mkdir()
        connection = duckdb.connect()
        connection.execute("SET threads = 2; SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
        connection.execute(f"COPY ({_sql(path)}) TO '{folder}/answer.parquet' (FORMAT parquet)")

    return work


def _sql(path: Path) -> str:
    access = ["client_address", "time", "method", "path", "query", "status", "bytes", "referrer", "user_agent"]
    pairs = ["ts", "level", "service", "user_id", "latency_ms", "status", "currency", "session"]
    shape = (
        '{"ts": "VARCHAR", "user_id": "VARCHAR", "event": "VARCHAR", "item": {"id": "BIGINT", "price": "DOUBLE"}, '
        '"geo": {"country": "VARCHAR", "lat": "DOUBLE"}, "session": "VARCHAR", "ok": "BOOLEAN", '
        '"note": "VARCHAR"}'
    )
    return f"""
    WITH lines AS (
        SELECT line FROM read_csv('{path}', columns = {{'line': 'VARCHAR'}}, delim = '\x01', quote = '', escape = '',
            header = false, auto_detect = false, strict_mode = false, ignore_errors = true)),
    parsed AS (
        SELECT CASE WHEN line LIKE '{{%' AND json_valid(line) THEN json_transform(line, '{shape}') END AS j,
            CASE WHEN line LIKE 'ts=%' THEN regexp_extract(line, '{PAIRS}', {pairs}) END AS p,
            CASE WHEN line NOT LIKE '{{%' AND line NOT LIKE 'ts=%'
                THEN regexp_extract(line, '{ACCESS}', {access}) END AS a
        FROM lines)
    SELECT coalesce(
            try_cast(coalesce(j.ts, p.ts) AS TIMESTAMPTZ), try_strptime(a.time, '%d/%b/%Y:%H:%M:%S %z')) AS event_ts,
        nullif(a.client_address, '') AS client_address, nullif(a.method, '') AS method, nullif(a.path, '') AS path,
        nullif(a.query, '') AS query, try_cast(coalesce(a.status, p.status) AS BIGINT) AS status,
        try_cast(a.bytes AS BIGINT) AS bytes, nullif(a.referrer, '') AS referrer,
        nullif(a.user_agent, '') AS user_agent, coalesce(j.user_id, p.user_id) AS user_id, j.event AS event,
        j.item.id AS item_id, j.item.price AS price, j.geo.country AS country, j.geo.lat AS lat,
        coalesce(j.session, p.session) AS session, j.ok AS ok, j.note AS note, p.level AS level, p.service AS service,
        try_cast(p.latency_ms AS DOUBLE) AS latency_ms, p.currency AS currency
    FROM parsed"""


PLANS = {
    "ours_parse": ours_parse,
    "ours_full": ours_full,
    "spark_functions": spark_functions,
    "duckdb_parse": duckdb_parse,
}
