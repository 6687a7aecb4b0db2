"""The recent part of a state: events that were pushed and that no batch has confirmed yet, as they were pushed.

A record is one event with all of its source's columns, so that it outlives a change of the view's declaration.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from riskloom.intervals import HOUR
from riskloom.store.sorting import EVENT_ID
from riskloom.store.state import opened, sealed
from riskloom.windows.tables import ARROW, EVENT_TIMES, INSTANT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskloom.declare import FeatureView

# A pushed event that its source's log has not confirmed when it is complete for so long after it counts no more.
EXPIRY = 48 * HOUR
KIND = b"R"
_HEAD, _LENGTH = struct.Struct("<IqqI"), struct.Struct("<I")


class Record(NamedTuple):
    """One pushed event.

    Attributes:
        event_id: Its id.
        event_ts: Its time, microseconds since the epoch.
        available_ts: From when on it may be seen.
        columns: Values by column; timestamps as microseconds.
    """

    event_id: str
    event_ts: int
    available_ts: int
    columns: Mapping[str, Any]

    def encode(self) -> bytes:
        """Write the record."""
        return json.dumps(self, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")

    @classmethod
    def decode(cls, data: bytes) -> Record:
        """Read a record."""
        return cls(*json.loads(data.decode("utf-8", "surrogatepass")))


class Recent(NamedTuple):
    """What a state holds of pushed events.

    Attributes:
        records: The events, as ``Record.encode`` wrote them.
        refused: How many were refused for want of room, and are not absorbed yet.
        oldest: Time of the oldest of those.
        newest: Time of the newest of those.
    """

    records: tuple[bytes, ...] = ()
    refused: int = 0
    oldest: int = 0
    newest: int = 0

    def encode(self) -> bytes:
        """Write the part; nothing where there is nothing."""
        if not self.records and not self.refused:
            return b""
        head = _HEAD.pack(self.refused, self.oldest, self.newest, len(self.records))
        return sealed(KIND, b"".join([head, *(_LENGTH.pack(len(one)) + one for one in self.records)]))

    @classmethod
    def decode(cls, view: str, data: bytes) -> Recent:
        """Read the part.

        Raises:
            StoreError: The bytes are damaged.
        """
        if not data:
            return cls()
        body = opened(view, KIND, data)
        refused, oldest, newest, count = _HEAD.unpack_from(body)
        place, records = _HEAD.size, []
        for _ in range(count):
            (length,) = _LENGTH.unpack_from(body, place)
            place += _LENGTH.size + length
            records.append(body[place - length : place])
        return cls(tuple(records), refused, oldest, newest)

    def refuse(self, event_ts: int) -> Recent:
        """Give the part that knows of one more event that found no room."""
        oldest, newest = (self.oldest, self.newest) if self.refused else (event_ts, event_ts)
        return self._replace(refused=self.refused + 1, oldest=min(oldest, event_ts), newest=max(newest, event_ts))

    def saturates(self, start: int, at: int) -> bool:
        """Say whether a window from ``start`` to ``at`` may lack an event that found no room."""
        return self.refused > 0 and start <= self.newest and self.oldest < at


def events_of(view: FeatureView, records: Sequence[Record]) -> pa.Table:
    """Give pushed events as the columns that a view's evaluation reads."""
    columns = {
        name: _array([record.columns.get(name) for record in records], view.source.columns[name])
        for name in view.event_columns
    }
    columns[EVENT_ID] = pa.array([record.event_id for record in records], pa.string())
    for place, name in enumerate(EVENT_TIMES, start=1):
        columns[name] = pa.array([record[place] for record in records], pa.int64()).cast(INSTANT)
    return pa.table(columns)


def _array(values: list[Any], dtype: str) -> pa.Array:
    return pa.array(values, pa.int64()).cast(INSTANT) if dtype == "timestamp" else pa.array(values, ARROW[dtype])
