"""The plans of the point-in-time benchmark."""

from __future__ import annotations

import shutil
from datetime import timedelta
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import write_deltalake

from benchmarks.events import zipf
from benchmarks.windows_plans import PEERS_SESSION, out, started
from riskloom.intervals import DAY, to_micros
from riskloom.windows.tables import INSTANT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.measure import Clock
    from riskloom.project import Project

    Work = Callable[[Clock], None]

VIEWS = ("card", "device", "session")
SERVICE = "users_v1"
FEATURES = ("score", "amount", "points")
START, DAYS, TTL_DAYS = to_micros("2024-01-01T00:00:00Z"), 90, 30
ROWS_A_SPINE_ROW, ROWS_A_KEY = 5, 25

_FILES = {
    "riskloom.toml": '[project]\nname = "pit"\n[paths]\nlake = "."\n',
    "expectations/__init__.py": "",
    "transforms/__init__.py": "",
    "features/__init__.py": "",
    "features/all.py": f"""
        from riskloom import BatchFeatureView, Entity, FeatureService

        user = Entity.of("user", user_id="int64")
        card, device, session = (
            BatchFeatureView(
                name=view, entity=user, table=f"silver/{{view}}", timestamp="event_timestamp", created="created",
                ttl="{TTL_DAYS}d", columns={{"score": "float64", "amount": "int64", "points": "int64"}},
            )
            for view in {VIEWS}
        )
        users_v1 = FeatureService(name="{SERVICE}", features={VIEWS}, full_feature_names=True)
    """,
}


def prepare(folder: Path, rows: int) -> Path:
    """Write three plain views, five rows for each of the spine, as Delta tables, and two spines as Parquet.

    No two rows of a key have one time, so that joins which don't know of created times are right, too.
    """
    root = folder / f"pit-{rows}"
    if (root / "complete").exists():
        return root
    shutil.rmtree(root, ignore_errors=True)
    count, random = rows * ROWS_A_SPINE_ROW, np.random.default_rng(11)
    users = max(1, count // ROWS_A_KEY)
    for view in VIEWS:
        write_deltalake(str(root / "silver" / view), _rows(random, count, users), mode="append")
    for name, keys in {"uniform": random.integers(0, users, rows), "skewed": zipf(random, rows, users, 1.0)}.items():
        times = START + random.integers(0, DAYS * DAY, rows)
        spine = {"row": np.arange(rows), "user_id": keys, "event_timestamp": pa.array(times, INSTANT)}
        pq.write_table(pa.table(spine), root / f"{name}.parquet")
    (root / "complete").touch()
    return root


def _rows(random: np.random.Generator, count: int, users: int) -> pa.Table:
    times = np.sort(random.integers(0, DAYS * DAY // count, count) + np.arange(count) * (DAYS * DAY // count)) + START
    return pa.table(
        {
            "user_id": random.integers(0, users, count),
            "event_timestamp": pa.array(times, INSTANT),
            "created": pa.array(times + random.integers(0, DAY, count), INSTANT),
            "score": random.random(count),
            "amount": random.integers(0, 100_000, count),
            "points": random.integers(0, 64, count),
        }
    )


def _project(root: Path) -> Project:
    from riskloom.project import Project

    for name, text in _FILES.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(dedent(text))
    return Project.load(root)


def ours(spine: str, plan: str) -> Callable[[Path, int], Work]:
    """Build a training set by tasks of Spark, and write it to Parquet."""

    def prepared(folder: Path, rows: int) -> Work:
        from riskloom import build_training_set

        root, target = prepare(folder, rows), _target(folder, plan, rows)
        project = _project(root)
        started()

        def work(_: Clock) -> None:
            asked = pq.read_table(root / f"{spine}.parquet")
            found = build_training_set(SERVICE, asked, project=project, runner="spark", output="arrow")
            pq.write_table(found, target / "answers.parquet")

        return work

    return prepared


def ours_kept(folder: Path, rows: int) -> Work:
    """Build a training set by tasks of Spark that keep it: with a hash a row, a copy of the spine and a manifest."""
    from riskloom import build_training_set

    root, target = prepare(folder, rows), _target(folder, "ours_kept", rows)
    project = _project(root)
    started()

    def work(_: Clock) -> None:
        asked = pq.read_table(root / "uniform.parquet")
        build_training_set(SERVICE, asked, project=project, runner="spark", output="parquet", out=target / "set")

    return work


def ours_in_process(folder: Path, rows: int) -> Work:
    """Build a training set in this process."""
    from riskloom import build_training_set

    root, target = prepare(folder, rows), _target(folder, "ours_in_process", rows)
    project = _project(root)

    def work(clock: Clock) -> None:
        asked = pq.read_table(root / "uniform.parquet")
        found = build_training_set(SERVICE, asked, project=project, runner="in_process", output="arrow")
        clock.stop()
        pq.write_table(found, target / "answers.parquet")

    return work


def polars_join_asof(folder: Path, rows: int) -> Work:
    """Read, sort and join in this process with Polars."""
    import polars as pl

    root, target = prepare(folder, rows), _target(folder, "polars_join_asof", rows)

    def work(clock: Clock) -> None:
        joined = pl.read_parquet(root / "uniform.parquet").sort("event_timestamp")
        for view in VIEWS:
            rows_of_view = pl.read_parquet(
                f"{root}/silver/{view}/*.parquet", columns=["user_id", "event_timestamp", "created", *FEATURES]
            ).sort("event_timestamp", "created")
            named = rows_of_view.drop("created").rename({name: f"{view}__{name}" for name in FEATURES})
            joined = joined.join_asof(
                named,
                on="event_timestamp",
                by="user_id",
                tolerance=timedelta(days=TTL_DAYS),
                check_sortedness=False,
            )
        joined = joined.sort("row")
        clock.stop()
        joined.write_parquet(target / "answers.parquet")

    return work


def duckdb_asof(folder: Path, rows: int) -> Work:
    """DuckDB's ASOF JOIN, written to Parquet."""
    import duckdb

    root, target = prepare(folder, rows), _target(folder, "duckdb_asof", rows)

    def work(_: Clock) -> None:
        columns = ", ".join(
            f"CASE WHEN {view}.event_timestamp >= spine.event_timestamp - INTERVAL {TTL_DAYS} DAY "
            f"THEN {view}.{name} END AS {view}__{name}"
            for view in VIEWS
            for name in FEATURES
        )
        joins = " ".join(
            f"ASOF LEFT JOIN read_parquet('{root}/silver/{view}/*.parquet') AS {view} "
            f"ON spine.user_id = {view}.user_id AND spine.event_timestamp >= {view}.event_timestamp"
            for view in VIEWS
        )
        query = f"SELECT spine.*, {columns} FROM read_parquet('{root}/uniform.parquet') AS spine {joins}"
        connection = duckdb.connect()
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(f"COPY ({query}) TO '{target}/answers.parquet' (FORMAT parquet)")

    return work


def feast_spark(folder: Path, rows: int) -> Work:
    """Feast's Spark offline store, written to Parquet; its spine is a Spark frame: a pandas one is too much for it."""
    root, target = prepare(folder, rows), _target(folder, "feast_spark", rows)
    store = _feast(root)
    spark = started({**PEERS_SESSION, "spark.sql.session.timeZone": "UTC"})

    def work(_: Clock) -> None:
        spine = spark.read.parquet(str(root / "uniform.parquet"))
        references = [f"{view}:{name}" for view in VIEWS for name in FEATURES]
        job: Any = store.get_historical_features(entity_df=spine, features=references, full_feature_names=True)
        job.to_spark_df().write.mode("overwrite").parquet(str(target))

    return work


def _feast(root: Path) -> Any:  # noqa: ANN401 - a Feast store
    import feast
    from feast.infra.offline_stores.contrib.spark_offline_store.spark_source import SparkSource
    from feast.types import Float64, Int64
    from feast.value_type import ValueType

    repo = root / "feast"
    shutil.rmtree(repo, ignore_errors=True)
    repo.mkdir()
    (repo / "feature_store.yaml").write_text(
        "project: pit\nprovider: local\nregistry: registry.db\noffline_store:\n  type: spark\n"
        "online_store:\n  type: sqlite\n  path: online.db\nentity_key_serialization_version: 3\n"
    )
    user = feast.Entity(name="user", join_keys=["user_id"], value_type=ValueType.INT64)
    types = {"score": Float64, "amount": Int64, "points": Int64}
    views = [
        feast.FeatureView(
            name=view,
            entities=[user],
            ttl=timedelta(days=TTL_DAYS),
            schema=[
                feast.Field(name="user_id", dtype=Int64),
                *(feast.Field(name=n, dtype=t) for n, t in types.items()),
            ],
            source=SparkSource(
                name=f"{view}_rows",
                path=str(root / "silver" / view / "*.parquet"),
                file_format="parquet",
                timestamp_field="event_timestamp",
                created_timestamp_column="created",
            ),
        )
        for view in VIEWS
    ]
    store = feast.FeatureStore(repo_path=str(repo))
    store.apply([user, *views])
    return store


def _target(folder: Path, plan: str, rows: int) -> Path:
    target = out(folder, plan, rows)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    return target


PLANS = {
    "ours": ours("uniform", "ours"),
    "ours_skewed": ours("skewed", "ours_skewed"),
    "ours_kept": ours_kept,
    "ours_in_process": ours_in_process,
    "polars_join_asof": polars_join_asof,
    "duckdb_asof": duckdb_asof,
    "feast_spark": feast_spark,
}
