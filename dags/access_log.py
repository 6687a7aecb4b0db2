"""Airflow DAG: the shop's access log, from raw files to silver."""

from __future__ import annotations

from pathlib import Path

from riskloom.orchestrate import source_dag

dag = source_dag("access_log", root=Path(__file__).parents[1])
