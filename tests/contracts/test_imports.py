"""What an import loads: a declaration, a plan or a DAG file never pays for Spark, Feast or Airflow."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {"airflow", "deltalake", "feast", "great_expectations", "numba", "pandas", "pyspark"}
LIGHT_MODULES = [
    "riskloom",
    "riskloom.errors",
    "riskloom.intervals",
    "riskloom.declare",
    "riskloom.project",
    "riskloom.plan",
    "riskloom.lake.jars",
]
PROGRAM = """
import importlib, json, sys
importlib.import_module(sys.argv[1])
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def loaded_by(module: str) -> set[str]:
    """Top-level packages that are loaded after importing one module in a fresh interpreter."""
    command = [sys.executable, "-c", PROGRAM, module]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("module", LIGHT_MODULES)
def test_import_loads_nothing_heavy(module):
    assert loaded_by(module) & HEAVY == set()


def test_a_heavy_import_would_be_seen():
    assert "pandas" in loaded_by("pandas")
