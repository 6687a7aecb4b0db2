"""Combined access log to requests.

A line whose end is missing still tells who asked for what, and when: it becomes an event
with ``repaired`` set, and what was cut off is null. A line that lacks more than that is
rejected as ``not_combined_log``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

_QUOTED = r'"((?:[^"\\]|\\.)*)'
_LINE = rf'^(\S+) \S+ (.+?) \[([^\]]+)\] {_QUOTED}" (\d{{3}}) (\d+|-)'
_TAIL = rf'(?: {_QUOTED}(?:(")(?: {_QUOTED}(?:("))?)?)?)?'
_PATTERN = _LINE + _TAIL
_REQUEST = r"^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([^ ?]*)(?:\?([^ ]*))?(?: (HTTP/[0-9.]+))?$"
_TIME = "dd/MMM/yyyy:HH:mm:ss Z"
_ADDRESS, _USER, _WHEN, _ASKED, _STATUS, _BYTES, _REFERRER, _, _AGENT, _AGENT_END = range(1, 11)


def to_events(records: DataFrame) -> DataFrame:
    """Parse records of combined access log.

    Args:
        records: Rows of ``origin`` and ``text``.

    Returns:
        One row per record: an event, or a reject with a reason.
    """
    asked = _group(_ASKED)
    parsed = records.select(
        "origin",
        F.col("text").rlike(_LINE).alias("_is_request"),
        F.try_to_timestamp(_group(_WHEN), F.lit(_TIME)).alias("event_ts"),
        _group(_ADDRESS).alias("client_address"),
        _present(_group(_USER)).alias("remote_user"),
        _part(asked, 1).alias("method"),
        _part(asked, 2).alias("path"),
        _part(asked, 3).alias("query"),
        _part(asked, 4).alias("protocol"),
        _group(_STATUS).try_cast("bigint").alias("status"),
        # The log writes a dash for an answer without a body.
        F.when(_group(_BYTES) == "-", F.lit(0)).otherwise(_group(_BYTES).try_cast("bigint")).alias("bytes"),
        _present(_group(_REFERRER)).alias("referrer"),
        _present(_group(_AGENT)).alias("user_agent"),
        (_group(_AGENT_END) == "").alias("repaired"),
    )
    reason = (
        F.when(~F.col("_is_request"), "not_combined_log")
        .when(F.col("event_ts").isNull(), "no_timestamp")
        .when(F.col("bytes").isNull(), "bad_number")
    )
    return parsed.withColumn("reason", reason).drop("_is_request")


def _group(number: int) -> Column:
    return F.regexp_extract("text", _PATTERN, number)


def _part(asked: Column, number: int) -> Column:
    found = F.regexp_extract(asked, _REQUEST, number)
    return F.when(found != "", found)


def _present(value: Column) -> Column:
    return F.when(~value.isin("", "-"), value)
