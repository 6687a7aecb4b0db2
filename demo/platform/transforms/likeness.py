"""Likeness: texts that are nearly the same, whatever their script. A day's batch job.

Texts are sets of shingles, three signs that follow each other. Those that share a band of their MinHash signatures
(Broder, SEQUENCES 1997; bands: Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, 3.4) are compared by the sets
themselves, so that no pair is told that is less alike than asked for; of those that are as alike as 0.75, one in four
hundred is missed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

SIGNS = 3
BANDS, ROWS = 12, 3
# More than a page tells nothing new of a text, and a book would cost as much as all others.
LONGEST = 2_000
# Of more texts in one band, each is compared with the first one alone.
CROWD = 200


def alike(events: DataFrame, crowd: int = CROWD) -> DataFrame:
    """Say of each text how many others are nearly it, and who else wrote those.

    Args:
        events: key, block, text, least and who, a row an event. Texts of other blocks are never compared, nor are
            events without a key. One text of each key stands for all of them.
        crowd: How many texts a band may have, for all of them to be compared with each other.

    Returns:
        A row a key: similar (other keys), similar_events and similar_whos (of it and of the similar ones), closest
        (likeness of the nearest other; null where there is none).
    """
    kept = events.where("key IS NOT NULL")
    written = kept.groupBy("key", "who").agg(
        F.count("*").alias("events"), *(F.min(name).alias(name) for name in ("block", "text", "least"))
    )
    written = written.localCheckpoint()
    texts = written.groupBy("key").agg(*(F.min(name).alias(name) for name in ("block", "text", "least")))
    itself = texts.select("key", F.col("key").alias("other"), F.lit(None).cast("double").alias("likeness"))
    of_others = written.select(F.col("key").alias("other"), "who", "events")
    return (
        near_duplicates(texts, crowd)
        .union(itself)
        .join(of_others, "other")
        .groupBy("key")
        .agg(
            (F.countDistinct("other") - 1).alias("similar"),
            F.sum("events").alias("similar_events"),
            F.countDistinct("who").alias("similar_whos"),
            F.max("likeness").alias("closest"),
        )
    )


def near_duplicates(texts: DataFrame, crowd: int = CROWD) -> DataFrame:
    """Find pairs of texts that are nearly the same.

    Args:
        texts: key, block, text and least, a row a key. Two texts must share that many shingles, as a part of all of
            theirs, from 0 to 1. A text without a letter and a digit is like none.
        crowd: How many texts a band may have, for all of them to be compared with each other.

    Returns:
        key, other, likeness: each pair both ways.
    """
    plain = texts.select("key", "block", "least", _plain(F.col("text")).alias("plain")).where("plain <> ''")
    cut = plain.select("key", "block", "least", _shingles(F.col("plain")).alias("shingles")).localCheckpoint()
    one = cut.select("key", "least", F.col("shingles").alias("of_key"))
    other = cut.select(F.col("key").alias("other"), F.col("shingles").alias("of_other"))
    shared = F.size(F.array_intersect("of_key", "of_other"))
    likeness = shared / (F.size("of_key") + F.size("of_other") - shared)
    pairs = _candidates(cut, crowd).join(one, "key").join(other, "other").withColumn("likeness", likeness)
    near = pairs.where("likeness >= least").select("key", "other", "likeness").localCheckpoint()
    return near.union(near.select("other", "key", "likeness"))


def _plain(text: Column) -> Column:
    """Give a text's words in small letters, one space between them; null for none."""
    return F.trim(F.regexp_replace(F.lower(F.substring(text, 1, LONGEST)), r"[^\p{L}\p{M}\p{N}]+", " "))


def _shingles(plain: Column) -> Column:
    """Cut a text into its shingles; one that is shorter is one shingle."""
    last = F.greatest(F.length(plain) - (SIGNS - 1), F.lit(1))
    return F.array_distinct(F.transform(F.sequence(F.lit(1), last), lambda at: F.substring(plain, at, F.lit(SIGNS))))


def _candidates(cut: DataFrame, crowd: int) -> DataFrame:
    """Pair the texts of a block that share a band, the smaller key first, each pair once."""
    signed = cut.select("key", "block", F.array(*map(_least, range(BANDS * ROWS))).alias("signature"))
    bands = [
        F.xxhash64(F.lit(band), *(F.col("signature")[band * ROWS + row] for row in range(ROWS)))
        for band in range(BANDS)
    ]
    banded = signed.select("key", "block", F.explode(F.array(*bands)).alias("band"))
    groups = (
        banded.groupBy("block", "band").agg(F.array_sort(F.collect_set("key")).alias("keys")).where("size(keys) > 1")
    )
    pairs = F.flatten(F.transform("keys", _with_later))
    with_first = F.transform(F.slice("keys", 2, F.size("keys")), lambda other: _pair(F.col("keys")[0], other))
    chosen = F.when(F.size("keys") <= crowd, pairs).otherwise(with_first)
    return groups.select(F.explode(chosen).alias("pair")).select("pair.key", "pair.other").distinct()


def _least(seed: int) -> Column:
    """Give the least hash of a text's shingles by one of the hash functions."""
    return F.array_min(F.transform("shingles", lambda one: F.xxhash64(one, F.lit(seed))))


def _with_later(key: Column, place: Column) -> Column:
    later = F.slice("keys", place + 2, F.size("keys"))
    return F.transform(later, lambda other: _pair(key, other))


def _pair(key: Column, other: Column) -> Column:
    return F.struct(key.alias("key"), other.alias("other"))
