"""The graph of what accounts share: devices, addresses, doors, cards. A day's batch job.

Accounts and identifiers are nodes, a link is an account that used an identifier. Components are found by alternating
large-star and small-star (Kiveris, Lattanzi, Mirrokni, Rastogi, Vassilvitskii, SoCC 2014), whose rounds grow with the
logarithm of the graph's size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# An identifier of more accounts is a place, such as a carrier's gateway, and says nothing of any two of them.
HUB = 200
# Sorts behind every account's name, so that a component is named after its first account.
_BEHIND = "~"
_MOST_ROUNDS = 40
COLUMNS = {
    "component_id": "string",
    "component_accounts": "bigint",
    "component_identifiers": "bigint",
    "component_density": "double",
    "component_age_days": "double",
    "degree": "bigint",
    "neighbours_fraud_share": "double",
    "two_hop_fraud_share": "double",
}


def account_graph(links: DataFrame, fraudsters: DataFrame, until: int, hub: int = HUB) -> DataFrame:
    """Say of each account whom it shares identifiers with.

    Args:
        links: account_id, identifier (kind and value in one text) and event_ts, as often as it was used.
        fraudsters: account_id of those who were known by then.
        until: The instant, in microseconds, from which ages are counted; later links are the caller's to leave out.
        hub: How many accounts an identifier may have and still link them.

    Returns:
        A row an account that has an identifier that is no hub: account_id and ``COLUMNS``. Without links, none.
    """
    used = links.groupBy("account_id", "identifier").agg(F.min("event_ts").alias("first_ts"))
    few = used.groupBy("identifier").agg(F.count("*").alias("accounts")).where(F.col("accounts") <= hub)
    kept = used.join(few.select("identifier"), "identifier").localCheckpoint()
    named = kept.select("account_id", F.concat(F.lit(_BEHIND), "identifier").alias("identifier"), "first_ts")
    members = components(named.select(F.col("account_id").alias("one"), F.col("identifier").alias("other")))
    whole = _measured(named, members, until)
    beside = _neighbours(kept)
    return (
        whole.join(_shares(beside, fraudsters), "account_id", "left")
        .withColumn("degree", F.coalesce("degree", F.lit(0).cast("bigint")))
        .select("account_id", *(F.col(name).cast(dtype) for name, dtype in COLUMNS.items()))
    )


def components(edges: DataFrame) -> DataFrame:
    """Find the connected components of a graph.

    Args:
        edges: Pairs of names, ``one`` and ``other``, in any order, as often as they come.

    Returns:
        node, component: the component's smallest name; a row a node.
    """
    current = _larger_first(edges).localCheckpoint()
    for _ in range(_MOST_ROUNDS):
        before = _sum(current)
        current = _small_star(_large_star(current)).localCheckpoint()
        if _sum(current) == before:
            break
    leaves = current.select(F.col("one").alias("node"), F.col("other").alias("component"))
    roots = current.select(F.col("other").alias("node"), F.col("other").alias("component"))
    return leaves.union(roots).distinct()


def _larger_first(edges: DataFrame) -> DataFrame:
    return (
        edges.where("one <> other")
        .select(F.greatest("one", "other").alias("one"), F.least("one", "other").alias("other"))
        .distinct()
    )


def _large_star(edges: DataFrame) -> DataFrame:
    """Link each node's larger neighbours to the smallest of its neighbours and itself."""
    both = edges.union(edges.select("other", "one")).groupBy("one").agg(F.collect_set("other").alias("others"))
    least = F.least("one", F.array_min("others"))
    larger = F.explode(F.filter("others", lambda other: other > F.col("one")))
    return both.select(larger.alias("large"), least.alias("least")).toDF("one", "other").distinct()


def _small_star(edges: DataFrame) -> DataFrame:
    """Link each node and its smaller neighbours to the smallest of them."""
    found = _larger_first(edges).groupBy("one").agg(F.collect_set("other").alias("others"))
    least = F.array_min("others")
    nodes = F.explode(F.concat(F.array("one"), "others"))
    linked = found.select(nodes.alias("node"), least.alias("least")).where("node <> least")
    return linked.toDF("one", "other").distinct()


def _sum(edges: DataFrame) -> tuple[int, int | None]:
    row = edges.agg(F.count("*"), F.sum(F.xxhash64("one", "other").cast("decimal(38,0)"))).first()
    return row[0], row[1]


def _measured(links: DataFrame, members: DataFrame, until: int) -> DataFrame:
    """Say of each account how large, how dense and how old its component is."""
    of_accounts = members.select(F.col("node").alias("account_id"), F.col("component").alias("component_id"))
    joined = links.join(of_accounts, "account_id")
    age = (F.lit(until) - F.min(F.unix_micros("first_ts"))) / F.lit(86_400_000_000)
    measured = joined.groupBy("component_id").agg(
        F.countDistinct("account_id").alias("component_accounts"),
        F.countDistinct("identifier").alias("component_identifiers"),
        F.count("*").alias("links"),
        age.alias("component_age_days"),
    )
    # Of all links that there could be between the component's accounts and identifiers.
    density = F.col("links") / (F.col("component_accounts") * F.col("component_identifiers"))
    whole = measured.withColumn("component_density", density).drop("links")
    return joined.select("account_id", "component_id").distinct().join(whole, "component_id")


def _neighbours(links: DataFrame) -> DataFrame:
    """Pair accounts that share an identifier."""
    one, other = (links.select("identifier", F.col("account_id").alias(name)) for name in ("account_id", "beside"))
    return one.join(other, "identifier").where("account_id <> beside").select("account_id", "beside").distinct()


def _shares(beside: DataFrame, fraudsters: DataFrame) -> DataFrame:
    """Count an account's neighbours, and the share of known fraudsters among them and within two hops."""
    beside = beside.localCheckpoint()
    known = fraudsters.select(F.col("account_id").alias("beside")).distinct().withColumn("fraud", F.lit(1.0))
    further = beside.join(beside.toDF("beside", "further"), "beside").select(
        "account_id", F.col("further").alias("beside")
    )
    within = beside.union(further).where("account_id <> beside").distinct()
    share = F.avg(F.coalesce("fraud", F.lit(0.0)))
    near = beside.join(known, "beside", "left").groupBy("account_id")
    far = within.join(known, "beside", "left").groupBy("account_id")
    return near.agg(F.count("*").alias("degree"), share.alias("neighbours_fraud_share")).join(
        far.agg(share.alias("two_hop_fraud_share")), "account_id"
    )
