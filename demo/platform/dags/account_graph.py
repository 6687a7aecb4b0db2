"""Airflow DAG: the graph of what accounts share, once a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.sdk import DAG, CronDataIntervalTimetable, get_current_context, task

from riskloom.intervals import to_micros
from riskloom.project import Project

ROOT = Path(__file__).parents[1]

with DAG(
    "account_graph",
    description="Silver to the graph of what accounts share, as it was known at the end of the day.",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2000, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    tags=["riskloom", "job"],
) as dag:

    @task(pool="spark", retries=2, retry_delay=timedelta(minutes=1))
    def write() -> int:
        """Write the day's graph, and say how many accounts are in it."""
        project = Project.load(ROOT)
        from jobs.account_graph import write_account_graph

        return write_account_graph(project, to_micros(get_current_context()["data_interval_end"]))

    write()
