"""Keeps a sample of what is served, and writes it to ``ops.served`` beside the requests."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
import pyarrow as pa

from riskloom.errors import PrivacyError
from riskloom.lake import served
from riskloom.store.evaluate import NULL, PRESENT

if TYPE_CHECKING:
    from prometheus_client import Counter

    from riskloom.lake.paths import Lake
    from riskloom.serve.options import Options
    from riskloom.store.evaluate import Answer, Row
    from riskloom.store.views import Asked
    from riskloom.tokens import Ring

    Read = list[tuple[Asked, Answer]]

KEPT, DROPPED, WRITTEN, FAILED = "kept", "dropped", "written", "failed"
_ROWS_AT_ONCE = 8
logger = logging.getLogger(__name__)


class Taken(NamedTuple):
    """What was answered to one request.

    Attributes:
        served_ts: When, microseconds since the epoch.
        service: The service; empty where features were asked for one by one.
        read: What was asked of each windowed view, and its answer.
        size: How many rows that is.
    """

    served_ts: int
    service: str
    read: Read
    size: int


class Sample:
    """Takes a share of the answers. Requests pay for one random number, and those that are taken for an append.

    A thread writes what was taken every so often, in one commit. It holds so many rows and no more: others are dropped
    and counted, and what cannot be written stays held and is tried again.

    Args:
        lake: Where the table is.
        ring: Keys for tokens.
        options: The share, how many rows may be held, and how often they are written.
        counted: Counts rows by what became of them.
    """

    def __init__(self, lake: Lake, ring: Ring, options: Options, counted: Counter) -> None:
        self._lake, self._ring, self._options, self._counted = lake, ring, options, counted
        # A count that has not begun is 0, and not missing.
        for result in (KEPT, DROPPED, FAILED, WRITTEN):
            counted.labels(result)
        self._taken: deque[Taken] = deque()
        self._waiting: list[pa.Table] = []
        # Each is changed by one thread alone.
        self._in = self._out = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._write_on, name="served", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def drawn(self) -> bool:
        """Say whether a request is of the sample."""
        return random.random() < self._options.served_share  # noqa: S311 - a sample, no secret

    def take(self, service: str, read: Read) -> None:
        """Hold what was answered, if there is room; it never waits and never fails.

        Args:
            service: The service; empty where features were asked for one by one.
            read: What was asked of each windowed view, and its answer.
        """
        rows = sum(len(answer.rows) for _, answer in read)
        if self._in - self._out + rows > self._options.served_rows:
            self._counted.labels(DROPPED).inc(rows)
            return
        self._in += rows
        self._taken.append(Taken(time.time_ns() // 1_000, service, read, rows))
        self._counted.labels(KEPT).inc(rows)

    def close(self, seconds: float) -> None:
        """Write what is held, for so many seconds at most, and end."""
        self._ended.set()
        self._thread.join(seconds)

    def _write_on(self) -> None:
        while not self._ended.wait(self._options.served_every):
            self.write()
        self.write()

    def write(self) -> None:
        """Write what is held; where that fails it stays held."""
        rows: list[dict[str, Any]] = []
        while self._taken:
            rows += self._told(self._taken.popleft())
        if rows:
            self._waiting.append(pa.Table.from_pylist(rows, schema=served.SCHEMA))
        if not self._waiting:
            return
        table = pa.concat_tables(self._waiting)
        try:
            served.append(self._lake, table)
        except Exception:
            self._counted.labels(FAILED).inc(table.num_rows)
            logger.exception("what was served cannot be written to %s; trying again", self._lake.ops(served.TABLE))
            return
        self._waiting = []
        self._out += table.num_rows
        self._counted.labels(WRITTEN).inc(table.num_rows)

    def _told(self, taken: Taken) -> list[dict[str, Any]]:
        """Give the rows of an answer; none where one of its keys cannot be told."""
        rows = []
        try:
            for asked, answer in taken.read:
                columns = asked.plan.view.entity.key_columns
                for key, row in zip(asked.keys, answer.rows, strict=True):
                    named = {name: self._ring.token(str(value)) for name, value in zip(columns, key, strict=True)}
                    rows.append(_row(taken, asked, answer, named, row))
                    if not len(rows) % _ROWS_AT_ONCE:
                        # Requests go before.
                        time.sleep(0)
        except PrivacyError:
            # A key that looks like a token, and is of nobody's key for tokens.
            self._out += taken.size
            self._counted.labels(DROPPED).inc(taken.size)
            return []
        return rows


def _row(taken: Taken, asked: Asked, answer: Answer, keys: dict[str, str], row: Row) -> dict[str, Any]:
    statuses = zip(asked.names, row.statuses, strict=True)
    mark = answer.mark
    return {
        "served_ts": taken.served_ts,
        "at": answer.at,
        "service": taken.service,
        "view": asked.plan.view.name,
        "keys": orjson.dumps(keys).decode(),
        "values": orjson.dumps(dict(zip(asked.names, row.values, strict=True))).decode(),
        "statuses": orjson.dumps({name: status for name, status in statuses if status not in (PRESENT, NULL)}).decode(),
        "declaration": (asked.plan.declaration if mark is None else mark.declaration).hex(),
        "origin": None if mark is None else mark.origin,
        "gold_version": None if mark is None else mark.version,
        "revision": None if mark is None else mark.generation,
        "watermark": None if mark is None else mark.watermark,
    }
