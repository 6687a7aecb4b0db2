"""Airflow: DAGs made from a project, linked by the tables that they write.

Importing this package brings Airflow and the project's declarations, and nothing
heavier: Airflow parses DAG files again and again. Spark, Feast and Great Expectations
are imported when a task runs.
"""

from __future__ import annotations

from riskloom.orchestrate.dags import features_dag, materialize_dag, parity_dag, source_dag, training_set_dag

__all__ = ["features_dag", "materialize_dag", "parity_dag", "source_dag", "training_set_dag"]
