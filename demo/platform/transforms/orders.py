"""Orders: where they go, and how much of their price is off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from transforms.derive import address_key, network

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def to_events(records: DataFrame) -> DataFrame:
    """Add the network, the address's key, the discount's share, and whether that is half and more."""
    share = F.col("discount") / F.nullif(F.col("gross"), F.lit(0))
    return records.withColumns(
        {
            "network": network("ip"),
            "address_key": address_key("ship_to"),
            "discount_share": share,
            "half_price": F.coalesce(share >= 0.5, F.lit(False)),  # noqa: PLR2004 - half of the price
        }
    )
