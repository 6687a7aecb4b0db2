"""Requests: what they ask for that no page links to, and what is in their queries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from transforms.derive import network

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# Paths that a scanner asks for, of software that the shop has or has not.
_PROBED = r"(?i)(/\.(env|git)|wp-login|phpmyadmin|config\.php|passwd|cgi-bin|\.sql$|/actuator|\.\./)"
# SQL, markup and folders in what is typed into a search, encoded or not.
_INJECTED = r"(?i)((%27|')(\+|%20| )*or(\+|%20| )|union(\+|%20| )+select|<script|%3cscript|\.\.(%2f|/))"
_SCRIPT = r"(?i)(python-requests|curl/|go-http-client|headless|bot[/;]|\bbot\b|spider|crawl)"


def to_events(records: DataFrame) -> DataFrame:
    """Add the network, and whether a request probes, injects, or comes from a script."""
    return records.withColumns(
        {
            "network": network("client_address"),
            "probes": F.coalesce(F.col("path").rlike(_PROBED), F.lit(False)),
            "injects": F.coalesce(F.col("query").rlike(_INJECTED), F.lit(False)),
            "scripted": F.coalesce(F.col("user_agent").rlike(_SCRIPT), F.lit(False)),
        }
    )
