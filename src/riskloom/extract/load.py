"""Bronze to staging: lines to records, records to events and rejects, each of them counted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from pyspark.errors import PySparkException
from pyspark.sql import functions as F
from pyspark.storagelevel import StorageLevel

from riskloom.declare import POSITION
from riskloom.declare.names import ENVELOPE
from riskloom.errors import AccountingError, ExtractError
from riskloom.extract import classify, direct, native, scopes, staging, units
from riskloom.extract.again import Chosen
from riskloom.extract.contents import contents_of
from riskloom.extract.counts import Counts, FileCounts
from riskloom.extract.drift import with_refused
from riskloom.extract.files import stretch
from riskloom.extract.finish import QUARANTINE, Finish
from riskloom.extract.formats.plan import Plan
from riskloom.extract.protect import Protection
from riskloom.extract.reasons import POINTER
from riskloom.extract.told import told
from riskloom.lake.erasures import erasures
from riskloom.lake.key_ids import source_ring
from riskloom.lake.paths import Lake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

    from riskloom.declare import EventSource
    from riskloom.extract.bronze import Extracted
    from riskloom.project import Project

_TIMES = ("event_id", "event_ts", "available_ts")
_PROVENANCE = ("row_hash", *POINTER)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load staged.

    Attributes:
        events_path: Parquet of the events, with the columns of silver.
        versions_path: Parquet of other bodies of those events, with the same columns; only there where ids name events.
        rejects_path: Parquet of the rejects, with the columns of quarantine.
        counts: What became of each line and record.
        hashes: The contents that were read.
        apart: Whether no two events or rejects can have one name, so that none need be compared.
        left: By content, the place from which on a longer content stands for its lines.
        scope_path: Parquet of the places that the staged rows stand for; None where those are the contents whole.
        identities: Contents that the events are named by, where those are all that could be in the tables already; else
            none.
    """

    events_path: Path
    versions_path: Path
    rejects_path: Path
    counts: Counts
    hashes: tuple[str, ...]
    apart: bool = False
    scope_path: Path | None = None
    left: Mapping[str, int] = field(default_factory=dict)
    identities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of an input's contents before their rows are looked at; see ``units.unit_frame``."""

    apart: bool
    left: Mapping[str, int]
    began: Mapping[str, int]


def load(spark: SparkSession, project: Project, source: EventSource, extracted: Extracted, run_id: str) -> Loaded:
    """Turn bronze lines into staged events and rejects.

    Args:
        spark: The session.
        project: Says where the tables are, and which transform and suite the source has.
        source: Whose lines.
        extracted: The files to load, or the lines of them.
        run_id: The run, recorded with each row.

    Returns:
        Where the staged rows are, and the counts.

    Raises:
        ExtractError: The transform raises, or gives other columns than are declared.
        AccountingError: The transform lost a record, or a sum is off; nothing is published.
    """
    lake = Lake(project.settings.lake)
    spark.sparkContext.setJobDescription(f"{run_id}: load {source.name}")
    place = staging.enter(lake.staging(source.name), run_id)
    protection = protection_of(source, lake)
    loaded = _directly(spark, project, source, extracted, place, protection, run_id)
    if loaded is not None:
        return loaded
    lines, decoded = _classified(spark, lake, source, extracted, place, protection)
    apart = decoded.apart
    try:
        left = _left(lines, extracted)
        scope = None if extracted.again is None else scopes.write(spark, lines, extracted.again, place)
        counts = _count_lines(lines, extracted, scope)
        known = _Known(apart, left, _began(source, lake, extracted))
        frame = _units(project, source, lines, protection, known).withColumn("run_id", F.lit(run_id))
        if scope is not None and source.event_id != POSITION:
            order = units.delivery_order(source)
            frame = scopes.without_overtaken(spark, frame, lake.silver(source.name), scope, order)
        # What a format alone has read stands in Parquet, and costs less to read again than to keep.
        frame = frame if apart else frame.persist(StorageLevel.MEMORY_AND_DISK)
        try:
            _count_units(source, frame, counts)
            _stage(frame, source, place)
        except PySparkException as error:
            # The error's own words, which a traceback would show, may quote a row.
            raise _failed(source, told(error)) from None
        finally:
            frame.unpersist()
    finally:
        lines.unpersist()
    found = _of_input(source, counts, extracted, decoded.drift)
    scope_path = None if scope is None else place.scope
    return Loaded(place.events, place.versions, place.rejects, found, extracted.hashes, apart, scope_path, left)


def _directly(
    spark: SparkSession,
    project: Project,
    source: EventSource,
    extracted: Extracted,
    place: staging.Staging,
    protection: Protection,
    run_id: str,
) -> Loaded | None:
    """Load in tasks of their own; None where rows must be compared with each other."""
    if extracted.again is not None or extracted.going_on or not direct.fits(source):
        return None
    lake = Lake(project.settings.lake)
    bronze, began = lake.bronze(source.name), _began(source, lake, extracted)
    finish = Finish.of(source, project.suite(source.name), run_id, began)
    plan = Plan.of(source)
    rules = _rules(source, extracted, plan)
    try:
        done = direct.load(spark, bronze, extracted.hashes, place, rules, plan, protection, finish)
    except PySparkException as error:
        raise _failed(source, told(error)) from None
    if not done.apart:
        return None
    counts = _none_yet(extracted)
    for file_hash, tally in done.tallies.items():
        counts[file_hash].take(tally)
    found = _of_input(source, counts, extracted, dict(done.drift))
    identities = tuple(sorted(done.owners))
    places = (place.events, place.versions, place.rejects)
    return Loaded(*places, found, extracted.hashes, apart=True, identities=identities)


def _rules(source: EventSource, extracted: Extracted, plan: Plan | None) -> classify.Rules:
    heads = {file.file_hash: file.head for file in extracted.files} if source.header or plan else {}
    chosen = None if extracted.again is None else Chosen.of(extracted.again.places)
    return classify.Rules(source.header, dict(source.ignore), source.record_start, heads, plan, chosen)


def _none_yet(extracted: Extracted) -> dict[str, FileCounts]:
    """Give the counts of each content before any line of it is counted."""
    counts = {file.file_hash: FileCounts(file=file.file, file_hash=file.file_hash) for file in extracted.files[::-1]}
    for file in extracted.files:
        counts[file.file_hash].lines_in = file.lines
    return counts


def _failed(source: EventSource, why: str) -> ExtractError:
    if source.transform:
        return ExtractError.transform_raised(source.name, source.transform, why)
    return ExtractError.not_staged(source.name, why)


def protection_of(source: EventSource, lake: Lake) -> Protection:
    """Give how a source is protected: with the keys that its table has tokens of, else with the newest.

    Raises:
        PrivacyError: It has tokens, and their keys are not there.
    """
    return Protection.of(source, source_ring(lake, source), erasures(lake, source.name))


def _classified(
    spark: SparkSession,
    lake: Lake,
    source: EventSource,
    extracted: Extracted,
    place: staging.Staging,
    protection: Protection,
) -> tuple[DataFrame, native.Decoded]:
    """Give a row for each line, or what it became; and whether no two events can have one id, with the drift."""
    plan = Plan.of(source) if source.formats else None
    rules = _rules(source, extracted, plan)
    if plan is not None:
        # A transform reads what the format gave; without one, it is kept.
        kept = None if source.transform else protection
        decoded = native.decode(spark, lake.bronze(source.name), extracted.hashes, rules, plan, place.decoded, kept)
        lines = spark.read.schema(units.decoded_schema(source)).parquet(str(place.decoded))
        apart = decoded.apart and source.event_id == POSITION and not source.transform
        return lines, replace(decoded, apart=apart)
    bronze = spark.read.format("delta").load(str(lake.bronze(source.name)))
    mine = bronze.where(F.col("file_hash").isin(*extracted.hashes)).select(*classify.INPUT)
    if rules.spans:
        mine = mine.repartition("file_hash").sortWithinPartitions("file_hash", "line_no", "byte_offset")
    lines = mine.mapInArrow(partial(_classify, rules=rules), classify.SPARK_SCHEMA)
    return lines.persist(StorageLevel.MEMORY_AND_DISK), native.Decoded(apart=False)


def _classify(batches: Iterator[pa.RecordBatch], rules: classify.Rules) -> Iterator[pa.RecordBatch]:
    return rules.rows(batches)


def _protect(batches: Iterator[pa.RecordBatch], protection: Protection) -> Iterator[pa.RecordBatch]:
    return protection.batches(batches)


def _transformed(project: Project, source: EventSource, records: DataFrame, protection: Protection) -> DataFrame:
    """Give what a transform makes of records, protected; where there is nothing to protect, no worker sees it again."""
    out, extras = units.transformed(source, _transform(project, source), records)
    kept = out.select("origin", "ordinal", "reason", "detail", "event_ts", *ENVELOPE, *source.columns)
    if not (protection.needed or extras):
        return kept
    return kept.mapInArrow(partial(_protect, protection=protection), kept.schema)


def _units(project: Project, source: EventSource, lines: DataFrame, protection: Protection, known: _Known) -> DataFrame:
    suite, left, began = project.suite(source.name), known.left, known.began
    if source.formats:
        parsed = _decoded_units(project, source, lines, protection)
        return units.unit_frame(source, suite, parsed, None, apart=known.apart, left=left, began=began)
    protected = _transformed(project, source, units.record_frame(lines, source), protection)
    return units.unit_frame(source, suite, protected, lines, left=left, began=began)


def _decoded_units(project: Project, source: EventSource, lines: DataFrame, protection: Protection) -> DataFrame:
    """Give the units of a format, whose rejects are there already; a transform gets the events alone."""
    parsed = units.parsed_frame(source, lines)
    if source.transform:
        events = _transformed(project, source, parsed.where("reason IS NULL"), protection)
        rejects = parsed.where("reason IS NOT NULL")
        parsed = events.unionByName(
            rejects.select(*(name for name in rejects.columns if name in events.columns)), allowMissingColumns=True
        )
    return parsed


def _transform(project: Project, source: EventSource) -> Callable[[DataFrame], DataFrame]:
    try:
        return project.transform(source)
    except Exception as error:
        why = f"it does not import: {type(error).__name__}: {error}"
        raise ExtractError.transform_raised(source.name, source.transform, why) from error


def _began(source: EventSource, lake: Lake, extracted: Extracted) -> dict[str, int]:
    """Give from when on each content's file holds events, by the name that it came in under first."""
    if not source.dated or source.seen_on_arrival:
        return {}
    contents = contents_of(lake.bronze(source.name), extracted.hashes).values()
    held = {content.file_hash: stretch(source, content.file) for content in contents}
    return {file_hash: found.start for file_hash, found in held.items() if found is not None}


def _left(lines: DataFrame, extracted: Extracted) -> dict[str, int]:
    """Give the place of the last record of each content that a longer one goes on with.

    It may have been cut off, or go on in lines that were not written yet: the longer content has it whole.
    """
    if not extracted.going_on:
        return {}
    records = lines.where((F.col("kind") == "record") & F.col("file_hash").isin(*extracted.going_on))
    last = records.groupBy("file_hash").agg(F.max("byte_offset").alias("last")).collect()
    return {row["file_hash"]: row["last"] for row in last}


def _count_lines(lines: DataFrame, extracted: Extracted, scope: DataFrame | None) -> dict[str, FileCounts]:
    counts = _none_yet(extracted)
    if scope is not None:
        # Lines that were not asked for, but belong to the records of those that were.
        for row in scope.where("asked = false").groupBy("file_hash").count().collect():
            counts[row.file_hash].lines_in += row["count"]
    for row in scopes.once(lines).groupBy("file_hash", "kind", "rule").count().collect():
        found = counts[row.file_hash]
        setattr(found, row.kind, getattr(found, row.kind) + row["count"])
        if row.rule is not None:
            found.ignored_rules[row.rule] += row["count"]
    return counts


def _count_units(source: EventSource, frame: DataFrame, counts: dict[str, FileCounts]) -> None:
    """Count the units, and refuse a transform that lost a record or numbered two rows alike."""
    if source.formats and not source.transform:
        _count_outcomes(frame, counts)
        return
    pointers = frame.groupBy("file_hash").agg(
        F.count(F.lit(1)).alias("units"),
        F.countDistinct("byte_offset", "ordinal").alias("numbered"),
        F.countDistinct("byte_offset").alias("records"),
    )
    found = {row.file_hash: row for row in pointers.collect()}
    records = sum(counted.record for counted in counts.values())
    accounted = sum(min(row.records, counts[row.file_hash].record) for row in found.values() if row.file_hash in counts)
    if accounted != records:
        raise AccountingError.records_lost(source.name, source.transform, records, accounted)
    repeated = sum(row.units - row.numbered for row in found.values())
    if repeated:
        raise AccountingError.unit_repeated(source.name, source.transform, repeated)
    _count_outcomes(frame, counts)
    # A transform may number its rows as it likes, so that records are counted by their place.
    for file_hash, counted in counts.items():
        counted.records = found[file_hash].records if file_hash in found else 0
        counted.extra_events = (found[file_hash].units if file_hash in found else 0) - counted.records


def _count_outcomes(frame: DataFrame, counts: dict[str, FileCounts]) -> None:
    total = F.count(F.lit(1)).alias("units")
    for row in (
        frame.groupBy("file_hash", "outcome", "reason")
        .agg(total, F.count_if(F.col("ordinal") == 0).alias("records"))
        .collect()
    ):
        counted = counts[row.file_hash]
        counted.records += row.records
        counted.extra_events += row.units - row.records
        if row.outcome == units.REJECT:
            counted.quarantined += row.units
            counted.reasons[row.reason] += row.units
        elif row.outcome == units.EVENT:
            counted.events += row.units
        else:
            counted.duplicates += row.units


def _stage(frame: DataFrame, source: EventSource, place: staging.Staging) -> None:
    events = frame.where(F.col("outcome") == units.EVENT)
    versions = frame.where(F.col("outcome") == units.VERSION)
    rejects = frame.where(F.col("outcome") == units.REJECT)
    columns = (*_TIMES, *ENVELOPE, *source.columns, *_PROVENANCE, "run_id", "ingest_ts")
    events.select(*columns).write.mode("overwrite").parquet(str(place.events))
    if source.event_id != POSITION:
        versions.select(*columns).write.mode("overwrite").parquet(str(place.versions))
    rejects.select(*QUARANTINE, "run_id", "ingest_ts").write.mode("overwrite").parquet(str(place.rejects))


def _of_input(
    source: EventSource, counts: dict[str, FileCounts], extracted: Extracted, drift: dict[str, int]
) -> Counts:
    """Give the counts of each file of the input, and check each file's sums."""
    files = []
    for file in extracted.files:
        counted = counts[file.file_hash]
        mine = counted.as_copy(file.file) if file.copy else counted
        mine.check(source.name)
        files.append(mine)
    return Counts(tuple(files), with_refused(drift, (counted.reasons for counted in counts.values())))
