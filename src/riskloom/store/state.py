"""What the online store keeps: one state an entity and view, and one mark a view, as checked bytes.

A state is an entity's events as one Arrow batch without its schema, which the view's declaration gives. A mark says
how far the view has come. Each begins with a format version, its kind, and a checksum of all that follows, so that
damaged bytes, or bytes of another declaration, are refused and never evaluated.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from riskloom.errors import StoreError
from riskloom.store.packed.head import FORMAT
from riskloom.store.point_in_time import AVAILABLE_TS, EVENT_ID, EVENT_TS
from riskloom.windows.tables import ARROW, INSTANT

if TYPE_CHECKING:
    from riskloom.declare import FeatureView
    from riskloom.store.recent import Recent

VERSION = 1
NEVER = -(2**63)
_ENVELOPE = struct.Struct("<BcI")
_CHECKED = 2
_STATE = struct.Struct("<16sQqqq")
_MARK = struct.Struct("<16sQQqqqQIIQI")
_STATE_KIND, _MARK_KIND = b"S", b"M"
_NAMES = {_STATE_KIND: "a state", _MARK_KIND: "the watermark", b"R": "the recent part of a state"}


def fingerprint(view: FeatureView) -> bytes:
    """Give 16 bytes that change with whatever changes a value or its bytes: never with a description or an owner."""
    data = {
        "keys": view.entity.keys,
        "features": [asdict(feature) for feature in view.features],
        "columns": [(column, view.source.columns[column]) for column in view.event_columns],
        "delay": view.source.delay,
        "available": view.source.available,
        "format": FORMAT,
    }
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).digest()[:16]


def schema(view: FeatureView) -> pa.Schema:
    """Give the columns of a state: those of an event, without the keys that all of its events share."""
    keys = view.partition_keys
    columns = [(name, ARROW[view.source.columns[name]]) for name in view.event_columns if name not in keys]
    return pa.schema([*columns, (EVENT_ID, pa.string()), (EVENT_TS, INSTANT), (AVAILABLE_TS, INSTANT)])


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """An entity's events.

    Attributes:
        generation: Materialization that wrote it.
        since: Microseconds since the epoch from which events are held.
        truncated_before: Newest instant of which an event was left out, plus one; ``NEVER`` where none was.
        newest: Time of the newest event.
        events: The events, in any order.
        recent: What was pushed beside them.
    """

    generation: int
    since: int
    truncated_before: int
    newest: int
    events: pa.RecordBatch
    recent: Recent | None = None

    def encode(self, declaration: bytes) -> bytes:
        """Write the state under a declaration's fingerprint."""
        head = _STATE.pack(declaration, self.generation, self.since, self.truncated_before, self.newest)
        return sealed(_STATE_KIND, head + self.events.serialize().to_pybytes())


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far a view has come.

    Attributes:
        declaration: Fingerprint of the declaration under which it was written.
        generation: Last complete materialization; 0 for none.
        attempt: Last materialization that began.
        watermark: Microseconds since the epoch up to which the view's source is complete.
        end: Microseconds since the epoch up to which events are held.
        version: Version of the gold table.
        entities: How many states the last complete materialization wrote.
        slot: The build whose states serve.
        spare: Another build, that is being written or was left behind; 0 for none.
        owner: A number that the last materialization that began drew for itself.
        origin: Checksum of the gold table's identity: one that is made anew begins again at version 0.
    """

    declaration: bytes
    generation: int = 0
    attempt: int = 0
    watermark: int = NEVER
    end: int = NEVER
    version: int = 0
    entities: int = 0
    slot: int = 0
    spare: int = 0
    owner: int = 0
    origin: int = 0

    @property
    def complete(self) -> bool:
        """Whether the last materialization that began is the last complete one."""
        return self.generation == self.attempt

    def encode(self) -> bytes:
        """Write the mark."""
        return sealed(_MARK_KIND, _MARK.pack(*asdict(self).values()))


def decode_mark(view: str, data: bytes) -> Mark:
    """Read a mark.

    Raises:
        StoreError: The bytes are damaged.
    """
    body = opened(view, _MARK_KIND, data)
    if len(body) != _MARK.size:
        raise StoreError.corrupt(view, _NAMES[_MARK_KIND], "its length is wrong")
    return Mark(**dict(zip(Mark.__dataclass_fields__, _MARK.unpack(body), strict=True)))


def decode_state(view: str, data: bytes, columns: pa.Schema, mark: Mark, reach: int) -> State | None:
    """Read a state, unless its entity has no event in reach of the mark: then it is as one never seen.

    Args:
        view: Name of the view, for errors.
        data: What ``State.encode`` wrote.
        columns: What ``schema`` gave.
        mark: The view's mark.
        reach: Microseconds before the mark from which an event may still count.

    Raises:
        StoreError: The bytes are damaged, or are of another declaration.
    """
    body = opened(view, _STATE_KIND, data)
    if len(body) < _STATE.size:
        raise StoreError.corrupt(view, _NAMES[_STATE_KIND], "its length is wrong")
    declaration, generation, since, truncated_before, newest = _STATE.unpack_from(body)
    if newest < mark.watermark - reach:
        return None
    if declaration != mark.declaration:
        raise StoreError.other_declaration(view, _NAMES[_STATE_KIND])
    events = pa.ipc.read_record_batch(pa.py_buffer(body).slice(_STATE.size), columns)
    return State(generation=generation, since=since, truncated_before=truncated_before, newest=newest, events=events)


def sealed(kind: bytes, body: bytes) -> bytes:
    """Put a format version, a kind and a checksum before bytes."""
    checksum = zlib.crc32(body, zlib.crc32(bytes([VERSION]) + kind))
    return _ENVELOPE.pack(VERSION, kind, checksum) + body


def opened(view: str, kind: bytes, data: Any) -> bytes:  # noqa: ANN401 - whatever the store held
    """Give the bytes that ``sealed`` was given.

    Raises:
        StoreError: They are damaged, or of another kind.
    """
    if not isinstance(data, bytes) or len(data) < _ENVELOPE.size:
        raise StoreError.corrupt(view, _NAMES[kind], "it is cut off")
    version, found, checksum = _ENVELOPE.unpack_from(data)
    body = data[_ENVELOPE.size :]
    if checksum != zlib.crc32(body, zlib.crc32(data[:_CHECKED])):
        raise StoreError.corrupt(view, _NAMES[kind], "its checksum is wrong")
    if version != VERSION or found != kind:
        raise StoreError.corrupt(
            view, _NAMES[kind], f"its format {version}{found.decode('ascii', 'replace')} is not known"
        )
    return body
