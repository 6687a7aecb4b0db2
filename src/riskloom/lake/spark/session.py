"""The Spark session: one for a process, with Delta, in UTC, small by default."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.sql import SparkSession

from riskloom.lake import jars
from riskloom.lake.retention import retention_properties
from riskloom.lake.spark.classes import java_options
from riskloom.settings import RETENTION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskloom.project import Project
    from riskloom.settings import Settings

_LOGGING = Path(__file__).with_name("log4j2.properties")
_SOURCES = Path(__file__).parents[3]

# The quick compiler and the small collector halve the cost of sessions that last minutes, which local ones do.
# They concern the driver alone: a cluster's executors, and whoever sets these options, have Spark's own.
_SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"

DEFAULTS: Mapping[str, str] = {
    "spark.master": "local[2]",
    "spark.driver.memory": "1g",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    # With the defaults, made for large clusters, small tables cost seconds a commit.
    "spark.sql.shuffle.partitions": "4",
    "spark.databricks.delta.snapshotPartitions": "2",
    "spark.databricks.delta.stats.collect.using.tableSchema": "true",
    # A MERGE with deletion vectors leaves tables that readers without them refuse.
    "spark.databricks.delta.properties.defaults.enableDeletionVectors": "false",
    "spark.databricks.delta.merge.materializeSource.maxAttempts": "4",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # A task that writes few partitions keeps a file open for each, and need not sort its rows first.
    "spark.sql.maxConcurrentOutputFileWriters": "16",
    "spark.sql.execution.pyspark.udf.faulthandler.enabled": "true",
    "spark.python.daemon.module": "riskloom.windows.spark.daemon",
}


def session(project: Project | Settings | None = None) -> SparkSession:
    """Give the process's Spark session, and start it where there is none.

    Args:
        project: Project or settings whose ``[spark]`` options go before Riskloom's own; only a session
            that is started here takes them.

    Returns:
        The session; one that is already active is used as it is.

    Raises:
        LakeError: Delta's jars are missing and cannot be fetched.
    """
    active = SparkSession.getActiveSession()
    if active is not None:
        return active
    builder: Any = SparkSession.builder
    for key, value in _options(project).items():
        builder = builder.config(key, value)
    # Spark's Java side starts Python workers by this variable, else by whatever python3 is on the path.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    started: SparkSession = builder.appName("riskloom").getOrCreate()
    started.sparkContext.setLogLevel("ERROR")
    # PySpark writes each analysis error to the terminal as well, ahead of the one line that Riskloom makes of it.
    logging.getLogger("DataFrameQueryContextLogger").setLevel(logging.CRITICAL)
    return started


def _options(project: Project | Settings | None) -> dict[str, str]:
    settings: Any = getattr(project, "settings", project)
    root = getattr(project, "root", None)
    paths = [str(path) for path in (root, _SOURCES) if path]
    inherited = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    found = [str(path) for path in jars.ensure()]
    return {
        **DEFAULTS,
        "spark.jars": ",".join(found),
        # On the class path of Java itself they are in the archive of classes, too.
        "spark.driver.extraClassPath": os.pathsep.join(found),
        "spark.driver.extraJavaOptions": (
            f"-Dlog4j2.configurationFile={_LOGGING.as_uri()} -Duser.timezone=UTC {_SHORT_LIVED} {java_options()}"
        ),
        # Workers do not inherit the driver's sys.path, and need the library and the project's folders.
        "spark.executorEnv.PYTHONPATH": os.pathsep.join(dict.fromkeys([*paths, *inherited])),
        **_kept_for(settings.retention if settings is not None else RETENTION),
        **dict(settings.spark if settings is not None else {}),
    }


def _kept_for(retention: str) -> dict[str, str]:
    """Keep the versions of each new table for as long as training sets must be reproduced."""
    properties = retention_properties(retention)
    return {
        f"spark.databricks.delta.properties.defaults.{name.removeprefix('delta.')}": properties[name]
        for name in properties
    }
