"""Literals as Python writes them, read without running anything."""

from __future__ import annotations

import ast
import warnings
from typing import Any


def literal(text: str) -> Any:
    r"""Read a literal; an escape that Python does not know stands for itself, without a word about it.

    Raises:
        ValueError: It is none.

    Example:
        >>> literal(r"{'path': 'C:\dir', 'found': None}")["path"] == r"C:\dir"
        True
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.literal_eval(text)
    except (SyntaxError, MemoryError, RecursionError, TypeError) as error:
        raise ValueError(str(error)) from None
