"""Messages: links, ways round the platform, and what lures with fear or gain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from transforms.derive import text_key

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

_LINK = r"(?i)https?://"
# A telephone number, a mail address, or what redaction has put in its place.
_CONTACT = r"(?i)(\+?\d[\d ()/-]{7,}\d|[\w.+-]+@[\w-]+\.\w+|<(PHONE|EMAIL)>)"
_LURE = r"(?i)(will be closed|you won|outside of the shop|off the platform|fee due|verify your)"


def to_events(records: DataFrame) -> DataFrame:
    """Add the text's key, and whether it has a link, a way to be reached elsewhere, or a lure."""
    return records.withColumns(
        {
            "text_key": text_key("text"),
            "has_link": _found(_LINK),
            "has_contact": _found(_CONTACT),
            "lures": _found(_LURE),
        }
    )


def _found(pattern: str) -> Column:
    return F.coalesce(F.col("text").rlike(pattern), F.lit(False))
