"""Airflow DAG: gold to the online store."""

from __future__ import annotations

from pathlib import Path

from riskloom.orchestrate import materialize_dag

dag = materialize_dag(root=Path(__file__).parents[1])
