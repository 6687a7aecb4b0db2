"""Staff: when they read, and how much of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from transforms.derive import hour

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_FROM, _TO = 6, 18


def to_events(records: DataFrame) -> DataFrame:
    """Add the hour, whether it is no office's, and how many fields of personal data were read."""
    return records.withColumns(
        {
            "hour": hour(),
            "off_hours": ~hour().between(_FROM, _TO),
            "personal_fields": F.size(F.split("fields", ",")).cast("bigint"),
        }
    )
