"""Clicks: their network and their hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.derive import hour, network

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def to_events(records: DataFrame) -> DataFrame:
    """Add the network and the hour."""
    return records.withColumns({"network": network("ip"), "hour": hour()})
