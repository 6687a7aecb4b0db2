"""The day's jobs, one after the other on one session: what each writes, and which sources it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.account_graph import write_account_graph
from jobs.dealings import write_dealings
from jobs.likeness import write_likeness
from jobs.reputation import write_reputation
from riskloom.intervals import to_datetime
from riskloom.lake.spark.session import session
from riskloom.store.repo import open_store

if TYPE_CHECKING:
    from datetime import datetime

    from riskloom.project import Project

JOBS = (write_reputation, write_dealings, write_likeness, write_account_graph)


def write_all(project: Project, until: int) -> dict[str, int]:
    """Write the tables of all batch views as it was known at an instant; run again, it replaces what it wrote.

    Args:
        project: The project, loaded, its silver tables there.
        until: The instant, in microseconds: the end of a day.

    Returns:
        How many rows each table has of it.
    """
    spark = session(project)
    return {view: rows for job in JOBS for view, rows in job(spark, project, until).items()}


def serve(project: Project, since: datetime, until: int) -> None:
    """Bring the newest rows of all batch views to the online store.

    Args:
        project: The project, its views registered.
        since: From when on rows are looked for.
        until: The newest instant of which the jobs have run, in microseconds.
    """
    from jobs.tables import READY

    store = open_store(project.settings.feature_repo)
    store.materialize(since, to_datetime(until + READY), feature_views=list(project.batch_views))
