"""The graph of shared identifiers beside plain Python: random links, none at all, and a hub."""

from __future__ import annotations

import importlib
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from random import Random

import pytest

from riskloom.intervals import DAY, to_micros
from riskloom.project import Project

pytestmark = pytest.mark.spark

PLATFORM = Path(__file__).parents[3] / "demo" / "platform"
SCHEMA = "account_id string, identifier string, event_ts timestamp"
UNTIL = datetime(2025, 11, 17, tzinfo=UTC)
HUB = 6
MILLION = 1_000_000


@pytest.fixture(scope="module")
def graph():
    Project.load(PLATFORM)
    return importlib.import_module("transforms.identity_graph")


def random_links():
    """Chains, rings, pairs and loners, a hub of seven accounts, and some links twice."""
    random = Random(11)
    links = [(f"u{place}", f"device:d{place // 2}") for place in range(20)]
    links += [(f"u{place + 1}", f"device:d{place // 2}") for place in range(0, 20, 2) if place % 6]
    links += [(f"u{random.randrange(40)}", f"card:c{random.randrange(60)}") for _ in range(30)]
    links += [(f"u{place}", "ip:hub") for place in range(0, 35, 5)]
    links += links[:5]
    return [(one, other, UNTIL - timedelta(hours=random.randrange(1, 300))) for one, other in links]


def plain(links, fraudsters):
    """The same, with sets."""
    accounts = defaultdict(set)
    first = {}
    for account, identifier, at in links:
        accounts[identifier].add(account)
        first[account, identifier] = min(at, first.get((account, identifier), at))
    accounts = {identifier: some for identifier, some in accounts.items() if len(some) <= HUB}
    beside = defaultdict(set)
    group = {account: {account} for some in accounts.values() for account in some}
    for some in accounts.values():
        for one, other in combinations(sorted(some), 2):
            beside[one].add(other)
            beside[other].add(one)
            if group[one] is not group[other]:
                group[one] |= group[other]
                for member in group[other]:
                    group[member] = group[one]
    found = {}
    for account, members in group.items():
        within = [pair for pair in first if pair[0] in members and pair[1] in accounts]
        identifiers = {identifier for _, identifier in within}
        two_hops = beside[account].union(*(beside[other] for other in beside[account])) - {account}
        found[account] = (
            min(members),
            len(members),
            len(identifiers),
            pytest.approx(len(within) / len(members) / len(identifiers)),
            pytest.approx((to_micros(UNTIL) - min(to_micros(first[pair]) for pair in within)) / DAY),
            len(beside[account]),
            share(beside[account], fraudsters),
            share(two_hops, fraudsters),
        )
    return found


def share(some, fraudsters):
    return pytest.approx(len(some & fraudsters) / len(some)) if some else None


def test_accounts_share_what_sets_say_they_share(spark, graph):
    links, fraudsters = random_links(), {"u1", "u2", "u7", "u30"}
    known = spark.createDataFrame([(name,) for name in sorted(fraudsters)], "account_id string")
    frame = spark.createDataFrame(links, SCHEMA)
    # A gateway that a million accounts use links none of them.
    gateway = spark.range(MILLION).selectExpr(
        "concat('g', id) AS account_id", "'ip:gateway' AS identifier", "timestamp '2025-11-16' AS event_ts"
    )
    rows = graph.account_graph(frame.union(gateway), known, to_micros(UNTIL), HUB).collect()
    found = {row[0]: tuple(row[1:]) for row in rows}
    wanted = plain(links, fraudsters)
    assert found == wanted
    assert len(rows) == len(found)
    assert len({row[0] for row in wanted.values()}) > 5
    # Those who share the hub alone are not together by it.
    assert max(row[1] for row in wanted.values()) < 15


def test_without_links_there_is_no_row(spark, graph):
    none = spark.createDataFrame([], SCHEMA)
    found = graph.account_graph(none, spark.createDataFrame([], "account_id string"), to_micros(UNTIL))
    assert found.collect() == []
    assert found.columns == ["account_id", *graph.COLUMNS]
