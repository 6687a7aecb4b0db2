"""Native tasks on a Spark session: Spark schedules and retries them, and moves bytes between them, but reads no row."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

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
        groups: int,
    ) -> list[Result]:
        """Cut each item into pieces, then bring the pieces of each group together, by Spark's shuffle."""
        if not items:
            return []

        def together(pieces: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, Result]]:
            found: dict[int, list[bytes]] = {}
            for group, piece in pieces:
                found.setdefault(group, []).append(piece)
            for group in sorted(found):
                yield group, gather(group, found.pop(group))

        cut = self._context.parallelize(items, len(items)).flatMap(split)
        results = cut.partitionBy(groups, int).mapPartitions(together).collect()
        return [result for _, result in sorted(results, key=lambda pair: pair[0])]
