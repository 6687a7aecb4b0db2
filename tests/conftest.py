"""What every room's tests share: one Spark session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import SparkSession


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """One session for all tests: starting one costs seconds."""
    from riskloom.lake.spark.session import session

    started = session()
    yield started
    started.stop()
