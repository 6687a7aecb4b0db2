"""The header of a packed state: what it was written of, how long each part is, and a checksum of all of it."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from riskloom.errors import StoreError
from riskloom.store.slices import constant, joined

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from riskloom.store.slices import Slices

FORMAT, KIND = 4, b"P"
FINGERPRINT = 8
SCALED = 1
WHAT = "a state"
_HEAD = struct.Struct("<BcI8sIIqqqBBIHIIqH")
ENVELOPE = struct.Struct("<BcI")
BODY = ENVELOPE.size
SIZE = _HEAD.size


class Stamp(NamedTuple):
    """What states are written of.

    Attributes:
        version: Version of the gold table that they include.
        revision: The materialization that writes them.
        cut: Microseconds since the epoch from which on they shall be read.
    """

    version: int
    revision: int
    cut: int


class Head(NamedTuple):
    """What stands before a state's rows.

    Attributes:
        declaration: Start of the fingerprint of the view's declaration.
        version: Version of the gold table that the state includes.
        revision: The materialization that wrote it.
        cut: Microseconds since the epoch from which on the state can be read.
        newest: Time of the newest event.
        base: Start of the first tile, seconds since the epoch.
        code: Widths of the row's numbers.
        flags: ``SCALED`` where sums of doubles are kept scaled down.
        rows: How many rows there are.
        raws: How many events are not folded.
        picks: Bytes of single values.
        lists: Bytes of lists of times and of numbers that stand for values.
        horizon: Microseconds since the epoch from which on the ids of events are listed.
        held: How many are.
    """

    declaration: bytes
    version: int
    revision: int
    cut: int
    newest: int
    base: int
    code: int
    flags: int
    rows: int
    raws: int
    picks: int
    lists: int
    horizon: int
    held: int


NEWEST, CUT = (Head._fields.index(name) for name in ("newest", "cut"))


HEAD_DTYPE = np.dtype(
    list(
        zip(
            Head._fields,
            ("S8", "<u4", "<u4", "<i8", "<i8", "<i8", "u1", "u1", "<u4", "<u2", "<u4", "<u4", "<i8", "<u2"),
            strict=True,
        )
    )
)


def seal(parts: Sequence[Slices]) -> Slices:
    """Write states of their headers, as ``HEAD_DTYPE`` has them, and the parts of their bodies."""
    states = joined([constant(ENVELOPE.pack(FORMAT, KIND, 0), len(parts[0].begins)), *parts])
    data = states.data.data
    bodies = zip((states.begins + BODY).tolist(), states.ends.tolist(), strict=True)
    checksums = np.array([zlib.crc32(data[begin:end], FORMAT) for begin, end in bodies], "<u4")
    places = states.begins[:, None] + np.arange(BODY - checksums.itemsize, BODY)
    states.data[places] = checksums.view(np.uint8).reshape(places.shape)
    return states


def unseal(view: str, data: Any, declaration: bytes) -> tuple[Any, ...]:  # noqa: ANN401 - whatever the store held
    """Check a state and read its header: the fields of a ``Head`` as they stand, for building one costs as much again.

    Raises:
        StoreError: The bytes are damaged, or are of another declaration.
    """
    if not isinstance(data, bytes) or len(data) < SIZE:
        raise StoreError.corrupt(view, WHAT, "it is cut off")
    fields = _HEAD.unpack_from(data)
    verify(view, fields[:3], KIND, memoryview(data)[BODY:], (fields[3], declaration))
    return fields[3:]


def verify(
    view: str, envelope: tuple[int, bytes, int], kind: bytes, checked: memoryview, declarations: tuple[bytes, bytes]
) -> None:
    """Check what stands before a state.

    Args:
        view: Name of the view, for errors.
        envelope: Format, kind and checksum, as ``ENVELOPE`` has them.
        kind: The kind that is known.
        checked: What the checksum is of.
        declarations: The start of the fingerprint that was written, and of the view's.

    Raises:
        StoreError: The bytes are damaged, or are of another declaration.
    """
    found, written, checksum = envelope
    if checksum != zlib.crc32(checked, found):
        raise StoreError.corrupt(view, WHAT, "its checksum is wrong")
    if found != FORMAT or written != kind:
        raise StoreError.corrupt(view, WHAT, f"its format {found}{written.decode('ascii', 'replace')} is not known")
    if declarations[0] != declarations[1]:
        raise StoreError.other_declaration(view, WHAT)
