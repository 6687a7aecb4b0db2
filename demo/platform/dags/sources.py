"""Airflow DAGs: each log of the platform, from raw files to silver, hour by hour."""

from __future__ import annotations

from pathlib import Path

from riskloom.orchestrate import source_dag
from riskloom.project import Project

ROOT = Path(__file__).parents[1]

dags = {name: source_dag(name, root=ROOT) for name in Project.load(ROOT).sources}
globals().update(dags)
