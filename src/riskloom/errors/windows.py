"""Errors of events and spines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from riskloom.errors.base import RiskloomError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable


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
    def no_created_time(cls) -> Self:
        """Build the error for a filter by a created time that is not named."""
        return cls("filter_by_created needs created_ts: the column that says when a row was created. Name it.")


class SumOverflowError(WindowError):
    """A sum of whole numbers that is no 64-bit integer."""

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
        return cls(f"a spine is a pandas, Arrow, Polars or Spark frame, or a list of dicts, not {kind}.")

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
    def out_of_range(cls, column: str) -> Self:
        """Build the error for times that no calendar has."""
        return cls(f"the spine's column {column!r} has times outside the years 1 to 9999. Correct or drop those rows.")

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

    @classmethod
    def no_file(cls, path: object) -> Self:
        """Build the error for a spine's file that is not there."""
        return cls(f"there is no spine {path}. Give a Parquet or CSV file of entity keys and event_timestamp.")

    @classmethod
    def unknown_file(cls, path: object, kinds: Iterable[str]) -> Self:
        """Build the error for a spine's file of another kind."""
        return cls(f"the spine {path} is none of {', '.join(kinds)}. Convert it.")

    @classmethod
    def unreadable_file(cls, path: object, why: str) -> Self:
        """Build the error for a spine's file that can't be read."""
        return cls(f"the spine {path} cannot be read: {why}")
