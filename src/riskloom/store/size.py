"""How large tables and training sets are, estimated before they are read, and which runner that asks for."""

from __future__ import annotations

import importlib.util
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from riskloom.lake import tables
from riskloom.plan.steps import counted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyarrow as pa

    from riskloom.lake.tasks import Tasks
    from riskloom.settings import Settings
    from riskloom.store.parts import Part

_LOG = logging.getLogger("riskloom.training")
# What one process may be asked to hold.
MOST_BYTES = 4 * 2**30
# Bytes of a row that is read: its columns by their types, a text's guessed, and the kernel's arrays beside them. Then
# those of a spine row, and of a value of the result. Measured at 5 and 20 million events of four fixed columns and two
# of text: 135 and 137 bytes an event, for which this says 152; 16 a value; 120 to 240 a spine row.
_TEXT, _BESIDE = 20, 80
_SPINE_ROW, _CELL = 240, 16


@dataclass(frozen=True, slots=True)
class Choice:
    """A runner, and why it was taken.

    Attributes:
        runner: ``in_process`` or ``spark``.
        why: The reason, as a sentence.
    """

    runner: str
    why: str


def choose(runner: str, parts: Sequence[Part], spine: Any, output: str) -> Choice:  # noqa: ANN401 - a frame of any kind
    """Choose the runner, and say why in the log.

    Args:
        runner: What was asked for: ``auto``, ``in_process`` or ``spark``.
        parts: What the training set is made of.
        spine: The spine.
        output: The kind of frame wanted.
    """
    choice = _choose(runner, parts, spine, output)
    _LOG.info("runner %s: %s", choice.runner, choice.why)
    return choice


def _choose(runner: str, parts: Sequence[Part], spine: Any, output: str) -> Choice:  # noqa: ANN401 - as above
    if runner != "auto":
        return Choice(runner, "it was asked for.")
    if hasattr(spine, "sparkSession") and output == "spark":
        return Choice("spark", "the spine is a Spark frame, and a Spark frame is wanted.")
    return _by_size(estimate(parts, rows_of(spine)), len(parts))


def choose_for_table(runner: str, path: Path, version: int, columns: Sequence[str]) -> Choice:
    """Choose the runner of work on columns of one table by the same rule, and say why in the log."""
    asked = Choice(runner, "it was asked for.")
    choice = _by_size(_table_bytes(path, version, columns), 1) if runner == "auto" else asked
    _LOG.info("runner %s: %s", choice.runner, choice.why)
    return choice


def spark_tasks(settings: Settings | None) -> Tasks:
    """Give tasks of the process's Spark session, which is started where there is none."""
    from riskloom.lake.spark.session import session
    from riskloom.lake.spark.tasks import OnSpark

    return OnSpark(session(settings))


def _by_size(needed: int, count: int) -> Choice:
    text = f"about {needed / 2**30:.2f} GiB in memory for {counted(count, 'table')}"
    limit = f"{MOST_BYTES / 2**30:.0f} GiB"
    if needed <= MOST_BYTES:
        return Choice("in_process", f"{text}, within {limit}.")
    if importlib.util.find_spec("pyspark") is None:
        return Choice("in_process", f"{text}, more than {limit}, but PySpark is not installed.")
    return Choice("spark", f"{text}, more than {limit}.")


def estimate(parts: Sequence[Part], rows: int) -> int:
    """Estimate the bytes that one process would need at most: those of the largest table, of the spine and the result.

    Tables are read one after the other. All rows of a table are counted, though a read leaves out files that are out
    of reach.
    """
    largest = max((_table_bytes(part.path, part.version, part.columns) for part in parts), default=0)
    cells = rows * sum(len(part.features) for part in parts)
    return largest + rows * _SPINE_ROW + cells * _CELL


def _table_bytes(path: Path, version: int | None, columns: Sequence[str]) -> int:
    schema = tables.schema(path, version)
    known = [schema.field(column).type for column in columns if column in schema.names]
    return tables.rows(path, version) * (sum(map(_width, known)) + _BESIDE)


def _width(found: pa.DataType) -> int:
    """Give the bytes of a value: a text's, and a list's, are not known before it is read."""
    try:
        return max(1, int(found.bit_width) // 8)
    except ValueError:
        return _TEXT


def rows_of(spine: Any) -> int:  # noqa: ANN401 - a frame of any kind
    """Count the rows of a spine; a Spark frame's are not counted, since that would run it."""
    if hasattr(spine, "num_rows"):
        return int(spine.num_rows)
    return len(spine) if hasattr(spine, "__len__") else 0
