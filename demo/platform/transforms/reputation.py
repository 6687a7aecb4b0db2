"""Reputation: lists from outside, each of which comes out in dated editions, matched with what was seen."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pyspark.sql import DataFrame

BEGINS, IS, HOLDS = "begins", "is", "holds"
_MATCHES = {BEGINS: "startswith(value, pattern)", IS: "value = pattern", HOLDS: "contains(value, pattern)"}
_LISTED = "pattern string, listed_as string, since date"


@dataclass(frozen=True)
class Entry:
    """A line of an edition.

    Attributes:
        pattern: What it matches.
        listed_as: What it says of it.
        since: Day of the first edition from which on it has stood there.
    """

    pattern: str
    listed_as: str
    since: date


def in_force(folder: Path, at: datetime) -> list[Entry]:
    """Read the newest edition of a list that was out by an instant.

    Args:
        folder: Its editions, ``<day>.csv`` each, with the columns pattern and listed_as. One counts from its day's
            beginning on.
        at: The instant.

    Returns:
        Its entries; none before the first edition.
    """
    found: dict[tuple[str, str], Entry] = {}
    for path in sorted(folder.glob("*.csv")):
        day = date.fromisoformat(path.stem)
        if datetime(day.year, day.month, day.day, tzinfo=UTC) > at:
            break
        with path.open(encoding="utf-8", newline="") as file:
            read = [(row["pattern"], row["listed_as"]) for row in csv.DictReader(file)]
        found = {one: found.get(one) or Entry(*one, day) for one in read}
    return list(found.values())


def listed(values: DataFrame, entries: list[Entry], how: str, at: datetime) -> DataFrame:
    """Say of values what a list says of them.

    Args:
        values: value; null and repeated ones are left out.
        entries: The list.
        how: ``BEGINS``, ``IS`` or ``HOLDS``: what a pattern must do with a value.
        at: The instant from which is counted how long it has said so.

    Returns:
        value, listed_as and listed_days; a row a value, null where the list says nothing. Of several patterns the
        longest one counts.
    """
    rows: list[Mapping[str, object]] = [vars(entry) for entry in entries]
    book = values.sparkSession.createDataFrame([tuple(row.values()) for row in rows], _LISTED)
    matched = values.where("value IS NOT NULL").distinct().join(F.broadcast(book), F.expr(_MATCHES[how]), "left")
    longest = F.max_by(F.struct("listed_as", "since"), F.length("pattern"))
    days = F.datediff(F.lit(at.date()), F.col("longest.since"))
    return (
        matched.groupBy("value")
        .agg(longest.alias("longest"))
        .select("value", F.col("longest.listed_as").alias("listed_as"), days.alias("listed_days"))
    )
