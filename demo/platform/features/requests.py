"""Requests: who copies, who breaks in, and who was first."""

from __future__ import annotations

from features.entities import page, web_client, web_user
from features.sources import requests
from riskloom import FeatureView, Filter, aggregate

client_error = Filter("client_error", "status BETWEEN 400 AND 499")
probing = Filter("probing", "probes")
injecting = Filter("injecting", "injects")
scripted = Filter("scripted", "scripted")
at_drop = Filter("at_drop", "path LIKE '/drop/%'")
checking_out = Filter("checking_out", "path = '/checkout'")
reading_items = Filter("reading_items", "path LIKE '/item/%' OR path LIKE '/api/catalogue/%'")
throttled = Filter("throttled", "status = 429")

_OWNER = "traffic-integrity"

web_client_requests = FeatureView(
    name="web_client_requests",
    entity=web_client,
    source=requests,
    windows=("5m", "1h", "1d"),
    aggregations=(
        aggregate.count(),
        aggregate.count(windows=("10s", "1m")),
        aggregate.ratio(aggregate.count(where=client_error), aggregate.count()),
        aggregate.count_distinct("path"),
        aggregate.count_distinct("path", where=reading_items, windows=("1h",)),
        aggregate.count(where=probing),
        aggregate.count(where=injecting),
        aggregate.ratio(aggregate.count(where=scripted), aggregate.count()),
        aggregate.count_distinct("user_agent"),
        aggregate.count_distinct("remote_user"),
        aggregate.sum("bytes"),
        aggregate.ratio(aggregate.gap_stddev(), aggregate.gap_mean()),
        aggregate.gap_entropy(),
        aggregate.time_since_last(windows=("1d",)),
        aggregate.count(where=at_drop, windows=("1m", "5m")),
        aggregate.count(where=checking_out, windows=("1m", "5m")),
    ),
    max_staleness="2d",
    description="Requests from one address: how many, how many fail, break in or copy, and how evenly.",
    owner=_OWNER,
    risks=("malicious_activity", "scalper"),
)

web_user_requests = FeatureView(
    name="web_user_requests",
    entity=web_user,
    source=requests,
    windows=("1m", "5m", "1h"),
    aggregations=(
        aggregate.count(),
        aggregate.count(where=reading_items, windows=("1h", "1d")),
        aggregate.count(where=at_drop),
        aggregate.count(where=checking_out),
        aggregate.count(where=throttled),
        aggregate.count_distinct("client_address", windows=("1h",)),
        aggregate.time_since_first(where=at_drop, windows=("1h",)),
        aggregate.time_since_first(where=checking_out, windows=("1h",)),
        aggregate.time_since_last(windows=("30d",)),
        aggregate.ratio(aggregate.gap_stddev(), aggregate.gap_mean(), windows=("5m",)),
    ),
    max_staleness="2d",
    description="Requests of one account: how fast it is at drops and checkouts, and what it looked at before.",
    owner=_OWNER,
    risks=("scalper",),
)

page_requests = FeatureView(
    name="page_requests",
    entity=page,
    source=requests,
    windows=("10s", "1m", "1h"),
    aggregations=(
        aggregate.count(),
        aggregate.count_distinct("client_address"),
        aggregate.time_since_first(windows=("1h", "1d")),
        aggregate.ratio(aggregate.count(where=throttled), aggregate.count()),
    ),
    max_staleness="2d",
    description="Requests for one page, such as a drop's: how many, and since when.",
    owner=_OWNER,
    risks=("scalper", "malicious_activity"),
)
