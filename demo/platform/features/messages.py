"""Messages: the same bait for many."""

from __future__ import annotations

from features.entities import address, reader, text, writer
from features.later_sources import messages
from riskloom import FeatureView, Filter, aggregate

linked = Filter("linked", "has_link")
reachable = Filter("reachable", "has_contact")
luring = Filter("luring", "lures")

_OWNER = "marketplace-integrity"
_RISKS = ("malicious_activity",)

writer_messages = FeatureView(
    name="writer_messages",
    entity=writer,
    source=messages,
    windows=("1h", "1d", "7d"),
    aggregations=(
        aggregate.count(),
        aggregate.count_distinct("recipient_id"),
        aggregate.count_distinct("text_key"),
        aggregate.count_distinct("ip"),
        aggregate.count(where=linked),
        aggregate.count(where=reachable),
        aggregate.count(where=luring),
        aggregate.ratio(aggregate.count(where=linked), aggregate.count()),
    ),
    max_staleness="2d",
    description="Messages of one writer: to how many, in how many different words, with links and ways round.",
    owner=_OWNER,
    risks=_RISKS,
)

text_messages = FeatureView(
    name="text_messages",
    entity=text,
    source=messages,
    windows=("1h", "1d", "7d"),
    aggregations=(
        aggregate.count(),
        aggregate.count_distinct("recipient_id"),
        aggregate.count_distinct("sender_id"),
        aggregate.time_since_first(windows=("30d",)),
    ),
    max_staleness="2d",
    description="Messages with one text: to how many, from how many.",
    owner=_OWNER,
    risks=_RISKS,
)

reader_messages = FeatureView(
    name="reader_messages",
    entity=reader,
    source=messages,
    windows=("1d", "7d"),
    aggregations=(
        aggregate.count(),
        aggregate.count_distinct("sender_id"),
        aggregate.count(where=linked),
        aggregate.count(where=luring),
    ),
    max_staleness="2d",
    description="Messages to one reader: how many, from how many, with links and lures.",
    owner=_OWNER,
    risks=(*_RISKS, "information_leakage"),
)

address_messages = FeatureView(
    name="address_messages",
    entity=address,
    source=messages,
    windows=("1h", "1d"),
    aggregations=(
        aggregate.count(),
        aggregate.count_distinct("sender_id"),
        aggregate.count_distinct("recipient_id"),
        aggregate.count(where=linked),
    ),
    max_staleness="2d",
    description="Messages from one network address: how many, from and to how many.",
    owner=_OWNER,
    risks=_RISKS,
)
