"""The shipped DAG files, each parsed by Airflow in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.airflow

ROOT = Path(__file__).parents[2]
FILES = sorted(path.name for path in (ROOT / "dags").glob("*.py"))
HEAVY = ("pyspark", "py4j", "delta", "feast", "great_expectations", "pandas", "deltalake")

IMPORT = """
import json, runpy, sys
for path in sys.argv[2:]:
    runpy.run_path(path)
print(json.dumps([name for name in json.loads(sys.argv[1]) if name in sys.modules]))
"""

PARSE = """
import json, logging, sys, warnings
logging.disable(logging.CRITICAL)
from airflow.dag_processing.dagbag import BundleDagBag
from pathlib import Path
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    bag = BundleDagBag(Path(sys.argv[1]), bundle_path=Path(sys.argv[1]), bundle_name="dags")
def task(found):
    return {
        "pool": found.pool, "retries": found.retries, "delay": found.retry_delay.total_seconds(),
        "at_once": found.max_active_tis_per_dag, "after": sorted(found.upstream_task_ids),
        "outlets": [outlet.name for outlet in found.outlets],
    }
def dag(found):
    return {
        "file": Path(found.fileloc).name, "schedule": getattr(found.timetable, "expression", None),
        "timetable": type(found.timetable).__name__,
        "follows": sorted(asset.name for asset in getattr(found.schedule, "objects", [])),
        "catchup": found.catchup, "runs": found.max_active_runs, "paused": found.is_paused_upon_creation,
        "params": sorted(found.params), "tasks": {found.task_id: task(found) for found in found.tasks},
    }
print(json.dumps({
    "errors": bag.import_errors, "warnings": [str(warning.message) for warning in caught],
    "bag_warnings": {str(k): str(v) for k, v in bag.captured_warnings.items()},
    "dags": {name: dag(found) for name, found in bag.dags.items()},
}))
"""


def run(code, home, *arguments):
    """Run a program as Airflow would: from another folder, and with the project on no path."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment |= {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def parsed(tmp_path_factory):
    return run(PARSE, tmp_path_factory.mktemp("airflow"), str(ROOT / "dags"))


def task(**changes):
    return {
        "pool": "default_pool",
        "retries": 2,
        "delay": 60.0,
        "at_once": 1,
        "after": [],
        "outlets": [],
        **changes,
    }


def test_importing_the_dag_files_reaches_nothing_heavy(tmp_path):
    paths = [str(ROOT / "dags" / name) for name in FILES]
    assert run(IMPORT, tmp_path, json.dumps(HEAVY), *paths) == []


@pytest.mark.parametrize("name", FILES)
def test_a_dag_file_is_thin(name):
    text = (ROOT / "dags" / name).read_text()
    assert len(text.splitlines()) <= 10
    # Airflow passes by, without a word, a file that doesn't hold this one.
    assert "airflow" in text.lower()


def test_each_file_gives_one_dag_without_errors_or_warnings(parsed):
    assert (parsed["errors"], parsed["warnings"], parsed["bag_warnings"]) == ({}, [], {})
    assert {name: dag["file"] for name, dag in parsed["dags"].items()} == {
        "access_log": "access_log.py",
        "auth_log": "auth_log.py",
        "features": "features.py",
        "materialize": "materialize.py",
        "parity": "parity.py",
        "orders": "orders.py",
        "training_set": "training_set.py",
    }


@pytest.mark.parametrize("source", ["access_log", "auth_log", "orders"])
def test_a_source_is_one_task_a_day(parsed, source):
    dag = parsed["dags"][source]
    assert (dag["timetable"], dag["schedule"]) == ("CronDataIntervalTimetable", "0 0 * * *")
    assert (dag["catchup"], dag["runs"], dag["params"]) == (False, 1, ["interval", "replay"])
    assert dag["tasks"] == {"ingest": task(pool="spark", outlets=[f"silver.{source}"])}


def test_features_follow_the_silver_tables(parsed):
    dag = parsed["dags"]["features"]
    assert dag["follows"] == ["silver.access_log", "silver.auth_log", "silver.orders"]
    assert dag["params"] == ["interval", "sources"]
    assert dag["paused"] is False
    assert dag["tasks"] == {
        "aggregate": task(pool="spark"),
        "register": task(pool="registry", after=["aggregate"], outlets=["riskloom_starter.gold"]),
    }


@pytest.mark.parametrize(
    ("name", "tasks"),
    [
        ("materialize", {"materialize": task(pool="registry")}),
        (
            "training_set",
            {
                service: task(outlets=[f"training_set.{service}"])
                for service in ("login_risk_v1", "order_risk_v1", "traffic_risk_v1")
            },
        ),
    ],
)
def test_the_rest_follows_the_gold_tables(parsed, name, tasks):
    dag = parsed["dags"][name]
    assert dag["follows"] == [
        "gold.client_address_requests",
        "gold.customer_orders",
        "gold.source_address_logins",
        "gold.user_name_logins",
    ]
    assert dag["tasks"] == tasks
    # An event that waits for a run to end would be passed by.
    assert dag["runs"] == 16


def test_parity_is_compared_each_day_service_by_service(parsed):
    dag = parsed["dags"]["parity"]
    assert (dag["schedule"], dag["catchup"], dag["runs"]) == ("0 0 * * *", False, 1)
    assert dag["tasks"] == {service: task() for service in ("login_risk_v1", "order_risk_v1", "traffic_risk_v1")}
