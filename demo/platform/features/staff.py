"""Staff: who reads more of whom than their work needs."""

from __future__ import annotations

from features.entities import data_subject, role, staff_desk, staff_member
from features.later_sources import staff
from riskloom import FeatureView, Filter, aggregate

without_ticket = Filter("without_ticket", "ticket_id IS NULL")
off_hours = Filter("off_hours", "off_hours")
exported = Filter("exported", "action = 'export'")

_OWNER = "data-protection"
_RISKS = ("information_leakage",)

staff_reads = FeatureView(
    name="staff_reads",
    entity=staff_member,
    source=staff,
    windows=("1h", "1d", "7d"),
    aggregations=(
        aggregate.count_distinct("owner_id"),
        aggregate.sum("n_records"),
        aggregate.sum("personal_fields"),
        aggregate.count(where=exported),
        aggregate.sum("bytes", where=exported),
        aggregate.ratio(aggregate.count(where=without_ticket), aggregate.count()),
        aggregate.ratio(aggregate.count(where=off_hours), aggregate.count()),
        aggregate.zscore("n_records", baseline="28d", windows=("1d",)),
        aggregate.zscore("bytes", baseline="28d", windows=("1d",)),
        aggregate.count_distinct("ip", windows=("7d", "30d")),
        aggregate.ratio(aggregate.gap_stddev(), aggregate.gap_mean(), windows=("1d",)),
    ),
    max_staleness="4d",
    description="Whose records one of the staff reads, how many, how much of them, when, and for no ticket.",
    owner=_OWNER,
    risks=_RISKS,
)

role_reads = FeatureView(
    name="role_reads",
    entity=role,
    source=staff,
    windows=("1d", "28d"),
    aggregations=(
        aggregate.count(),
        aggregate.count_distinct("staff_id"),
        aggregate.mean("n_records"),
        aggregate.stddev("n_records"),
        aggregate.ratio(aggregate.count(), aggregate.count_distinct("staff_id")),
    ),
    max_staleness="4d",
    description="What all of one role read.",
    owner=_OWNER,
    risks=_RISKS,
)

staff_desk_reads = FeatureView(
    name="staff_desk_reads",
    entity=staff_desk,
    source=staff,
    windows=("1d",),
    aggregations=(aggregate.novelty(history="90d"), aggregate.count(windows=("90d",))),
    max_staleness="4d",
    description="Whether one of the staff reads from an address that is new to them.",
    owner=_OWNER,
    risks=_RISKS,
)

data_subject_reads = FeatureView(
    name="data_subject_reads",
    entity=data_subject,
    source=staff,
    windows=("1d", "14d"),
    aggregations=(
        aggregate.count(),
        aggregate.count_distinct("staff_id"),
        aggregate.count(where=without_ticket),
        aggregate.time_since_last(),
    ),
    max_staleness="4d",
    description="Who of the staff read one customer's record, and how long ago.",
    owner=_OWNER,
    risks=_RISKS,
)
