"""Two writers of one table: the one that comes second looks again and does what is left."""

from __future__ import annotations

import random
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from riskloom.errors import LakeError
from riskloom.lake.paths import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Result = TypeVar("Result")

_ATTEMPTS = 10
_PAUSE_S = 0.2


class Overtaken(Exception):  # noqa: N818 - caught where the work begins again, and never shown
    """Another writer's commit came in between."""


@contextmanager
def one_commit(path: Path) -> Iterator[None]:
    """Commit to a table without Spark within a block: another writer's commit in between is told apart.

    Args:
        path: Folder of the table.

    Raises:
        Overtaken: Another writer's commit came in between, or another writer made the table.
        LakeError: The table cannot be written.
    """
    from deltalake.exceptions import CommitFailedError, DeltaError

    try:
        yield
    except CommitFailedError as error:
        raise Overtaken(str(error)) from error
    except DeltaError as error:
        if "already exists" not in str(error):
            raise LakeError.not_written(shown(path), str(error)) from error
        raise Overtaken(str(error)) from error


def retried(table: str, write: Callable[[], Result], overtaken: Callable[[Exception], bool]) -> Result:
    """Write a table, again from the start where another writer's commit came in between.

    Args:
        table: The table's name as people see it.
        write: Looks at the table, then writes it; called once for each attempt.
        overtaken: Says of an error whether it means that.

    Raises:
        LakeError: Other writers came first each time.
    """
    last: Exception | None = None
    for attempt in range(_ATTEMPTS):
        try:
            return write()
        except Exception as error:
            if not overtaken(error):
                raise
            last = error
            # Two that lost together would otherwise meet again.
            time.sleep(_PAUSE_S * attempt * random.random())  # noqa: S311 - a pause, no secret
    raise LakeError.not_written(table, first_line(last)) from last


def first_line(error: BaseException | None) -> str:
    """Give the line of an error that says what happened."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(". ") if lines else type(error).__name__
