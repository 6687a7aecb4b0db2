"""Spark's classes, read once: later sessions map them from an archive instead of loading some twenty thousand.

``python -m riskloom.lake.spark.classes`` makes the archive beside Delta's jars, by running a small session with each
kind of work. Start, a first write, merge and read then cost 13 CPU seconds instead of 18 to 23. Java checks itself
whether an archive is its own, and goes on without one that is not. Source: "Class Data Sharing" in the guide of Java's
virtual machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from riskloom.lake import jars

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import SparkSession

_MAKING = "RISKLOOM_MAKES_CLASSES"
_QUIET = "-Xlog:cds*=error"
_PATIENCE_S = 600


def archive() -> Path:
    """Tell where the archive is kept, whether it has been made or not.

    Returns:
        A file in the folder of Delta's jars, whose versions its classes are.

    Example:
        >>> archive().name
        'classes.jsa'
    """
    return jars.jars_dir() / "classes.jsa"


def java_options() -> str:
    """Give the options with which Java maps the archive, writes a new one, or has none."""
    making = os.environ.get(_MAKING)
    if making:
        return f"{_QUIET} -XX:ArchiveClassesAtExit={making}"
    return f"{_QUIET} -XX:SharedArchiveFile={archive()}" if archive().is_file() else ""


def make() -> str:
    """Make the archive, whole or not at all.

    Returns:
        What to tell: where it is, or why sessions go on without one.

    Raises:
        LakeError: Delta's jars are missing and cannot be fetched.
    """
    jars.ensure()
    target = archive()
    with tempfile.TemporaryDirectory(prefix=".archiving-", dir=target.parent) as scratch:
        made = Path(scratch) / target.name
        environment = {**os.environ, _MAKING: str(made)}
        try:
            done = subprocess.run(  # noqa: S603 - this module, by this Python
                [sys.executable, "-m", __spec__.name],
                env=environment,
                capture_output=True,
                text=True,
                timeout=_PATIENCE_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"Spark's classes are not archived (no end in {_PATIENCE_S} s): sessions start slower, and work."
        if not made.is_file():
            last = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
            return f"Spark's classes are not archived ({last}): sessions start slower, and work."
        made.replace(target)
    return f"Spark's classes: {target.stat().st_size >> 20} MiB in {target}"


@contextmanager
def _whole_java() -> Iterator[SparkSession]:
    """Give a session, and wait until its Java has ended: it writes the archive last."""
    from riskloom.lake.spark.session import session

    spark = session()
    gateway: Any = spark.sparkContext._gateway  # noqa: SLF001 - PySpark tells no other way which process it started
    yield spark
    spark.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait()


def _work(spark: SparkSession, folder: str) -> None:
    """Do a little of each kind of work: rows, texts, times, JSON, joins, windows, Python workers, Delta."""
    from delta.tables import DeltaTable
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    rows = spark.range(40).select(
        "id",
        (F.col("id") % 4).alias("key"),
        F.timestamp_seconds(F.col("id") * 60).alias("event_ts"),
        F.to_json(F.struct("id")).alias("text"),
    )
    parsed = rows.withColumn("number", F.from_json("text", "id bigint")["id"]).filter(F.col("text").rlike("[0-9]"))
    path = f"{folder}/rows"
    parsed.write.format("delta").partitionBy("key").save(path)
    table = DeltaTable.forPath(spark, path)
    same = "t.id = s.id"
    table.alias("t").merge(parsed.limit(5).alias("s"), same).whenMatchedUpdateAll().whenNotMatchedInsertAll().execute()
    table.delete("id = 7")
    parsed.write.format("delta").mode("append").save(path)
    read = spark.read.format("delta").load(path)
    last = F.row_number().over(Window.partitionBy("key").orderBy(F.col("event_ts").desc()))
    read.withColumn("last", last).join(F.broadcast(rows.select("id")), "id").filter("last = 1").collect()
    read.join(rows, "id").groupBy("key").agg(F.sum("number"), F.count_distinct("text")).toArrow()
    read.mapInArrow(lambda batches: batches, read.schema).count()
    spark.sparkContext.parallelize([1, 2], 2).map(str).collect()
    table.history().collect()


def main() -> None:
    """Make the archive for ``python -m riskloom.lake.spark.classes``, and say where it is."""
    if os.environ.get(_MAKING):
        with tempfile.TemporaryDirectory() as folder, _whole_java() as spark:
            _work(spark, folder)
        return
    click.echo(make())


if __name__ == "__main__":
    main()
