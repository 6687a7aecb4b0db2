"""Runs the project's own DAGs in this process, one after the other, on one Spark session."""

from __future__ import annotations

import logging
import os
import runpy
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from riskloom.intervals import covering
from riskloom.lake import ops
from riskloom.lake.paths import Lake
from riskloom.run.spans import spans

if TYPE_CHECKING:
    from pathlib import Path

    from riskloom.project import Project

FOLLOWING = ("features", "materialize", "training_set")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the DAGs left behind.

    Attributes:
        records: The line of ``ops.runs`` of each source.
        data_docs: The index page of Data Docs.
        faults: What is not as it must be, a sentence each.
    """

    records: dict[str, ops.RunRecord]
    data_docs: Path
    faults: tuple[str, ...] = ()


def run_dags(project: Project) -> Outcome:
    """Run each source's DAG over all that its files hold, then the DAGs that follow.

    Args:
        project: The project.

    Returns:
        What they left behind.

    Raises:
        SystemExit: A DAG failed; its log is above.
    """
    _prepare_airflow(project)
    held = spans(project, project.sources)
    for source, interval in held.items():
        _run(project, source, {"interval": str(interval)})
    everything = {"interval": str(covering(held.values())), "sources": list(held)}
    for name in FOLLOWING:
        _run(project, name, everything)
    lake = Lake(project.settings.lake)
    latest = {run.source: run for run in ops.runs(lake)}
    return Outcome(
        records={source: latest[source] for source in project.sources},
        data_docs=project.settings.state / "gx" / "index.html",
    )


def _run(project: Project, name: str, conf: dict[str, Any]) -> None:
    sys.stdout.write(f"DAG {name}, {conf['interval']}\n")
    sys.stdout.flush()
    dag = runpy.run_path(str(project.root / "dags" / f"{name}.py"))["dag"]
    done = dag.test(logical_date=datetime.now(UTC), run_conf=conf)
    if done.state != "success":
        sys.exit(f"error: DAG {name} ended as {done.state}; its log is above")


def _prepare_airflow(project: Project) -> None:
    """Give Airflow a home of the demo's own before it is imported, and let only Riskloom's progress through."""
    home = project.settings.state / "airflow-demo"
    home.mkdir(parents=True, exist_ok=True)
    os.environ.update(
        AIRFLOW_HOME=str(home),
        AIRFLOW__CORE__DAGS_FOLDER=str(project.root / "dags"),
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
        AIRFLOW__LOGGING__LOGGING_LEVEL="ERROR",
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{home}/airflow.db",
    )
    from airflow.utils import db

    if not (home / "airflow.db").exists():
        db.initdb()
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("  %(message)s"))
    logger = logging.getLogger("riskloom")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logging.getLogger("riskloom.commits").setLevel(logging.WARNING)
    logger.propagate = False
