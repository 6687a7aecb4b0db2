"""Whether two plans give the same answers, which is looked at before what they cost."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa


def assert_agree(mine: pa.Table, theirs: pa.Table, columns: Sequence[str], who: str) -> None:
    """Compare each cell of two tables in the same order: what is null, and numbers within a millionth.

    Raises:
        AssertionError: A cell differs.
    """
    for column in columns:
        left, right = mine.column(column), theirs.column(column)
        if not pc.all(pc.equal(left.is_null(), right.is_null())).as_py():
            message = f"{column}: {who} differ in what is null"
            raise AssertionError(message)
        one, other = (side.cast("float64").fill_null(0.0).to_numpy() for side in (left, right))
        differ = ~np.isclose(one, other, rtol=1e-6, atol=1e-3 if "stddev" in column else 0)
        if differ.any():
            message = f"{column}: {who} differ in {differ.sum()} of {mine.num_rows} rows"
            raise AssertionError(message)
    print(f"  {who} agree in all {mine.num_rows:,} rows of {len(columns)} columns", file=sys.stderr)
