"""The shipped DAGs in a real Airflow: one by one with `airflow dags test`, then all by the scheduler."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from itertools import islice
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest

from riskloom.lake import tables
from riskloom.lake.paths import Lake

pytestmark = pytest.mark.airflow

ROOT = Path(__file__).parents[2]
FOLDERS = ("features", "transforms", "expectations", "feature_repo", "dags", "scripts")
ORDERS = "2010-12-01/2010-12-03"
# Sources cut it to what they hold, so that one configuration fits all.
ALL = "2010-12-01/2018-01-01"
FEW_LINES = 400
PATIENCE = 300

DAGS_TEST = """
import json, sys
from airflow.__main__ import main
for date, dag, conf in json.loads(sys.argv[1]):
    sys.argv = ["airflow", "dags", "test", dag, date, *(["--conf", json.dumps(conf)] if conf else [])]
    main()
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """An empty Airflow database: making one costs ten seconds."""
    home = tmp_path_factory.mktemp("airflow")
    airflow(home, ["-m", "airflow", "db", "migrate"])
    return home / "airflow.db"


@pytest.fixture
def project(tmp_path, database):
    """A copy of the project with two days of orders and the first lines of the logs."""
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "riskloom.toml", tmp_path)
    data = tmp_path / "demo" / "data"
    (data / "orders").mkdir(parents=True)
    for day in ("2010-12-01", "2010-12-02"):
        shutil.copy(ROOT / f"demo/data/orders/{day}.csv.gz", data / "orders")
    for name in ("access_log/access.log.gz", "auth_log/auth.log.gz"):
        (data / name).parent.mkdir()
        with gzip.open(ROOT / "demo/data" / name) as lines, gzip.open(data / name, "wb") as few:
            few.writelines(islice(lines, FEW_LINES))
    home = tmp_path / ".riskloom" / "airflow"
    home.mkdir(parents=True)
    shutil.copy(database, home)
    return tmp_path


def environment(home, **more):
    """Give what an Airflow of this test's own needs, from whatever folder it is started."""
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("AIRFLOW", "RISKLOOM", "PYTHONPATH"))
    }
    return kept | {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False", **more}


def airflow(home, arguments, timeout=PATIENCE, **more):
    done = subprocess.run(
        [sys.executable, *arguments],
        env=environment(home, **more),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-8000:]
    return done.stdout + done.stderr


def query(project, sql):
    with closing(sqlite3.connect(project / ".riskloom/airflow/airflow.db")) as database:
        return database.execute(sql).fetchall()


def events(project):
    """Give the asset events so far: name, interval and version, oldest first."""
    rows = query(
        project,
        "select asset.name, asset_event.extra from asset_event join asset on asset.id = asset_id order by asset_event.id",
    )
    return [(name, json.loads(extra)) for name, extra in rows]


def versions(project):
    """Give the version of each silver and gold table."""
    lake = project / ".riskloom" / "lake"
    found = [*lake.glob("silver/*"), *lake.glob("gold/*")]
    return {f"{path.parent.name}.{path.name}": tables.version(path) for path in found}


def dags_test(project, *steps):
    """Run `airflow dags test` for each (date, DAG, configuration), in one process, without pools."""
    home = project / ".riskloom" / "airflow"
    # A file: PySpark takes a main module without one for its own doctests, and ends the process.
    (home / "dags_test.py").write_text(DAGS_TEST)
    dags = str(project / "dags")
    return airflow(home, ["dags_test.py", json.dumps(steps)], AIRFLOW__CORE__DAGS_FOLDER=dags)


@pytest.mark.slow
def test_each_dag_runs_by_dags_test_and_again_without_a_change(project):
    everything = {"interval": ALL}
    log = dags_test(
        project,
        ("2010-12-05", "access_log", everything),
        ("2010-12-05", "auth_log", everything),
        # Its data interval, the day before the date, says which.
        ("2010-12-02", "orders", None),
        ("2010-12-05", "orders", {"interval": ORDERS}),
        ("2010-12-05", "features", everything),
        ("2010-12-05", "materialize", everything),
        ("2010-12-05", "training_set", everything),
        # No file of it has come: skipped, and not counted as done.
        ("2011-06-01", "orders", None),
    )
    assert "Data Docs: " in log
    states = query(project, "select dag_id, task_id, state from task_instance order by dag_id, task_id, rowid")
    assert states == [
        ("access_log", "ingest", "success"),
        ("auth_log", "ingest", "success"),
        ("features", "aggregate", "success"),
        ("features", "register", "success"),
        ("materialize", "materialize", "success"),
        ("orders", "ingest", "success"),
        ("orders", "ingest", "success"),
        ("orders", "ingest", "skipped"),
        ("training_set", "login_risk_v1", "success"),
        ("training_set", "order_risk_v1", "success"),
        ("training_set", "traffic_risk_v1", "success"),
    ]
    assert "nothing to do for 2011-05-31/2011-06-01: the files of 'orders' hold 2010-12-01/2010-12-03." in log

    said, before = events(project), versions(project)
    orders = [extra for name, extra in said if name == "silver.orders"]
    assert [extra["interval"] for extra in orders] == ["2010-12-01/2010-12-02", ORDERS]
    assert orders[-1]["delta_version"] == before["silver.orders"]
    gold = {name: extra["delta_version"] for name, extra in said if name.startswith("gold.")}
    assert gold == {name: version for name, version in before.items() if name.startswith("gold.")}
    sets = {name: pq.read_table(extra["path"]) for name, extra in said if name.startswith("training_set.")}
    assert sorted(sets) == ["training_set.login_risk_v1", "training_set.order_risk_v1", "training_set.traffic_risk_v1"]
    assert all(table.num_rows for table in sets.values())

    dags_test(
        project,
        ("2010-12-06", "orders", {"interval": ORDERS}),
        ("2010-12-06", "features", everything),
        ("2010-12-06", "training_set", everything),
    )
    assert versions(project) == before
    again = {name: pq.read_table(extra["path"]) for name, extra in events(project) if name.startswith("training_set.")}
    assert again == sets


class Server:
    """`make airflow` on a copy of the project, and its REST interface."""

    def __init__(self, project):
        self.home = project / ".riskloom" / "airflow"
        self.log = project / "airflow.log"
        (project / ".venv").symlink_to(Path(sys.prefix), target_is_directory=True)
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [project / "scripts" / "airflow"],
                env=environment(self.home, AIRFLOW_PORT="0"),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.url = self.token = None

    def wait(self, what, found):
        """Wait until there is something to be found; say what was waited for in vain, and what Airflow wrote."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            try:
                answer = found()
            except OSError:
                answer = None
            if answer:
                return answer
            time.sleep(1)
        pytest.fail(f"waited in vain for {what}:\n{self.log.read_text()[-8000:]}")

    def connect(self):
        said = self.wait(
            "the address", lambda: [line for line in self.log.read_text().splitlines() if "http://127" in line]
        )
        self.url = said[0].split()[1]
        self.token = self.wait("a token", lambda: self.call("GET", "/auth/token"))["access_token"]

    def call(self, method, path, body=None):
        headers = {"Content-Type": "application/json"} | (
            {"Authorization": f"Bearer {self.token}"} if self.token else {}
        )
        data = json.dumps(body).encode() if body is not None else None
        asked = urllib.request.Request(self.url + path, data, headers, method=method)  # noqa: S310 - our own loopback
        with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310
            return json.load(answer)

    def runs(self):
        """Give the newest state of each DAG's runs that were not scheduled by the clock."""
        found = self.call("GET", "/api/v2/dags/~/dagRuns?order_by=id")["dag_runs"]
        return {run["dag_id"]: run["state"] for run in found if run["run_type"] != "scheduled"}

    def processes(self):
        """Give the processes that have this Airflow's home in their environment."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("AIRFLOW_HOME") == str(self.home):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def stop(self):
        """Interrupt it as Ctrl-C does: the terminal's whole process group."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(timeout=60)


@pytest.fixture
def server(project):
    started = Server(project)
    yield started
    for process in started.processes():
        process.kill()
    started.process.wait(timeout=30)


def test_the_scheduler_runs_the_whole_chain_and_stops_clean(project, server):
    server.connect()
    dags = len(list((project / "dags").glob("*.py")))
    server.wait("the DAGs", lambda: server.call("GET", "/api/v2/dags")["total_entries"] == dags)
    server.call("PATCH", "/api/v2/dags/orders", {"is_paused": False})
    server.call("POST", "/api/v2/dags/orders/dagRuns", {"logical_date": None, "conf": {"interval": ORDERS}})

    def ended():
        states = server.runs()
        assert "failed" not in states.values(), server.log.read_text()[-8000:]
        return states == dict.fromkeys(("orders", "features", "materialize", "training_set"), "success")

    server.wait("the chain", ended)
    assert server.stop() == 0
    assert server.processes() == []

    said, now = dict(events(project)), versions(project)
    training_set = said.pop("training_set.order_risk_v1")
    assert said == {
        name: {"interval": ORDERS, "delta_version": now[name]} for name in ("silver.orders", "gold.customer_orders")
    }
    assert tables.rows(Lake(project / ".riskloom/lake").silver("orders")) > 5_000
    assert pq.read_table(training_set["path"]).num_rows > 100
    assert not query(project, "select 1 from task_instance where state in ('failed', 'up_for_retry')")
