"""Redis commands of many keys as they go over the wire, built by arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from riskloom.store.slices import constant, joined, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from riskloom.store.slices import Slices

_END = b"\r\n"


def arguments(parts: Sequence[Slices]) -> Slices:
    r"""Write the parts of each entity as one argument of a command.

    Example:
        >>> from riskloom.store.slices import Slices
        >>> list(arguments([constant(b"s", 2), Slices.of([b"ann", b"bo"])]).parts())
        [b'$4\r\nsann\r\n', b'$3\r\nsbo\r\n']
    """
    sizes = pa.array(sum(part.sizes for part in parts), pa.int64()).cast(pa.string())
    lines = texts(pc.binary_join_element_wise("$", sizes, _END.decode(), ""))
    return joined([lines, *parts, constant(_END, len(sizes))])


def script_calls(digest: bytes, keys: Slices, values: Slices, at_once: int) -> Iterator[bytes]:
    """Write calls of a script that the server knows.

    Args:
        digest: SHA-1 of the script, in hexadecimal.
        keys: The keys, as ``arguments`` gave them.
        values: A value a key, likewise.
        at_once: How many keys a call takes at most.
    """
    count = len(keys.begins)
    for start in range(0, count, at_once):
        stop = min(start + at_once, count)
        head = b"*%d\r\n$7\r\nEVALSHA\r\n$%d\r\n%b\r\n" % (3 + 2 * (stop - start), len(digest), digest)
        number = b"%d" % (stop - start)
        parts = (part.data[part.begins[start] : part.ends[stop - 1]].data for part in (keys, values))
        yield b"".join((head, b"$%d\r\n%b\r\n" % (len(number), number), *parts))
