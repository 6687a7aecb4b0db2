"""The platform's DAG files, parsed by Airflow in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from riskloom.project import Project

pytestmark = pytest.mark.airflow

PLATFORM = Path(__file__).parents[3] / "demo" / "platform"
PARSE = """
import json, logging, sys
logging.disable(logging.CRITICAL)
from pathlib import Path
from airflow.dag_processing.dagbag import BundleDagBag
bag = BundleDagBag(Path(sys.argv[1]), bundle_path=Path(sys.argv[1]), bundle_name="dags")
heavy = [name for name in ("pyspark", "feast", "great_expectations") if name in sys.modules]
print(json.dumps([bag.import_errors, heavy, {name: sorted(dag.task_ids) for name, dag in bag.dags.items()}]))
"""


def test_each_source_and_what_follows_has_a_dag(tmp_path):
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment |= {"AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    done = subprocess.run(
        [sys.executable, "-c", PARSE, str(PLATFORM / "dags")],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    errors, heavy, dags = json.loads(done.stdout.splitlines()[-1])
    project = Project.load(PLATFORM)
    assert (errors, heavy) == ({}, [])
    assert [dags[name] for name in project.sources] == [["ingest"]] * len(project.sources)
    assert set(dags) - set(project.sources) == {"batch_jobs", "features", "materialize", "parity", "training_set"}
    assert dags["batch_jobs"] == ["publish", "write"]
    assert dags["training_set"] == dags["parity"] == sorted(project.services)
