"""Airflow DAG: what is served, beside training sets."""

from __future__ import annotations

from pathlib import Path

from riskloom.orchestrate import parity_dag

dag = parity_dag(root=Path(__file__).parents[1])
