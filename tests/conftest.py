"""What every room's tests share: one Spark session, and where the data is that is not shipped."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from riskloom.testing.disks import small_disk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import SparkSession


# A test's rows are few: interpreting an expression costs a quarter less than compiling it, and gives the same. What tests
# run in processes of their own, such as the demo's DAGs and a killed run, compiles as everywhere.
INTERPRETED = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}


@pytest.fixture(scope="session")
def spark(tmp_path_factory) -> Iterator[SparkSession]:
    """One session for all tests: starting one costs seconds."""
    from riskloom.lake.spark.session import session
    from riskloom.settings import Settings

    places = dict.fromkeys(("lake", "data", "feature_repo", "state"), tmp_path_factory.mktemp("session"))
    started = session(Settings(name="tests", **places, spark=INTERPRETED))
    yield started
    started.stop()


@pytest.fixture
def mounted():
    """Mounts small disks for a test, and skips it where nobody may."""
    with ExitStack() as disks:

        def mount(folder, size):
            try:
                return disks.enter_context(small_disk(folder, size))
            except PermissionError as missing:
                pytest.skip(str(missing))

        yield mount


@pytest.fixture(scope="session")
def shared() -> Path | None:
    """Folder of the data that is not shipped, beside the checkout or where RISKLOOM_SHARED says; None without it."""
    declared = os.environ.get("RISKLOOM_SHARED")
    places = [Path(declared)] if declared else [parent / "shared" for parent in Path(__file__).resolve().parents]
    return next((place / "data" for place in places if (place / "data").is_dir()), None)
