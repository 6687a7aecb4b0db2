"""Which key the tokens of a table were made with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskloom.lake import tables
from riskloom.tokens import Ring, key_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from riskloom.declare import EventSource
    from riskloom.lake.paths import Lake


def key_in_use(path: Path, columns: Sequence[str], version: int | None = None) -> str | None:
    """Give the id of the key that a table's tokens were made with; all of a table are of one key.

    Args:
        path: Folder of the table.
        columns: Columns of tokens.
        version: Version of the table, since a rotation makes one of another key; None for the newest.

    Returns:
        The id; None where the table is not there, or holds no token.
    """
    for column in columns:
        token = tables.any_value(path, column, version)
        if token is not None:
            return key_of(str(token))
    return None


def source_ring(lake: Lake, source: EventSource) -> Ring | None:
    """Give the keys that a source's table has tokens of, else all there are; None where it declares no tokens.

    Raises:
        PrivacyError: It has tokens, and their keys are not there.
    """
    if not source.tokens:
        return None
    ring = Ring.required(f"source {source.name!r}")
    used = key_in_use(lake.silver(source.name), source.tokens)
    return ring if used is None else ring.until(used)
