"""Airflow writes to its home when it is imported: here that is a folder of the tests' own."""

from __future__ import annotations

import os
import tempfile

os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="riskloom-airflow-"))
