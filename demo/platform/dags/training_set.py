"""Airflow DAG: gold to a training set of each service."""

from __future__ import annotations

from pathlib import Path

from riskloom.orchestrate import training_set_dag

dag = training_set_dag(root=Path(__file__).parents[1])
