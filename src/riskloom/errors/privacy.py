"""Errors of keys for tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from riskloom.errors.base import RiskloomError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable


class PrivacyError(RiskloomError):
    """Keys that are missing or cannot be used."""

    @classmethod
    def no_keys(cls, what: str, variables: Iterable[str]) -> Self:
        """Build the error for tokens without a key to make them."""
        return cls(f"{what} needs keys for its tokens, and there are none. Set one of {', '.join(variables)}.")

    @classmethod
    def bad_keys(cls, place: str, why: str) -> Self:
        """Build the error for keys that cannot be read; it never shows one."""
        return cls(f"{place}: {why}. Give ID:HEX pairs with commas between them, the oldest first.")

    @classmethod
    def unknown_key_id(cls, key_id: str, available: Iterable[str]) -> Self:
        """Build the error for tokens of a key that is not there."""
        return cls(f"there is no key {key_id!r} for tokens that were made with it.{nearest(key_id, available)}")

    @classmethod
    def purge_what(cls) -> Self:
        """Build the error for a purge of nothing, or of two things at once."""
        return cls("a purge is by time or by key: give --before DATE, or --entity KEY=VALUE.")

    @classmethod
    def no_such_key(cls, columns: Iterable[str], sources: Iterable[str], available: Iterable[str]) -> Self:
        """Build the error for a key that a source does not have."""
        names = ", ".join(sources)
        column = next(iter(columns))
        return cls(f"no event of {names} has the key {', '.join(columns)}.{nearest(column, available)}")

    @classmethod
    def key_type(cls, source: str, column: str, dtype: str) -> Self:
        """Build the error for a key by which nobody is found."""
        return cls(f"source {source!r}: column {column!r} is {dtype}, and names nobody. Give one of string or int64.")

    @classmethod
    def no_pair(cls, position: int) -> Self:
        """Build the error for a key without a value; what was given is not shown."""
        return cls(f"--entity number {position} is no KEY=VALUE.")
