"""Rows of a table by when they came in."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from riskloom.intervals import to_datetime

if TYPE_CHECKING:
    from pyspark.sql import Column

    from riskloom.lake.arrivals import Spans

ARRIVAL = "ingest_ts"


def within(spans: Spans | None, alias: str = "") -> Column:
    """Give the condition that a row came in in one of the stretches.

    Its bounds are literals, so that Delta leaves out files by it.

    Args:
        spans: The stretches; None for all times, no stretch for no row.
        alias: What goes before the column's name.
    """
    if spans is None:
        return F.lit(True)
    arrival = F.col(f"{alias}{ARRIVAL}")
    # No row came in before the epoch. A plain false would be no condition that a second writer can run into.
    conditions = [
        (arrival >= F.lit(to_datetime(first))) & (arrival <= F.lit(to_datetime(last)))
        for first, last in spans or ((-1, -1),)
    ]
    return reduce(or_, conditions)
