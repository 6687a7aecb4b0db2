"""Rules that every declaration shares: names and column types."""

from __future__ import annotations

import re

from riskloom.errors import DeclarationError

DTYPES = ("string", "int64", "float64", "bool", "timestamp")
NUMERIC = ("int64", "float64")
# What silver says of each event beside its declared columns: how its line was read, and what no column took up.
ENVELOPE = ("repair_codes", "ts_precision", "tz_source", "flags", "extras")
RESERVED = (
    "event_id",
    "event_ts",
    "available_ts",
    "row_hash",
    "file_hash",
    "line_no",
    "byte_offset",
    "ordinal",
    "run_id",
    "ingest_ts",
    "at",
    *ENVELOPE,
)
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def check_name(kind: str, name: str) -> None:
    """Refuse a name that could not be a column, a table or a file.

    Args:
        kind: What carries the name, for the error.
        name: The name.

    Raises:
        DeclarationError: The name is not lower-case letters, digits and single underscores.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise DeclarationError.bad_name(kind, name)


def check_types(place: str, columns: tuple[tuple[str, str], ...]) -> None:
    """Refuse columns of unknown types, and names that Riskloom itself writes.

    Args:
        place: Where the columns are declared, for the error.
        columns: Pairs of name and type.

    Raises:
        DeclarationError: A type is unknown, or a name is not usable.
    """
    for column, dtype in columns:
        check_name(f"{place}: column", column)
        if dtype not in DTYPES:
            raise DeclarationError.unknown_type(f"{place}, column {column!r}", dtype, DTYPES)
        if column in RESERVED:
            raise DeclarationError.invalid(
                place, f"column {column!r} is written by Riskloom itself. Give it another name."
            )
