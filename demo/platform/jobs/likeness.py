"""Doors and texts that are nearly the same: reads silver, writes a table for doors, for reviews and for messages."""

from __future__ import annotations

import importlib
from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from jobs.tables import seen, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import Column, DataFrame, SparkSession

    from riskloom.project import Project

DOORS, TEXTS = 0.75, 0.7
_POSTCODE = r"\b(\d{4,6})\b"
_WHOS = {"address_key_likeness": "accounts", "review_likeness": "accounts", "message_likeness": "writers"}
_APART = "|"


def write_likeness(spark: SparkSession, project: Project, until: int) -> dict[str, int]:
    """Write which doors, reviews and messages were nearly the same as others, as it was known at an instant.

    Args:
        spark: The session.
        project: The project, its silver tables there.
        until: The instant, in microseconds.

    Returns:
        How many doors and texts there are, by table.
    """
    alike = importlib.import_module("transforms.likeness").alike
    # All are compared in one pass, each with those of its own view.
    told = reduce(lambda one, other: one.unionByName(other), _told(spark, project, until)).where("key IS NOT NULL")
    apart = told.withColumns(
        {name: F.concat("view", F.lit(_APART), F.coalesce(name, F.lit(""))) for name in ("key", "block")}
    )
    rows = alike(apart).localCheckpoint()
    written = {}
    for view, whos in _WHOS.items():
        own = rows.where(F.substring_index("key", _APART, 1) == view)
        key = F.substr("key", F.lit(len(view) + len(_APART) + 1)).alias(project.batch_views[view].entity.key_columns[0])
        named = own.withColumnRenamed("similar_whos", f"similar_{whos}")
        written[view] = write(project, view, named.select(key, *named.columns[1:]), until)
    return written


def _told(spark: SparkSession, project: Project, until: int) -> Iterator[DataFrame]:
    """Give the events that each view is about, by their key, with whom they are of and how alike is alike."""
    orders = seen(spark, project, "orders", until).where("state = 'created'")
    # Doors are compared within a post code; where an address has none, with the others that have none.
    code = F.regexp_extract("ship_to", _POSTCODE, 1)
    yield _events("address_key_likeness", orders, "address_key", code, "address_key", "account_id", DOORS)
    for view, source, who in (
        ("review_likeness", "reviews", "account_id"),
        ("message_likeness", "messages", "sender_id"),
    ):
        yield _events(view, seen(spark, project, source, until), "text_key", F.lit(""), "text", who, TEXTS)


def _events(view: str, events: DataFrame, key: str, block: Column, text: str, who: str, least: float) -> DataFrame:
    columns = {"key": F.col(key), "block": block, "text": F.col(text), "who": F.col(who), "least": F.lit(least)}
    return events.select(F.lit(view).alias("view"), *(column.alias(name) for name, column in columns.items()))
