"""Errors of raw input, of tables, and of their accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from riskloom.errors.base import RiskloomError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable


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
        return cls(f"source {source!r}: no file matches {pattern!r} in {folder}. {found} Check the source's files=.")

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
    def not_staged(cls, source: str, why: str) -> Self:
        """Build the error for events of a format that could not be checked or written."""
        return cls(
            f"source {source!r}: what its format read could not be staged: {why}. Nothing was published; mend it and run again."
        )

    @classmethod
    def spark_failed(cls, source: str, why: str) -> Self:
        """Build the error for a failure on Spark that nothing else explains."""
        return cls(f"source {source!r}: Spark failed: {why}. What was committed before stays; run it again.")

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
    def other_layout(cls, table: str, path: object) -> Self:
        """Build the error for a gold table that is not laid out as its view declares."""
        return cls(
            f"table {table} ({path}) is not laid out as its view declares. Run `riskloom run` for an interval, which writes it anew."
        )

    @classmethod
    def no_readable_version(cls, table: str, path: object, version: int) -> Self:
        """Build the error for a table of which a version and all later ones are gone."""
        return cls(
            f"table {table} ({path}): neither version {version} nor a later one can be read: files of each are missing. "
            "Restore them from a copy, or rebuild the table and build the training set anew."
        )

    @classmethod
    def refused(cls, path: object, why: str, remedy: str) -> Self:
        """Build the error for a file or folder that the operating system does not let be written."""
        return cls(f"{path} cannot be written: {why}. What is published stays as it was. {remedy} and run again.")

    @classmethod
    def not_written(cls, table: str, why: str) -> Self:
        """Build the error for a commit that other writers prevented."""
        return cls(
            f"table {table} could not be written: {why}. Other runs may be writing it; run again when they have ended."
        )

    @classmethod
    def staging_gone(cls, source: str, path: object) -> Self:
        """Build the error for staged rows that were removed before they were published."""
        return cls(
            f"source {source!r}: the staged rows {path} are gone: a later run removed them. Run the interval again."
        )

    @classmethod
    def other_columns(cls, table: str, path: object, has: str, wanted: str) -> Self:
        """Build the error for a table that has other columns than are to be written."""
        return cls(
            f"table {table} has {has}, but {wanted} is to be written: its declaration changed. "
            f"Move {path} away and run its intervals again; bronze keeps every line."
        )

    @classmethod
    def busy(cls, source: str) -> Self:
        """Build the error for a source that a run is writing."""
        return cls(f"source {source!r}: a run of it is under way. Wait until it has ended, and try again.")

    @classmethod
    def being_purged(cls, source: str) -> Self:
        """Build the error for a run of a source from which somebody's events, or old ones, are being removed."""
        return cls(f"source {source!r} is being purged. Wait until that has ended, and run again.")

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
