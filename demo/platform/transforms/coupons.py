"""Coupons: where they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.derive import address_key, network

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def to_events(records: DataFrame) -> DataFrame:
    """Add the network and the address's key."""
    return records.withColumns({"network": network("ip"), "address_key": address_key("ship_to")})
