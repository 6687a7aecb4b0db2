"""What a store of states can do, and how keys are written."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from riskloom.store.slices import Slices, constant, joined, records, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MARK, STATE = b"m", b"s"
_SLOT = struct.Struct(">cI")
_STRING, _INT64 = 2, 4  # Feast's numbers of value types
_PART_DTYPE = np.dtype([("type", "<u4"), ("size", "<u4")])
_PART, _WHOLE = struct.Struct("<II"), struct.Struct("<IIq")


class Row(NamedTuple):
    """One thing to write.

    Attributes:
        key: What ``state_key``, ``declaration_key`` or ``MARK`` gave.
        version: Version of the gold table that it includes.
        revision: The materialization that writes it; decides between two of one version.
        body: The bytes; empty for a tombstone, which is read as nothing and holds against older writes.
    """

    key: bytes
    version: int
    revision: int
    body: bytes


class Batch(NamedTuple):
    """Many things to write, of one version and revision, as they are encoded.

    Attributes:
        version: As in ``Row``.
        revision: As in ``Row``.
        keys: As in ``Row``.
        bodies: As in ``Row``.
    """

    version: int
    revision: int
    keys: Slices
    bodies: Slices

    def rows(self) -> Iterator[Row]:
        """Give each by itself."""
        for key, body in zip(self.keys.parts(), self.bodies.parts(), strict=True):
            yield Row(key, self.version, self.revision, body)


class Held(NamedTuple):
    """What stands under a key, whole.

    Attributes:
        version: As in ``Row``; 0 where no batch has written it.
        revision: As in ``Row``.
        change: A number that each push to it moves on.
        body: What the batch wrote; empty where it wrote nothing, or a tombstone.
        recent: What was pushed beside it; empty for nothing.
    """

    version: int
    revision: int
    change: int
    body: bytes
    recent: bytes


class Swap(NamedTuple):
    """A change of one key that is made only where nobody else has changed it.

    Attributes:
        key: The key.
        seen: What stood there when the change was worked out; None for nothing.
        new: What shall stand there.
    """

    key: bytes
    seen: Held | None
    new: Held


# What a read gives for a key: the batch's bytes, all that is held where something was pushed, or None.
Found = bytes | Held | None


class StateStore(Protocol):
    """A store of bytes by view and key: what a batch writes whole, and a recent part that pushes change.

    Attributes:
        shared: Whether several machines can write it at once.
    """

    shared: bool

    def read(self, asked: Sequence[tuple[str, Sequence[bytes]]]) -> list[list[Found]]:
        """Read keys of several views in one round trip; None where there is nothing.

        Raises:
            StoreError: The store can't be reached.
        """
        ...

    def look(self, view: str, keys: Sequence[bytes]) -> list[Held | None]:
        """Read all that stands under keys of a view.

        Raises:
            StoreError: The store can't be reached.
        """
        ...

    def swap(self, view: str, swaps: Sequence[Swap]) -> list[bool]:
        """Make changes, each where what stands there is what was seen, and say of each whether it was made.

        Raises:
            StoreError: The store can't be reached, or has no room.
        """
        ...

    def pushed(self, view: str, prefix: bytes) -> list[bytes]:
        """Give the keys with a prefix that have a recent part."""
        ...

    def write(self, view: str, rows: Sequence[Row]) -> list[bytes]:
        """Write what is newer than what is there, by (version, revision); leave the rest as it is. No key comes twice.

        Returns:
            Keys that were left because they have a recent part, which only ``swap`` may change.

        Raises:
            StoreError: The store can't be reached, or has no room.
        """
        ...

    def write_batch(self, view: str, batch: Batch) -> list[bytes]:
        """Write a batch as ``write`` writes rows."""
        ...

    def drop(self, view: str, prefix: bytes = b"") -> None:
        """Remove every key of a view that begins with a prefix."""
        ...

    def sweep(self, view: str) -> int:
        """Remove a view's tombstones, and what is left of former bodies; give how many there were.

        Nobody may write the view meanwhile: a tombstone holds against older writes.
        """
        ...

    def close(self) -> None:
        """Close what is open."""
        ...


def state_key(slot: int, entity: bytes) -> bytes:
    r"""Give the key of an entity's state in one build of a view.

    Example:
        >>> state_key(1, b"ann")
        b's\x00\x00\x00\x01ann'
    """
    return _SLOT.pack(STATE, slot) + entity


def declaration_key(declaration: bytes) -> bytes:
    """Give the key of a declaration by its fingerprint."""
    return b"d" + declaration


class KeyCodec:
    """Writes entity keys as Feast does (``serialize_entity_key``, version 3), without its messages.

    Args:
        keys: Pairs of key column and type, ``string`` or ``int64``.

    Example:
        >>> KeyCodec((("user", "string"),)).encode(("ann",))[-3:]
        b'ann'
    """

    def __init__(self, keys: Sequence[tuple[str, str]]) -> None:
        self._order = sorted(range(len(keys)), key=lambda place: keys[place][0])
        names = [keys[place][0].encode() for place in self._order]
        parts = [_PART.pack(_STRING, len(name)) + name for name in names]
        self._prefix = struct.pack("<I", len(keys)) + b"".join(parts)

    def encode(self, values: Sequence[str | int]) -> bytes:
        """Write one key, its values in the order of the columns given."""
        key = self._prefix
        for place in self._order:
            value = values[place]
            if isinstance(value, str):
                data = value.encode()
                key += _PART.pack(_STRING, len(data)) + data
            else:
                key += _WHOLE.pack(_INT64, 8, value)
        return key

    def encode_all(self, columns: Sequence[pa.Array]) -> Slices:
        """Write many keys, none of whose values is null, their columns in the order given."""
        parts = [constant(self._prefix, len(columns[0]))]
        for place in self._order:
            column = columns[place]
            values = texts(column) if pa.types.is_string(column.type) else records(column.to_numpy())
            head = np.zeros(len(column), _PART_DTYPE)
            head["type"] = _STRING if pa.types.is_string(column.type) else _INT64
            head["size"] = values.sizes
            parts += [records(head), values]
        return joined(parts)


def key_part(value: str | int) -> bytes:
    """Write one value as it stands in the keys of its entities, also of those with several.

    Example:
        >>> key_part("ann") in KeyCodec((("user", "string"), ("shop", "int64"))).encode(("ann", 7))
        True
    """
    # ``encode`` has this in its loop, since each read goes through it.
    if isinstance(value, str):
        data = value.encode()
        return _PART.pack(_STRING, len(data)) + data
    return _WHOLE.pack(_INT64, 8, value)
