"""Airflow DAG: what services answer online beside their training sets, once a day."""

from __future__ import annotations

from pathlib import Path

from riskloom.orchestrate import parity_dag

dag = parity_dag(root=Path(__file__).parents[1])
