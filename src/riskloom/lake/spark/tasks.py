"""Native tasks on a Spark session: Spark schedules and retries them, and reads no row."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from riskloom.lake import pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from pyspark.sql import SparkSession

Item = TypeVar("Item")
Result = TypeVar("Result")


class OnSpark:
    """Runs each task in a Python worker of a session; see ``riskloom.lake.tasks.Tasks``.

    Args:
        spark: The session.
    """

    def __init__(self, spark: SparkSession) -> None:
        self._context = spark.sparkContext

    def map(self, function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Call a function for each item, each in a task of its own."""
        if not items:
            return []
        return self._context.parallelize(items, len(items)).map(function).collect()

    def regroup(
        self,
        split: Callable[[Item], Iterable[tuple[int, bytes]]],
        items: Sequence[Item],
        gather: Callable[[int, Iterable[bytes]], Result],
        root: Path,
    ) -> list[Result]:
        """Cut each item into pieces, then bring the pieces of each group together, by files below a table."""
        with pieces.scratch(root) as folder:
            written = self.map(lambda item: pieces.write(folder, split(item)), items)
            paths = [one.path for one in written]
            groups = sorted(frozenset().union(*(one.groups for one in written)))
            return self.map(lambda group: gather(group, pieces.read(paths, group)), groups)
