"""Airflow DAG: silver to the tables of batch views, once a day, and those to the online store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.sdk import DAG, CronDataIntervalTimetable, get_current_context, task

from riskloom.intervals import to_micros
from riskloom.project import Project

ROOT = Path(__file__).parents[1]

with DAG(
    "batch_jobs",
    description="Silver to the graph of accounts, likeness, reputation and dealings, as known at the end of the day.",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2000, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    tags=["riskloom", "job"],
) as dag:

    @task(pool="spark", retries=2, retry_delay=timedelta(minutes=1))
    def write() -> dict[str, int]:
        """Write the day's tables, and say how many rows each has of it."""
        project = Project.load(ROOT)
        from jobs.daily import write_all

        return write_all(project, to_micros(get_current_context()["data_interval_end"]))

    @task(pool="registry", retries=2, retry_delay=timedelta(minutes=1))
    def publish() -> None:
        """Bring the newest rows to the online store."""
        project, context = Project.load(ROOT), get_current_context()
        from jobs.daily import serve

        serve(project, context["data_interval_start"], to_micros(context["data_interval_end"]))

    write() >> publish()
