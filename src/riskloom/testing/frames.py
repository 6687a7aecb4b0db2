"""Assertions on tables that say which cells differ."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

CLOSE = 1e-9
_SHOWN = 20


def same_value(found: object, wanted: object) -> bool:
    """Compare two cells: floats within 1e-9 of each other or of their size, everything else exactly.

    Example:
        >>> same_value(0.1 + 0.2, 0.3), same_value(1, True), same_value(None, 0)
        (True, False, False)
    """
    if isinstance(found, float) and isinstance(wanted, int | float) and not isinstance(wanted, bool):
        both_nan = math.isnan(found) and math.isnan(wanted)
        return both_nan or math.isclose(found, wanted, rel_tol=CLOSE, abs_tol=CLOSE)
    return isinstance(found, bool) == isinstance(wanted, bool) and found == wanted


def report(title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Write rows as a text table, the first twenty of them.

    Example:
        >>> print(report("1 cell differs:", [{"row": 0, "found": 2}]))
        1 cell differs:
          row  found
          0    2
    """
    shown = [[str(name) for name in rows[0]], *([_text(value) for value in row.values()] for row in rows[:_SHOWN])]
    widths = [max(len(line[place]) for line in shown) for place in range(len(shown[0]))]
    lines = [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in shown
    ]
    more = [f"  ... and {len(rows) - _SHOWN} more"] if len(rows) > _SHOWN else []
    return "\n".join([title, *lines, *more])


def _text(value: object) -> str:
    return "null" if value is None else str(value)


def plural(count: int, thing: str) -> str:
    """Write how many cells or rows there are, with the verb: ``1 cell differs``, ``2 cells differ``."""
    return f"{count} {thing} differs" if count == 1 else f"{count} {thing}s differ"


def assert_tables_equal(found: pa.Table, wanted: pa.Table, *, exact: bool = True) -> None:
    """Compare two tables, row by row in their order.

    Args:
        found: The table under test.
        wanted: What it should be.
        exact: Compare floats bit for bit; otherwise as ``same_value`` does.

    Raises:
        AssertionError: Names or types of columns, the number of rows, or a cell differ.

    Example:
        >>> import pyarrow as pa
        >>> assert_tables_equal(pa.table({"n": [1]}), pa.table({"n": [2]}))
        Traceback (most recent call last):
        AssertionError: 1 cell differs:
          row  column  found  wanted
          0    n       1      2
    """
    if found.schema.remove_metadata() != wanted.schema.remove_metadata():
        message = f"the schemas differ:\n  found:  {_schema(found)}\n  wanted: {_schema(wanted)}"
        raise AssertionError(message)
    if found.num_rows != wanted.num_rows:
        message = f"the tables have {found.num_rows} and {wanted.num_rows} rows"
        raise AssertionError(message)
    same = _identical if exact else same_value
    cells = [
        {"row": row, "column": name, "found": one, "wanted": other}
        for name in found.column_names
        for row, (one, other) in enumerate(zip(found[name].to_pylist(), wanted[name].to_pylist(), strict=True))
        if not same(one, other)
    ]
    if cells:
        raise AssertionError(report(f"{plural(len(cells), 'cell')}:", cells))


def _schema(table: pa.Table) -> str:
    return ", ".join(f"{field.name} {field.type}" for field in table.schema)


def _identical(found: object, wanted: object) -> bool:
    if isinstance(found, float) and isinstance(wanted, float):
        return found.hex() == wanted.hex()
    return found == wanted
