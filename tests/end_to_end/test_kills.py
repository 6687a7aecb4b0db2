"""Killed with SIGKILL at any moment and run again, the tables equal those of an undisturbed run."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from riskloom.intervals import Interval, to_datetime, to_micros
from riskloom.project import Project

pytestmark = [pytest.mark.spark, pytest.mark.feast]

HERE = Path(__file__).resolve().parent
INTERVAL = "2024-03-01/2024-03-03"
# What differs between two runs that did the same.
OF_A_RUN = {"ingest_ts", "run_id", "recorded_ts", "started_ts", "ended_ts", "gold_version", "silver_version"}
KEYS = [{"customer_id": customer, "product": product} for customer in ("1", "12", "2") for product in ("3", "23")]


def finish(root: Path) -> None:
    from riskloom.plan import build
    from riskloom.run import execute

    project = Project.load(root)
    execute(project, build(project, Interval.parse(INTERVAL)))


def contents(root: Path) -> dict:
    """Read all tables and the online store, without what differs between two runs that did the same."""
    from riskloom import OnlineFeatures
    from riskloom.lake import tables
    from riskloom.lake.paths import Lake

    lake = Lake(Project.load(root).settings.lake)
    places = {
        "bronze": lake.bronze("orders"),
        "silver": lake.silver("orders"),
        "quarantine": lake.quarantine("orders"),
        "gold.customer_orders": lake.gold("customer_orders"),
        "gold.pair_orders": lake.gold("pair_orders"),
    }
    found = {name: sorted(rows_of(tables.read(place))) for name, place in places.items()}
    client = OnlineFeatures.connect(root / "feature_repo")
    at = to_datetime(to_micros("2024-03-03"))
    for service, names in (("customer_check_v1", ("customer_id",)), ("pair_check_v1", ("customer_id", "product"))):
        found[service] = [
            repr(client.get(service, {name: keys[name] for name in names}, at=at).values) for keys in KEYS
        ]
    return found


def rows_of(table) -> list[str]:
    return [repr({name: value for name, value in row.items() if name not in OF_A_RUN}) for row in table.to_pylist()]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, spark, hand_worked_project):
    root = hand_worked_project(tmp_path_factory.mktemp("undisturbed"))
    finish(root)
    return contents(root)


def killed(root: Path, moment: str) -> list[str]:
    """Run the plan in a process that dies at the moment, and give the commits that it made."""
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, str(HERE / "killed_run.py"), str(root), INTERVAL, moment],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        env=environment,
        cwd="/",
    )
    assert done.returncode in (-9, 0), done.stderr[-3000:]
    return [line for line in done.stdout.splitlines() if " version " in line]


# After bronze and before its manifest, after silver, and after the last gold table: the moments that leave tables at odds with each other.
@pytest.mark.parametrize("moment", ["commit:1", "commit:5", "commit:10"])
def test_a_killed_run_is_finished_by_the_next(moment, tmp_path, spark, undisturbed, hand_worked_project):
    root = hand_worked_project(tmp_path)
    assert len(killed(root, moment)) == int(moment.partition(":")[2])
    finish(root)
    assert contents(root) == undisturbed


@pytest.mark.slow
def test_a_run_killed_after_each_commit_and_at_random_moments_is_finished_by_the_next(
    tmp_path, spark, undisturbed, hand_worked_project
):
    log = ["| killed | commits made by then | tables after the next run |", "|---|---|---|"]
    moments = random.Random(7)
    count = len(killed(hand_worked_project(tmp_path / "count"), "commit:0"))
    planned = [f"commit:{number}" for number in range(1, count + 1)]
    planned += [f"seconds:{moments.uniform(0.5, 25):.1f}" for _ in range(10)]
    for place, moment in enumerate(planned):
        root = hand_worked_project(tmp_path / str(place))
        commits = killed(root, moment)
        finish(root)
        equal = contents(root) == undisturbed
        log.append(
            f"| {moment} | {len(commits)}{f', last {commits[-1]}' if commits else ''} | {'equal' if equal else 'DIFFERENT'} |"
        )
        shutil.rmtree(root)
    if target := os.environ.get("RISKLOOM_KILL_LOG"):
        Path(target).write_text("\n".join(log) + "\n")
    assert not [line for line in log if "DIFFERENT" in line]
