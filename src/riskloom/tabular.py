"""Rows as a table of plain text, for people who read a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def as_table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Write rows under a header, numbers to the right, everything else to the left.

    Args:
        rows: Cells by column; a missing one and None are written as ``-``.
        columns: Columns to show, in order.

    Returns:
        Lines without a final newline.

    Example:
        >>> print(as_table([{"name": "orders", "rows": 1200}, {"name": "logins"}], ("name", "rows")))
        name     rows
        orders  1,200
        logins      -
    """
    table = list(rows)
    cells = [[_cell(row.get(column)) for column in columns] for row in table]
    widths = [max(map(len, (column, *(line[place] for line in cells)))) for place, column in enumerate(columns)]
    right = [any(isinstance(row.get(column), int | float) for row in table) for column in columns]
    lines = [list(columns), *cells]
    return "\n".join(
        "  ".join(_pad(line[i], widths[i], right=right[i]) for i in range(len(columns))).rstrip() for line in lines
    )


def _cell(value: object) -> str:
    if value is None or value == "":
        return "-"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _pad(text: str, width: int, *, right: bool) -> str:
    return text.rjust(width) if right else text.ljust(width)
