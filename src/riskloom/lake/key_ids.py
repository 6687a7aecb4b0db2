"""Which key the tokens of a table were made with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskloom.lake import tables
from riskloom.tokens import key_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def key_in_use(path: Path, columns: Sequence[str]) -> str | None:
    """Give the id of the key that a table's tokens were made with; all of a table are of one key.

    Args:
        path: Folder of the table.
        columns: Columns of tokens.

    Returns:
        The id; None where the table is not there, or holds no token.
    """
    for column in columns:
        token = tables.any_value(path, column)
        if token is not None:
            return key_of(str(token))
    return None
