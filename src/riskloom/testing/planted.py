"""Looks for values that must be nowhere: in every file, what is compressed in Parquet and gzip unpacked."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def traces(folder: Path, values: Iterable[str], leave_out: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Find values in the files of a folder and of those below it.

    A Parquet file is searched value by value, and as it is: its footer holds smallest and largest values. Any other
    file is searched as bytes, a gzip file unpacked, a database with its free pages.

    Args:
        folder: Where to look.
        values: What must not be there.
        leave_out: Paths below the folder, with ``/``, that are not searched.

    Returns:
        Pairs of a file's path below the folder and a value that it holds, sorted.

    Example:
        >>> import tempfile, pathlib
        >>> root = pathlib.Path(tempfile.mkdtemp())
        >>> _ = (root / "a.log").write_text("from jane@example.com")
        >>> pq.write_table(pa.table({"who": ["jane@example.com"], "n": [[1]]}), root / "b.parquet")
        >>> traces(root, ["jane@example.com", "bob"], leave_out=["a.log"])
        [('b.parquet', 'jane@example.com')]
    """
    wanted = {value: value.encode() for value in values}
    left_out = tuple(leave_out)
    found: set[tuple[str, str]] = set()
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or any(name == one or name.startswith(f"{one}/") for one in left_out):
            continue
        for piece in _contents(path):
            found.update((name, value) for value, sought in wanted.items() if sought in piece)
    return sorted(found)


def _contents(path: Path) -> Iterator[bytes]:
    data = path.read_bytes()
    yield data
    if data.startswith(b"\x1f\x8b"):
        yield gzip.decompress(data)
    if data.startswith(b"PAR1") and data.endswith(b"PAR1"):
        yield from _values(pq.read_table(pa.BufferReader(data), partitioning=None))


def _values(table: pa.Table) -> Iterator[bytes]:
    for column in table.columns:
        for value in column.to_pylist():
            yield from _texts(value)


def _texts(value: object) -> Iterator[bytes]:
    if isinstance(value, str):
        yield value.encode("utf-8", "surrogatepass")
    elif isinstance(value, bytes):
        yield value
    elif isinstance(value, dict):
        for part in (*value.keys(), *value.values()):
            yield from _texts(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _texts(part)
