"""Inputs: an event's own fields, and the features of its service, as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskloom.intervals import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    Bools = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.float64]

_HOURS, _WEEK = 24, 7
# A text of more different values names somebody, or something, and tells a model nothing of others.
MOST_VALUES = 50


@dataclass(frozen=True)
class Encoder:
    """Columns as numbers, as they are known from the rows that a model learns from.

    Attributes:
        numbers: Columns that are numbers or booleans.
        codes: The values of each column of texts, the most frequent first: a text is its place among them, and NaN
            where it is not known.

    Example:
        >>> rows = pa.table({"amount": [5, None], "currency": ["EUR", "EUR"]})
        >>> Encoder.of(rows, ("amount", "currency")).encode(rows).tolist()
        [[5.0, 0.0], [nan, 0.0]]
    """

    numbers: tuple[str, ...]
    codes: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, rows: pa.Table, columns: Sequence[str]) -> Encoder:
        """Learn which columns can be read as numbers, and how.

        Args:
            rows: The rows that are learned from.
            columns: Columns to read; lists, times and texts of too many values are left out.
        """
        types = {name: rows.schema.field(name).type for name in columns}
        numbers = tuple(name for name, kind in types.items() if pa.types.is_boolean(kind) or _numeric(kind))
        codes = {name: _frequent(rows[name]) for name, kind in types.items() if pa.types.is_string(kind)}
        return cls(numbers, {name: values for name, values in codes.items() if 0 < len(values) <= MOST_VALUES})

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in order."""
        return (*self.numbers, *self.codes)

    def encode(self, rows: pa.Table) -> Floats:
        """Give a row of numbers for each row, NaN for null."""
        parts = [_floats(rows[name]) for name in self.numbers]
        parts += [_floats(pc.index_in(rows[name], pa.array(values))) for name, values in self.codes.items()]
        return np.column_stack(parts) if parts else np.empty((rows.num_rows, 0))


def when(rows: pa.Table, time: str) -> Floats:
    """Give the hour and the weekday of each row, as numbers."""
    at = rows[time].cast(pa.int64()).to_numpy()
    return np.column_stack([at // HOUR % _HOURS, at // DAY % _WEEK]).astype(np.float64)


def _numeric(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _frequent(column: pa.ChunkedArray) -> tuple[str, ...]:
    counted = [(row["counts"], row["values"]) for row in pc.value_counts(column).to_pylist() if row["values"]]
    return tuple(value for _, value in sorted(counted, key=lambda pair: (-pair[0], pair[1])))


def _floats(column: pa.ChunkedArray) -> Floats:
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    values: Floats = pc.fill_null(column.cast(pa.float64()), np.nan).to_numpy()
    return values
