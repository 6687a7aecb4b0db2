"""Accounts: what their names and mail tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from transforms.derive import network

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# Mail that anybody reads, and nobody keeps.
DISPOSABLE = ("tempbox.example", "10minute.example")


def to_events(records: DataFrame) -> DataFrame:
    """Add the network, the letters of the name, its share of digits, and whether its mail is for once."""
    letters = F.regexp_replace(F.lower("handle"), r"[^\p{L}]+", "")
    length = F.nullif(F.length("handle"), F.lit(0))
    return records.withColumns(
        {
            "network": network("ip"),
            "handle_stem": F.nullif(letters, F.lit("")),
            "digit_share": F.length(F.regexp_replace("handle", r"[^0-9]", "")) / length,
            "disposable": F.coalesce(F.col("email_domain").isin(*DISPOSABLE), F.lit(False)),
        }
    )
