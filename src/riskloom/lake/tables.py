"""Delta tables without a JVM: look, read, append."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from riskloom.errors import LakeError
from riskloom.lake.commits import committed
from riskloom.lake.paths import shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyarrow as pa
    import pyarrow.dataset as ds
    from deltalake import DeltaTable

_ATTEMPTS = 10


def exists(path: Path) -> bool:
    """Say whether there is a Delta table."""
    from deltalake import DeltaTable

    return path.is_dir() and bool(DeltaTable.is_deltatable(os.fspath(path)))


def version(path: Path) -> int | None:
    """Give the newest version of a table; None where there is no table."""
    return opened(path).version() if exists(path) else None


def columns(path: Path) -> tuple[str, ...]:
    """Name the columns of a table, in order; none where there is no table."""
    return tuple(field.name for field in opened(path).schema().fields) if exists(path) else ()


def identity(path: Path) -> str:
    """Give the id that a table got when it was made; one that is made anew has another."""
    return str(opened(path).metadata().id)


def schema(path: Path, version: int | None = None) -> pa.Schema:
    """Give a table's columns with their Arrow types, as a read has them.

    Raises:
        LakeError: There is no table, or it has no such version.
    """
    return opened(path, version).to_pyarrow_dataset().schema


def dataset(path: Path, version: int | None = None) -> ds.Dataset:
    """Open a table's files for Arrow to read by itself: Delta's reader hands each byte through Python.

    Raises:
        LakeError: There is no table, or it has no such version.
    """
    from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

    return opened(path, version).to_pyarrow_dataset(filesystem=SubTreeFileSystem(os.fspath(path), LocalFileSystem()))


def rows(path: Path, version: int | None = None) -> int:
    """Count the rows of a table from its log alone; 0 where there is no table."""
    if not exists(path):
        return 0
    counts = added_files(path, version)["num_records"]
    return sum(count or 0 for count in counts.to_pylist())


def size(path: Path, version: int | None = None) -> int:
    """Add up the bytes of a table's data files, from its log alone."""
    return sum(added_files(path, version)["size_bytes"].to_pylist())


def added_files(path: Path, version: int | None = None) -> pa.Table:
    """List the data files of a table as its log has them: path, size, rows, ``partition.<column>``."""
    import pyarrow as pa

    return pa.table(opened(path, version).get_add_actions(flatten=True))


def read(
    path: Path,
    columns: Sequence[str] | None = None,
    version: int | None = None,
    filters: Any = None,  # noqa: ANN401 - a PyArrow expression, whose package has no types
) -> pa.Table:
    """Read a table.

    Args:
        path: Folder of the table.
        columns: Columns to read; None for all.
        version: Version to read; None for the newest.
        filters: PyArrow expression over the columns, or None.

    Returns:
        The rows, in no promised order; times are ``timestamp("us", "UTC")``.

    Raises:
        LakeError: There is no table, or it has no such version.
    """
    if not exists(path):
        raise LakeError.missing(shown(path), path)
    table = opened(path, version)
    return table.to_pyarrow_dataset().to_table(columns=list(columns) if columns is not None else None, filter=filters)


def first_readable(path: Path, version: int) -> int:
    """Give the first version from ``version`` on that can still be read whole.

    A version can be read while its log entry and all of its data files are there: a vacuum removes files, and a log
    clean-up removes entries.

    Raises:
        LakeError: No version from there on can be read.
    """
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    newest = opened(path).version()
    for candidate in range(version, newest + 1):
        try:
            files = DeltaTable(os.fspath(path), version=candidate).file_uris()
        except DeltaError:
            continue
        if all(os.path.exists(file) for file in files):  # noqa: PTH110 - a URI of a local table is a path in text
            return candidate
    raise LakeError.no_readable_version(shown(path), path, version)


def append(path: Path, table: pa.Table, *, widen: bool = False) -> int:
    """Append rows to a table, and make the table where it is missing.

    Args:
        path: Folder of the table.
        table: The rows.
        widen: Whether columns that the table lacks are added to it.

    Returns:
        The version that the commit made, or a newer one where another commit came right after.

    Raises:
        LakeError: Other writers came first each time that it was tried.
    """
    from deltalake import write_deltalake
    from deltalake.exceptions import CommitFailedError, DeltaError

    path.mkdir(parents=True, exist_ok=True)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            write_deltalake(os.fspath(path), table, mode="append", schema_mode="merge" if widen else None)
            break
        except (CommitFailedError, DeltaError) as error:
            # Two writers may both make a new table: the one that comes second then finds it.
            lost_race = isinstance(error, CommitFailedError) or "already exists" in str(error)
            if not lost_race or attempt == _ATTEMPTS:
                raise LakeError.not_written(shown(path), str(error)) from error
    made = opened(path).version()
    committed(shown(path), made)
    return made


def compact(path: Path, most: int) -> None:
    """Put a table's data files together where it has more than so many; no row changes."""
    table = opened(path)
    if len(table.file_uris()) > most:
        table.optimize.compact()
        committed(shown(path), table.version())


def overwrite(path: Path, table: pa.Table) -> int:
    """Replace a table's rows and columns in one commit, make the table where it is missing, and give its version."""
    from deltalake import write_deltalake

    path.mkdir(parents=True, exist_ok=True)
    write_deltalake(os.fspath(path), table, mode="overwrite", schema_mode="overwrite")
    made = opened(path).version()
    committed(shown(path), made)
    return made


def opened(path: Path, version: int | None = None) -> DeltaTable:
    """Open a table at a version; None for the newest."""
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    try:
        return DeltaTable(os.fspath(path), version=version)
    except DeltaError as error:
        raise LakeError.unreadable(shown(path), path, str(error)) from error


def any_value(path: Path, column: str, version: int | None = None) -> Any:  # noqa: ANN401 - of whatever type the column is
    """Give one value of a column that is not null, from as few files as it takes; None where there is none."""
    import pyarrow.compute as pc

    if not exists(path):
        return None
    valid = pc.field(column).is_valid()
    found = opened(path, version).to_pyarrow_dataset().scanner(columns=[column], filter=valid).head(1)
    return found.column(0)[0].as_py() if found.num_rows else None
