"""Spines in files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from riskloom.errors import SpineError
from riskloom.windows.tables import ARROW

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

KINDS = (".parquet", ".csv")


def read_spine(path: Path, keys: Mapping[str, str]) -> pa.Table:
    """Read a spine from a Parquet or CSV file; a CSV file's times need a zone, such as ``2010-12-01T08:00:00Z``.

    Args:
        path: The file.
        keys: Key columns and their declared types, which text alone does not have.

    Raises:
        SpineError: There is no such file, it is of another kind, or it can't be read.
    """
    if path.suffix not in KINDS:
        raise SpineError.unknown_file(path, KINDS)
    if not path.is_file():
        raise SpineError.no_file(path)
    types = {column: ARROW[dtype] for column, dtype in keys.items()}
    try:
        if path.suffix == ".csv":
            return pyarrow.csv.read_csv(path, convert_options=pyarrow.csv.ConvertOptions(column_types=types))
        return pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise SpineError.unreadable_file(path, str(error)) from error
