"""Features of a web client's address: how much it asks for, and how much of it fails."""

from __future__ import annotations

from features.entities import client_address
from features.sources import access_log
from riskloom import FeatureView, Filter, aggregate

client_error = Filter("client_error", "status BETWEEN 400 AND 499")

client_address_requests = FeatureView(
    name="client_address_requests",
    entity=client_address,
    source=access_log,
    windows=("5m", "1h", "1d"),
    aggregations=(
        aggregate.count(),
        aggregate.ratio(aggregate.count(where=client_error), aggregate.count()),
        aggregate.count_distinct("path"),
        aggregate.time_since_last(windows=("1d",)),
    ),
    max_staleness="1d",
    description="Requests, share of 4xx answers, distinct paths and recency of one address.",
    owner="traffic-integrity",
)
