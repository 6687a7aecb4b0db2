"""Errors of declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from riskloom.errors.base import RiskloomError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable


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

    @classmethod
    def beyond_retention(cls, place: str, reach: str, retention: str) -> Self:
        """Build the error for a window that is longer than tables are kept."""
        return cls(
            f"{place}: its windows reach {reach} back, but table versions are kept for {retention}. "
            "Shorten the window, or set [tables] retention in riskloom.toml."
        )

    @classmethod
    def leaking_label(cls, view: str, source: str, label: str) -> Self:
        """Build the error for a view that would see labels before they are available."""
        return cls(
            f"view {view!r} reads source {source!r}, whose label {label!r} has an availability of its own, which the view "
            "would not see: it would leak. Give the source that available= or delay=, and leave it out of the label."
        )
