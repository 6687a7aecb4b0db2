"""Airflow DAG: silver to gold, and Feast's registry."""

from __future__ import annotations

from pathlib import Path

from riskloom.orchestrate import features_dag

dag = features_dag(root=Path(__file__).parents[1])
