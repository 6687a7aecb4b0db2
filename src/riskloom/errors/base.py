"""The root of the error tree, and the words that errors share."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(name: str, available: Iterable[str]) -> str:
    """Say which of the available names was probably meant.

    Args:
        name: The name that was not found.
        available: The names that would have been right.

    Returns:
        A sentence that starts with a space: the nearest name, else all names.

    Example:
        >>> nearest("amont", ["amount", "currency"])
        " Did you mean 'amount'?"
        >>> nearest("xyz", ["b", "a"])
        ' Available: a, b.'
    """
    names = sorted(available)
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f" Did you mean {close[0]!r}?"
    return f" Available: {', '.join(names)}." if names else " None is declared yet."


class RiskloomError(Exception):
    """Anything that Riskloom refuses, with the reason and the remedy."""
