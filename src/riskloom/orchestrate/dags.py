"""The DAGs of a project: one a source, then features, training sets and the online store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, AssetAny, CronDataIntervalTimetable, Param, get_current_context, task

from riskloom.orchestrate import tasks
from riskloom.orchestrate.assets import GOLD, INTERVAL, SILVER, TRAINING_SET, asset, gold_alias
from riskloom.orchestrate.request import ALL, REPLAY, SOURCES
from riskloom.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow.sdk import Asset

CRON = {"1h": "0 * * * *", "1d": "0 0 * * *"}
# Far enough back for any old log to be backfilled.
START = datetime(2000, 1, 1, tzinfo=UTC)
SPARK, REGISTRY = "spark", "registry"
# A task runs once at a time, whatever runs its DAG has, and however many slots its pool.
TASK = {"retries": 2, "retry_delay": timedelta(minutes=1), "max_active_tis_per_dag": 1}


def source_dag(source: str, *, root: Path | str = ".", catchup: bool = False) -> DAG:
    """Build the DAG that brings a source's raw files to its silver table, an interval at a time.

    The data interval of a run, or ``interval`` of its configuration, says which. Extract, load and
    validate are one task, since they share one Spark session.

    Args:
        source: Name of the source.
        root: Folder that holds ``riskloom.toml``.
        catchup: Whether intervals before the DAG was switched on are run too.

    Returns:
        A DAG of the source's name, hourly or daily as its files are.

    Raises:
        ProjectError: There is no such source, or no such project.
    """
    project = _project(Path(root))
    declared = project.source(source)
    with DAG(
        source,
        schedule=CronDataIntervalTimetable(CRON[declared.every], timezone="UTC"),
        start_date=START,
        catchup=catchup,
        # An interval at a time: the watermark waits for the oldest one.
        max_active_runs=1,
        params={
            INTERVAL: _interval_param("The stretch of data to bring in, instead of the run's data interval."),
            REPLAY: Param(
                None,
                type=["null", "string"],
                description=f"Load quarantined lines again instead of files: those of a reason, or {ALL!r}.",
            ),
        },
        **_described(declared.description or f"{source}: raw files to silver", ("source",)),
    ) as dag:

        @task(pool=SPARK, outlets=[asset(project, SILVER, source)], **TASK)
        def ingest() -> None:
            tasks.ingest(project, source, get_current_context())

        ingest()
    return dag


def features_dag(*, root: Path | str = ".") -> DAG:
    """Build the DAG that follows the silver tables: gold tables, then Feast's registry.

    Args:
        root: Folder that holds ``riskloom.toml``.

    Returns:
        The DAG ``features``; it announces the gold tables that it brought up to date.
    """
    project = _project(Path(root))
    silver = [asset(project, SILVER, source) for source in project.sources]
    with _following(project, "features", silver, "Silver to gold, and Feast's registry.") as dag:

        @task(pool=SPARK, **TASK)
        def aggregate() -> dict[str, dict[str, Any]]:
            return tasks.aggregate(project, "features", get_current_context())

        @task(pool=REGISTRY, outlets=[gold_alias(project)], **TASK)
        def register(views: dict[str, dict[str, Any]]) -> None:
            tasks.register(project, views, get_current_context())

        register(aggregate())
    return dag


def materialize_dag(*, root: Path | str = ".") -> DAG:
    """Build the DAG that follows the gold tables: one online state an entity.

    Args:
        root: Folder that holds ``riskloom.toml``.

    Returns:
        The DAG ``materialize``.
    """
    project = _project(Path(root))
    with _following(project, "materialize", _gold(project), "Gold to the online store.") as dag:

        @task(pool=REGISTRY, **TASK)
        def materialize() -> None:
            tasks.materialize(project, "materialize", get_current_context())

        materialize()
    return dag


def parity_dag(
    *,
    root: Path | str = ".",
    schedule: str = "@daily",
    sample: int = 1_000,
    threshold: float = 0.0,
    served: bool = False,
) -> DAG:
    """Build the DAG that compares what is served with training sets, one task a service.

    Args:
        root: Folder that holds ``riskloom.toml``.
        schedule: When it runs.
        sample: How many keys are compared.
        threshold: Share of values that may differ; a task fails where more do, and its log says which.
        served: Whether a second task a service compares what servers kept of their answers.

    Returns:
        The DAG ``parity``.
    """
    project = _project(Path(root))
    with DAG(
        "parity",
        schedule=schedule,
        start_date=START,
        catchup=False,
        max_active_runs=1,
        **_described("What is served, beside training sets.", ("features",)),
    ) as dag:
        for service in project.services:
            _parity(project, service, sample, threshold)
            if served:
                _parity(project, service, sample, threshold, served=True)
    return dag


def _parity(project: Project, service: str, sample: int, threshold: float, *, served: bool = False) -> None:
    @task(task_id=f"{service}_served" if served else service, **TASK)
    def compare() -> None:
        tasks.compare_parity(project, service, sample, threshold, served=served)

    compare()


def training_set_dag(*, root: Path | str = ".") -> DAG:
    """Build the DAG that follows the gold tables: a training set of each service that reads them.

    Args:
        root: Folder that holds ``riskloom.toml``.

    Returns:
        The DAG ``training_set``, with one task a service.
    """
    project = _project(Path(root))
    with _following(project, "training_set", _gold(project), "Gold to training sets.") as dag:
        for service in project.services:
            _training_set(project, service)
    return dag


def _training_set(project: Project, service: str) -> None:
    table = asset(project, TRAINING_SET, service)

    @task(task_id=service, outlets=[table], **TASK)
    def build() -> None:
        context = get_current_context()
        context["outlet_events"][table].extra = tasks.write_training_set(project, service, "training_set", context)

    build()


@cache
def _project(root: Path) -> Project:
    """Load a project once a process: each task reads the DAG file anew."""
    return Project.load(root)


def _following(project: Project, name: str, tables: Iterable[Asset], description: str) -> DAG:
    """Build a DAG that runs when any of the tables changed.

    It may have many active runs, for Airflow drops the second of two events of one table that wait for a run
    to end; its tasks wait for each other instead.
    """
    sources = Param(
        None,
        type=["null", "array"],
        items={"type": "string"},
        description=f"Of {', '.join(project.sources)}; empty for all.",
    )
    return DAG(
        name,
        schedule=AssetAny(*tables),
        start_date=START,
        max_active_runs=16,
        # It follows as soon as it is there; whether anything runs is the sources' switch.
        is_paused_upon_creation=False,
        params={
            INTERVAL: _interval_param("The stretch of data to work on, instead of what the asset events say."),
            SOURCES: sources,
        },
        **_described(description, ("features",)),
    )


def _described(description: str, tags: tuple[str, ...]) -> dict[str, Any]:
    return {"description": description, "doc_md": description, "tags": [*tags, "riskloom"]}


def _interval_param(description: str) -> Param:
    return Param(
        None,
        type=["null", "string"],
        title="Interval",
        description=f"START/END in UTC, the end not included. {description}",
    )


def _gold(project: Project) -> list[Asset]:
    return [asset(project, GOLD, view) for view in project.views]
