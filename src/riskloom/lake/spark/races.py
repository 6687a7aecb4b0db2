"""How Spark says that another writer's commit came in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pyspark.errors import PySparkException

from riskloom.lake import races

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")

_SIGNS = (
    "DELTA_CONCURRENT",
    "DELTA_METADATA_CHANGED",
    "DELTA_PROTOCOL_CHANGED",
    "DELTA_PATH_EXISTS",
    "DELTA_TABLE_ALREADY_EXISTS",
    "ConcurrentWriteException",
    "ConcurrentModificationException",
)


def retried(table: str, write: Callable[[], Result]) -> Result:
    """Write a table on Spark, again from the start where it was overtaken; see ``riskloom.lake.races``."""
    return races.retried(table, write, _overtaken)


def _overtaken(error: Exception) -> bool:
    return isinstance(error, PySparkException) and any(sign in str(error) for sign in _SIGNS)
