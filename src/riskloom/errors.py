"""The error tree: what went wrong, where, and what to do about it.

Every error that a user can cause is built by a named constructor, so that its
text is written once, can be tested whole, and always ends in something to do.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def nearest(name: str, available: Iterable[str]) -> str:
    """Say which of the available names was probably meant.

    Args:
        name: The name that was not found.
        available: The names that would have been right.

    Returns:
        A sentence that starts with a space: the nearest name, else all names.

    Example:
        >>> nearest("amont", ["amount", "currency"])
        " Did you mean 'amount'?"
        >>> nearest("xyz", ["b", "a"])
        ' Available: a, b.'
    """
    names = sorted(available)
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f" Did you mean {close[0]!r}?"
    return f" Available: {', '.join(names)}." if names else " None is declared yet."


class RiskloomError(Exception):
    """Anything that Riskloom refuses, with the reason and the remedy."""


class TimeError(RiskloomError):
    """A duration, instant, window or interval that has no clear meaning."""

    @classmethod
    def bad_duration(cls, text: object) -> Self:
        """Build the error for a text that is no duration."""
        return cls(
            f"{text!r} is not a duration. Write a whole number and a unit of us, ms, s, m, h or d, such as '5m' or '7d'."
        )

    @classmethod
    def naive(cls, text: object, where: str) -> Self:
        """Build the error for a time without a zone."""
        return cls(f"{where}: {text} has no time zone. Give UTC, such as 2010-12-01T08:00:00Z, or an aware datetime.")

    @classmethod
    def bad_instant(cls, text: object, where: str) -> Self:
        """Build the error for something that is no instant."""
        return cls(
            f"{where}: {text!r} is not an instant. Give an aware datetime or ISO text such as 2010-12-01T08:00:00Z."
        )

    @classmethod
    def bad_interval(cls, text: object) -> Self:
        """Build the error for a text that is no interval."""
        return cls(
            f"{text!r} is not an interval. Write START/END, the end not included, such as 2010-12-01/2010-12-05."
        )

    @classmethod
    def empty_interval(cls, text: str) -> Self:
        """Build the error for an interval that holds no instant."""
        return cls(f"interval {text} is empty: its end is its start. The end is not included; give a later one.")

    @classmethod
    def reversed_interval(cls, text: str) -> Self:
        """Build the error for an interval that ends before it starts."""
        return cls(f"interval {text} is reversed: it ends before it starts. Swap the two.")

    @classmethod
    def bad_hop(cls, hop: str, available: Iterable[str]) -> Self:
        """Build the error for a hop that is not of the list."""
        return cls(f"hop {hop} is not one of {', '.join(available)} (1us is exact).")

    @classmethod
    def bad_window(cls, text: str, why: str) -> Self:
        """Build the error for a window that cannot be evaluated."""
        return cls(f"window {text}: {why}.")


class DeclarationError(RiskloomError):
    """A declaration that contradicts itself or another one."""

    @classmethod
    def bad_name(cls, kind: str, name: object) -> Self:
        """Build the error for a name that is not usable as a column or table."""
        return cls(
            f"{kind} {name!r}: a name is lower-case letters, digits and single underscores, and starts with a letter."
        )

    @classmethod
    def unknown_column(cls, place: str, column: str, available: Iterable[str]) -> Self:
        """Build the error for a column that the source does not have."""
        return cls(f"{place}: there is no column {column!r}.{nearest(column, available)}")

    @classmethod
    def unknown_type(cls, place: str, dtype: object, available: Iterable[str]) -> Self:
        """Build the error for a column type that does not exist."""
        return cls(f"{place}: there is no type {dtype!r}.{nearest(str(dtype), available)}")

    @classmethod
    def wrong_type(cls, place: str, column: str, dtype: str, wanted: Iterable[str]) -> Self:
        """Build the error for a column whose type a function cannot take."""
        return cls(f"{place}: column {column!r} is {dtype}, but {' or '.join(wanted)} is needed.")

    @classmethod
    def invalid(cls, place: str, why: str) -> Self:
        """Build the error for a declaration that breaks a rule of its own."""
        return cls(f"{place}: {why}")

    @classmethod
    def bad_filter(cls, place: str, sql: str, why: str) -> Self:
        """Build the error for a predicate that does not parse or is not supported."""
        return cls(f"{place}: the predicate {sql!r} {why}")

    @classmethod
    def unknown_expectation(cls, place: str, name: str, available: Iterable[str]) -> Self:
        """Build the error for an expectation that Great Expectations does not have."""
        return cls(f"{place}: there is no expectation {name!r}.{nearest(name, available)}")

    @classmethod
    def bad_arguments(cls, where: str, why: str) -> Self:
        """Build the error for an expectation whose arguments cannot be used."""
        return cls(f"{where}: {why}")

    @classmethod
    def duplicate_feature(cls, place: str, feature: str, views: Iterable[str]) -> Self:
        """Build the error for two features that would carry one name."""
        return cls(
            f"{place}: the feature name {feature!r} comes from {' and '.join(views)}. "
            "Set full_feature_names=True on the service, or select features so that each name comes once."
        )

    @classmethod
    def repeated_feature(cls, place: str, feature: str) -> Self:
        """Build the error for a view that declares one feature twice."""
        return cls(f"{place}: the feature {feature!r} is declared twice. Remove one, or give its filter another name.")


class ProjectError(RiskloomError):
    """A project whose folders do not fit together."""

    @classmethod
    def not_a_project(cls, root: object) -> Self:
        """Build the error for a folder without a project in it."""
        return cls(
            f"{root} is not a Riskloom project: it has no riskloom.toml. Run `riskloom init DIR`, or pass --project DIR."
        )

    @classmethod
    def bad_settings(cls, path: object, why: str) -> Self:
        """Build the error for a settings file that cannot be used."""
        return cls(f"{path}: {why}")

    @classmethod
    def shadowed(cls, package: str, found: object, root: object) -> Self:
        """Build the error for a folder that another installed package hides."""
        return cls(
            f"the package {package!r} was imported from {found}, not from {root}. Uninstall or rename the other package."
        )

    @classmethod
    def broken_module(cls, path: object, why: str) -> Self:
        """Build the error for a declaration module that does not import."""
        return cls(f"{path}: {why}")

    @classmethod
    def duplicate(cls, kind: str, name: str, first: str, second: str) -> Self:
        """Build the error for two declarations of one kind with one name."""
        return cls(f"{kind} {name!r} is declared in both {first} and {second}. Rename one of them.")

    @classmethod
    def unknown(cls, kind: str, name: str, available: Iterable[str], where: str = "") -> Self:
        """Build the error for a name that no declaration carries."""
        place = f"{where}: " if where else ""
        return cls(f"{place}there is no {kind} {name!r}.{nearest(name, available)}")

    @classmethod
    def missing_transform(cls, source: str, reference: str, why: str) -> Self:
        """Build the error for a source whose transform is not there."""
        return cls(f"source {source!r}: transform {reference!r} {why}")

    @classmethod
    def init_target_not_empty(cls, path: object) -> Self:
        """Build the error for `riskloom init` into a folder that holds files."""
        return cls(f"{path} is not empty. Name a new or empty folder.")

    @classmethod
    def cannot_write(cls, path: object, why: str | None) -> Self:
        """Build the error for a folder that cannot be written."""
        return cls(f"{path} cannot be written: {why}. Name a folder that you may write to.")


class PlanError(RiskloomError):
    """A plan that cannot be built."""

    @classmethod
    def unknown_kind(cls, kind: str, available: Iterable[str]) -> Self:
        """Build the error for a kind of step that does not exist."""
        return cls(f"there is no step {kind!r}.{nearest(kind, available)}")

    @classmethod
    def unknown_span(cls, source: str) -> Self:
        """Build the error for a source of which nothing says what its files hold."""
        return cls(
            f"source {source!r}: nothing says which stretch of time its files hold. Pass --interval, or declare holds=START/END."
        )

    @classmethod
    def missing_step(cls, kind: str, needed: str) -> Self:
        """Build the error for a step whose predecessor is not of the plan."""
        return cls(f"a plan with {kind} needs {needed} too: it works on what that step hands over. Add it.")

    @classmethod
    def nothing_to_do(cls, interval: object, left_out: Mapping[str, object]) -> Self:
        """Build the error for an interval of which no source holds anything."""
        held = "; ".join(f"{source} holds {span}" for source, span in left_out.items()) or "no source was named"
        return cls(f"nothing to do for {interval}: {held}. Give an interval that a source holds.")


class ExtractError(RiskloomError):
    """Input that cannot be read."""

    @classmethod
    def missing_folder(cls, source: str, folder: object) -> Self:
        """Build the error for a data folder that is not there."""
        return cls(
            f"source {source!r}: the folder {folder} does not exist. "
            "Create it, or set [paths] data in riskloom.toml or RISKLOOM_DATA."
        )

    @classmethod
    def no_files(cls, source: str, pattern: str, folder: object, there: Iterable[str]) -> Self:
        """Build the error for a folder in which no file matches."""
        names = sorted(there)
        found = f"Its files are {', '.join(names)}." if names else "It holds no files."
        return cls(
            f"source {source!r}: no file matches {pattern!r} in {folder}. {found} Check the source's files=."
        )

    @classmethod
    def unreadable(cls, source: str, path: object, why: str) -> Self:
        """Build the error for a file that cannot be read."""
        return cls(
            f"source {source!r}: {path} cannot be read: {why}. No table was changed; make it readable and run again."
        )

    @classmethod
    def changed_meanwhile(cls, source: str, path: object) -> Self:
        """Build the error for a file that changed while it was read."""
        return cls(
            f"source {source!r}: {path} changed while it was read. No table was changed; run again once it is complete."
        )

    @classmethod
    def transform_raised(cls, source: str, transform: str, why: str) -> Self:
        """Build the error for a transform that failed."""
        return cls(
            f"source {source!r}: transform {transform!r} failed: {why}. Nothing was published; fix it and run again."
        )

    @classmethod
    def transform_column(cls, source: str, transform: str, column: str, available: Iterable[str]) -> Self:
        """Build the error for a transform whose output lacks a column."""
        return cls(
            f"source {source!r}: transform {transform!r} gives no column {column!r}.{nearest(column, available)} "
            "Give every declared column, and origin, event_ts and reason."
        )

    @classmethod
    def transform_type(cls, source: str, transform: str, column: str, found: str, wanted: str) -> Self:
        """Build the error for a transform whose output has a column of another type."""
        return cls(
            f"source {source!r}: transform {transform!r} gives column {column!r} as {found}, but {wanted} is declared. Cast it."
        )


class LakeError(RiskloomError):
    """A table that cannot be read or written as asked."""

    @classmethod
    def missing(cls, table: str, path: object) -> Self:
        """Build the error for a table that is not there."""
        return cls(f"there is no table {table} ({path}). Run `riskloom run` for an interval first.")

    @classmethod
    def unreadable(cls, table: str, path: object, why: str) -> Self:
        """Build the error for a table that cannot be opened."""
        return cls(f"table {table} ({path}) cannot be read: {why}")

    @classmethod
    def not_written(cls, table: str, why: str) -> Self:
        """Build the error for a commit that other writers prevented."""
        return cls(
            f"table {table} could not be written: {why}. Other runs may be writing it; run again when they have ended."
        )

    @classmethod
    def staging_gone(cls, source: str, path: object) -> Self:
        """Build the error for staged rows that were removed before they were published."""
        return cls(f"source {source!r}: the staged rows {path} are gone: a later run removed them. Run the interval again.")

    @classmethod
    def other_columns(cls, table: str, path: object, has: str, wanted: str) -> Self:
        """Build the error for a table that has other columns than are to be written."""
        return cls(
            f"table {table} has {has}, but {wanted} is to be written: its declaration changed. "
            f"Move {path} away and run its intervals again; bronze keeps every line."
        )

    @classmethod
    def repeated_key(cls, table: str, key: str, count: int) -> Self:
        """Build the error for rows to publish that share a key."""
        return cls(
            f"table {table}: {count} rows to publish share their {key} with another one. Give each row a key of its own."
        )

    @classmethod
    def jars_not_fetched(cls, package: str, why: str, folder: object) -> Self:
        """Build the error for Delta's jars that could not be resolved."""
        return cls(
            f"Delta's jars ({package}) could not be fetched: {why}. "
            f"Check the network (or DEFAULT_ARTIFACT_REPOSITORY, where a mirror is used), or copy them to {folder}."
        )


class AccountingError(RiskloomError):
    """Counts of a run that do not add up."""

    @classmethod
    def off(cls, place: str, left: str, total: int, right: str, found: int) -> Self:
        """Build the error for a sum whose two sides differ."""
        difference = f"{abs(total - found)} {'less' if found < total else 'more'}"
        return cls(
            f"{place}: {left} = {total}, but {right} = {found} ({difference}). "
            "Nothing of this run is recorded as passed; run it again, and report it if it stays."
        )

    @classmethod
    def records_lost(cls, source: str, transform: str, records: int, accounted: int) -> Self:
        """Build the error for a transform that gave no row for some record."""
        return cls(
            f"source {source!r}: transform {transform!r} accounts for {accounted} of {records} records. "
            "Each record must give an event, or a reject with a reason. Nothing was published."
        )

    @classmethod
    def unit_repeated(cls, source: str, transform: str, count: int) -> Self:
        """Build the error for a transform that gave one ordinal of a record twice."""
        return cls(
            f"source {source!r}: transform {transform!r} gives {count} rows whose origin and ordinal another row has. "
            "Number the rows of a record with ordinal 0, 1, 2, and so on. Nothing was published."
        )


class QualityError(RiskloomError):
    """A gate that could not be run or shown."""

    @classmethod
    def no_page(cls, suite: str) -> Self:
        """Build the error for a run of a suite that left no page of Data Docs."""
        return cls(f"suite {suite!r}: Data Docs rendered no page of this run. Read the log above, then run it again.")


class ValidationFailed(RiskloomError):  # noqa: N818 - it reports a verdict on data, not a fault of the program
    """A critical expectation that the staged data does not meet."""

    @classmethod
    def critical(cls, source: str, checks: Iterable[object], page: object, interval: object) -> Self:
        """Build the error for a batch that is not published: one line for each expectation that failed."""
        failed = "".join(f"\n  {check}" for check in checks)
        return cls(
            f"source {source!r}, interval {interval}: nothing was published: critical expectations failed:{failed}\n"
            f"Counts are on {page}. Correct the data, its transform or its suite, and run the interval again."
        )


class WindowError(RiskloomError):
    """Events that the window kernel cannot evaluate exactly."""

    @classmethod
    def missing_column(cls, table: str, column: str, available: Iterable[str]) -> Self:
        """Build the error for a table without a column that the view reads."""
        return cls(f"{table}: there is no column {column!r}.{nearest(column, available)}")

    @classmethod
    def wrong_type(cls, table: str, column: str, found: str, wanted: str) -> Self:
        """Build the error for a column of an Arrow type that holds other values."""
        return cls(f"{table}: column {column!r} is {found}, but {wanted} is needed. Cast it before.")

    @classmethod
    def does_not_fit(cls, table: str, column: str, found: str, wanted: str) -> Self:
        """Build the error for a column with a value that its declared type cannot hold."""
        return cls(
            f"{table}: column {column!r} is {found}, and one of its values is no {wanted}. Round or cast it before."
        )

    @classmethod
    def null_time(cls, table: str, column: str, rows: int) -> Self:
        """Build the error for a time that is not known."""
        return cls(
            f"{table}: column {column!r} is null in {rows} rows. Every event and every instant needs a time; drop or mend them."
        )

    @classmethod
    def unknown_feature(cls, view: str, feature: str, available: Iterable[str]) -> Self:
        """Build the error for a feature that the view does not have."""
        return cls(f"view {view!r}: there is no feature {feature!r}.{nearest(feature, available)}")

    @classmethod
    def name_taken(cls, view: str, feature: str) -> Self:
        """Build the error for a spine column that carries a feature's name."""
        return cls(
            f"view {view!r}: the spine already has a column {feature!r}, the name of a feature. Rename it in the spine."
        )

    @classmethod
    def sum_overflow(cls, feature: str, column: str, windows: int) -> Self:
        """Build the error for sums that are no 64-bit integers."""
        return cls(
            f"feature {feature!r}: the sum of {column!r} leaves int64 in {windows} windows. "
            "Declare the column as float64, or take the mean."
        )


class SpineError(RiskloomError):
    """A spine that is not entity keys and one aware time column."""

    @classmethod
    def not_a_frame(cls, kind: str) -> Self:
        """Build the error for a spine of a kind that cannot be read."""
        return cls(f"a spine is a pandas, Arrow or Spark frame, or a list of dicts, not {kind}.")

    @classmethod
    def sql(cls) -> Self:
        """Build the error for a spine given as SQL text."""
        return cls(
            "a spine given as SQL text is not supported: Riskloom's tables are no SQL database. Run the query, and pass its frame."
        )

    @classmethod
    def range(cls) -> Self:
        """Build the error for a request by time range, without a spine."""
        return cls(
            "windowed features have a value at every instant: give a spine (entity_df) of entity keys and event_timestamp."
        )

    @classmethod
    def missing_time(cls, column: str, available: Iterable[str]) -> Self:
        """Build the error for a spine without its time column."""
        return cls(f"the spine has no column {column!r}: the instant of each row.{nearest(column, available)}")

    @classmethod
    def bad_time(cls, column: str, kind: str) -> Self:
        """Build the error for a time column that holds no aware instants."""
        return cls(
            f"the spine's column {column!r} holds {kind}. Give aware times, such as pandas.to_datetime(..., utc=True) "
            "or datetime(..., tzinfo=UTC)."
        )

    @classmethod
    def null_time(cls, column: str, rows: int) -> Self:
        """Build the error for rows without an instant."""
        return cls(f"the spine's column {column!r} is null in {rows} row(s). Each row needs its instant.")

    @classmethod
    def missing_key(cls, view: str, column: str, available: Iterable[str]) -> Self:
        """Build the error for a spine without a key column."""
        return cls(f"the spine has no column {column!r}, a key of view {view!r}.{nearest(column, available)}")

    @classmethod
    def wrong_key_type(cls, view: str, column: str, found: str, wanted: str) -> Self:
        """Build the error for a key column of another type."""
        return cls(f"the spine's column {column!r} is {found}, but view {view!r} is keyed by {wanted}. Convert it.")

    @classmethod
    def taken(cls, column: str) -> Self:
        """Build the error for a spine column that has a feature's name."""
        return cls(f"the spine has a column {column!r} already, which is the name of a feature. Rename it.")

    @classmethod
    def mixed_column(cls, why: str) -> Self:
        """Build the error for a frame that has no Arrow form."""
        return cls(f"the spine cannot be read: {why}. Give each column one type.")


class StoreError(RiskloomError):
    """A feature store request that cannot be answered."""

    @classmethod
    def no_table(cls, view: str, path: object) -> Self:
        """Build the error for a view whose gold table is not there."""
        return cls(f"view {view!r} has no table at {path}. Run `riskloom run` first.")

    @classmethod
    def no_repo(cls, path: object) -> Self:
        """Build the error for a folder that is no Feast repository."""
        return cls(
            f"{path} holds no feature_store.yaml. Give the project's feature repository, such as 'feature_repo'."
        )

    @classmethod
    def unknown_option(cls, option: str, value: object, available: Iterable[str]) -> Self:
        """Build the error for an option that has no such value."""
        return cls(f"{option}={value!r} is not one of {', '.join(available)}.")

    @classmethod
    def plain_view(cls, view: str, action: str) -> Self:
        """Build the error for a Feast view that is not one of Riskloom's."""
        return cls(
            f"view {view!r} has no riskloom.store.source.DeltaSource, so it cannot be {action} here. Declare it under features/."
        )

    @classmethod
    def write_refused(cls, view: str) -> Self:
        """Build the error for feature values written to a windowed view."""
        return cls(
            f"view {view!r} is computed from events when it is read: values cannot be written to it. "
            "Add the events to its source, and materialize."
        )

    @classmethod
    def offline_only(cls, action: str) -> Self:
        """Build the error for an operation of Feast's that windowed views have no use for."""
        return cls(f"{action} is not supported: windowed views are computed from events. Use get_historical_features.")

    @classmethod
    def persist_refused(cls) -> Self:
        """Build the error for a retrieval that should persist itself."""
        return cls(
            "a retrieval is not persisted by Feast: it would lose the table's log. Write to_arrow() where you want it."
        )

    @classmethod
    def not_registered(cls, view: str, available: Iterable[str]) -> Self:
        """Build the error for a view that the registry does not hold."""
        return cls(f"view {view!r} is not registered. Run `feast apply` or `riskloom run`.{nearest(view, available)}")

    @classmethod
    def key_type(cls, entity: str, column: str, dtype: str) -> Self:
        """Build the error for an entity key that Feast cannot serve."""
        return cls(
            f"entity {entity!r}: key {column!r} is {dtype}, which Feast cannot serve exactly. Use string or int64."
        )

    @classmethod
    def key_conflict(cls, column: str, first: str, second: str) -> Self:
        """Build the error for one key column with two types."""
        return cls(
            f"key {column!r} is {first} in one entity and {second} in another, but Feast knows a key by its name. Rename one."
        )

    @classmethod
    def bad_clock(cls, clock: str) -> Self:
        """Build the error for an online clock that is no instant."""
        return cls(
            f"online_store.clock: {clock!r} is not 'wall', 'watermark' or an instant such as 2010-12-24T00:00:00Z."
        )

    @classmethod
    def corrupt(cls, view: str, what: str, why: str) -> Self:
        """Build the error for bytes in the online store that are not what was written."""
        return cls(f"view {view!r}: {what} in the online store is damaged ({why}). Materialize the view again.")

    @classmethod
    def other_declaration(cls, view: str, what: str) -> Self:
        """Build the error for a state that was written under another declaration."""
        return cls(
            f"view {view!r}: {what} in the online store was written under another declaration of the view. "
            "Materialize the view again, and connect again."
        )

    @classmethod
    def overtaken(cls, view: str) -> Self:
        """Build the error for a materialization that a later one has overtaken."""
        return cls(f"view {view!r}: a later materialization has begun, so this one stopped. Run one at a time.")

    @classmethod
    def unknown_service(cls, service: str, available: Iterable[str]) -> Self:
        """Build the error for a service that the registry does not hold."""
        return cls(f"there is no service {service!r}.{nearest(service, available)}")

    @classmethod
    def unknown_key(cls, service: str, key: str, available: Iterable[str]) -> Self:
        """Build the error for a key that no view of the service has."""
        return cls(f"service {service!r} has no key {key!r}.{nearest(key, available)}")

    @classmethod
    def missing_key(cls, service: str, key: str) -> Self:
        """Build the error for a request without a key's value."""
        return cls(f"service {service!r} needs a value for key {key!r}; none was given.")

    @classmethod
    def null_key(cls, key: str) -> Self:
        """Build the error for a key whose value is null."""
        return cls(f"a value of key {key!r} is null. Give one for each row.")

    @classmethod
    def wrong_key_type(cls, service: str, key: str, found: str, wanted: str) -> Self:
        """Build the error for a key value of another type."""
        return cls(f"service {service!r}: key {key!r} is {wanted}, but {found} was given.")


class OrchestrationError(RiskloomError):
    """A DAG that cannot be built or run as declared."""

    @classmethod
    def unknown_setting(cls, dag: str, name: str, available: Iterable[str]) -> Self:
        """Build the error for a key of a run's configuration that means nothing."""
        return cls(f"DAG {dag!r}: its run configuration has no key {name!r}.{nearest(name, available)}")

    @classmethod
    def bad_setting(cls, dag: str, name: str, why: str) -> Self:
        """Build the error for a value of a run's configuration that cannot be used."""
        return cls(f"DAG {dag!r}, configuration {name!r}: {why}")

    @classmethod
    def no_interval(cls, dag: str) -> Self:
        """Build the error for a run that nothing gave an interval."""
        return cls(
            f"DAG {dag!r} was started without an interval: by no asset event and for no date. "
            'Give one in the run configuration, such as {"interval": "2010-12-01/2010-12-05"}.'
        )

    @classmethod
    def bad_event(cls, asset: str, why: str) -> Self:
        """Build the error for an asset event that does not say what it is about."""
        return cls(
            f'an event of asset {asset!r}: {why} Its extra must be {{"interval": "START/END", "delta_version": N}}.'
        )
