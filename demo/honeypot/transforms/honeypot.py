"""Lines of the honeypot to attempts, each with its session.

A line of the text names the transport that it is of, by number and address, and not the session; the line of a new
connection names the session, and not the transport. Transports are numbered from the program's start, in the order of
the connections.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import DataFrame

ACTIONS = {
    "cowrie.session.connect": "connect",
    "cowrie.login.success": "succeeded",
    "cowrie.login.failed": "failed",
}
_TRANSPORT = re.compile(r"Transport,(\d+),([0-9a-fA-F.:]+)")
_STARTS = "Starting factory <cowrie.ssh"
_MADE = ("action", "source_address", "session", "user_name", "password")


def with_sessions(records: DataFrame) -> DataFrame:
    """Find the session of each line of the text.

    Args:
        records: Lines as their format parsed them.

    Returns:
        The same rows, in order of file and line, with ``action`` and ``source_address``.
    """
    added = [StructField(name, StringType()) for name in _MADE if name not in records.columns]
    in_order = records.repartition(1).sortWithinPartitions("origin.file", "origin.line_no")
    return in_order.mapInArrow(_followed, StructType([*records.schema.fields, *added]))


def named_alike(records: DataFrame) -> DataFrame:
    """Give what the JSON says the names that the text's events have."""
    action = F.lit("other")
    for eventid, name in ACTIONS.items():
        action = F.when(F.col("eventid") == eventid, name).otherwise(action)
    named = {"action": action, "source_address": F.col("src_ip"), "user_name": F.col("username")}
    return records.withColumns(named)


class Sessions:
    """Follows the lines of the text in order, and remembers which transport is of which session."""

    def __init__(self) -> None:
        """Begin before the first line."""
        self._waiting: dict[str, dict[int, str]] = defaultdict(dict)
        self._of: dict[str, str] = {}
        self._connections = 0
        # By how much the numbers of transports are ahead of the connections that were seen: a log may begin late.
        self._ahead: int | None = None

    def read(self, row: dict[str, Any]) -> dict[str, str | None]:
        """Say what a line is: action, address and session, and the name and password that were tried."""
        made: dict[str, str | None] = {name: row.get(name) for name in _MADE}
        if row["session"]:
            self._waiting[row["ip"]][self._connections] = row["session"]
            self._connections += 1
            return {**made, "action": "connect", "source_address": row["ip"]}
        if _STARTS in (row["message"] or ""):
            # A program that starts again counts from zero.
            self._of.clear()
            self._ahead = -self._connections
        transport = _TRANSPORT.search(row["system"] or "")
        address = transport[2] if transport else None
        made |= {"action": row["result"] or "other", "source_address": address}
        if transport is not None:
            made["session"] = self._session(transport[0], int(transport[1]), transport[2])
        return {**made, "user_name": _as_sent(row["user_name"]), "password": _as_sent(row["password"])}

    def _session(self, transport: str, number: int, address: str) -> str | None:
        waiting = self._waiting[address]
        if transport not in self._of and waiting:
            expected = None if self._ahead is None else number - self._ahead
            place = expected if expected in waiting else min(waiting)
            self._of[transport] = waiting.pop(place)
            self._ahead = number - place
        return self._of.get(transport)


def _as_sent(value: str | None) -> str | None:
    """Undo how the program writes an end of line inside a value: its log has no CR, and indents what goes on."""
    return value if value is None else value.replace("\n\t", "\r\n")


def _followed(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    sessions = Sessions()
    for batch in batches:
        made = [sessions.read(row) for row in batch.to_pylist()]
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        columns |= {name: pa.array([one[name] for one in made], pa.string()) for name in _MADE}
        yield pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
