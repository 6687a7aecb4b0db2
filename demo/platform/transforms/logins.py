"""Logins: where they come from, and with what."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from transforms.derive import hour, network

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

# About the middle of each country: latitude and longitude, in degrees.
MIDDLES = {
    "DE": (51.2, 10.4),
    "FR": (46.6, 2.4),
    "GB": (54.0, -2.5),
    "US": (39.8, -98.6),
    "ES": (40.2, -3.6),
    "IT": (42.8, 12.6),
    "NL": (52.2, 5.5),
    "PL": (52.1, 19.4),
}
# First numbers of the networks of hosting companies and VPNs.
_HOSTED = ("45.", "89.")
_FAMILY = r"(Edg|Firefox|HeadlessChrome|Chrome|Safari)"


def to_events(records: DataFrame) -> DataFrame:
    """Add the network, the hour, the browser's family, a place on the map, and whether a hosting company is between."""
    return records.withColumns(
        {
            "network": network("ip"),
            "hour": hour(),
            "agent_family": F.nullif(F.regexp_extract("user_agent", _FAMILY, 1), F.lit("")),
            "latitude": _middle(0),
            "longitude": _middle(1),
            "hosted": F.coalesce(F.substring("ip", 1, 3).isin(*_HOSTED), F.lit(False)),
        }
    )


def _middle(which: int) -> Column:
    pairs = chain.from_iterable((F.lit(country), F.lit(middle[which])) for country, middle in MIDDLES.items())
    return F.create_map(*pairs)[F.col("country")]
