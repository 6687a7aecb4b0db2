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
        return cls(f"{text!r} is not a duration. Write a whole number and a unit of us, ms, s, m, h or d, such as '5m' or '7d'.")

    @classmethod
    def naive(cls, text: object, where: str) -> Self:
        """Build the error for a time without a zone."""
        return cls(f"{where}: {text} has no time zone. Give UTC, such as 2010-12-01T08:00:00Z, or an aware datetime.")

    @classmethod
    def bad_instant(cls, text: object, where: str) -> Self:
        """Build the error for something that is no instant."""
        return cls(f"{where}: {text!r} is not an instant. Give an aware datetime or ISO text such as 2010-12-01T08:00:00Z.")

    @classmethod
    def bad_interval(cls, text: object) -> Self:
        """Build the error for a text that is no interval."""
        return cls(f"{text!r} is not an interval. Write START/END, the end not included, such as 2010-12-01/2010-12-05.")

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
        return cls(f"{kind} {name!r}: a name is lower-case letters, digits and single underscores, and starts with a letter.")

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
        return cls(f"{root} is not a Riskloom project: it has no riskloom.toml. Run `riskloom init DIR`, or pass --project DIR.")

    @classmethod
    def bad_settings(cls, path: object, why: str) -> Self:
        """Build the error for a settings file that cannot be used."""
        return cls(f"{path}: {why}")

    @classmethod
    def shadowed(cls, package: str, found: object, root: object) -> Self:
        """Build the error for a folder that another installed package hides."""
        return cls(f"the package {package!r} was imported from {found}, not from {root}. Uninstall or rename the other package.")

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
    def nothing_to_do(cls, interval: object, left_out: Mapping[str, object]) -> Self:
        """Build the error for an interval of which no source holds anything."""
        held = "; ".join(f"{source} holds {span}" for source, span in left_out.items()) or "no source was named"
        return cls(f"nothing to do for {interval}: {held}. Give an interval that a source holds.")


class ExtractError(RiskloomError):
    """Input that cannot be read."""


class LakeError(RiskloomError):
    """A table that cannot be read or written as asked."""

    @classmethod
    def jars_not_fetched(cls, package: str, why: str, folder: object) -> Self:
        """Build the error for Delta's jars that could not be resolved."""
        return cls(
            f"Delta's jars ({package}) could not be fetched: {why}. "
            f"Check the network (or DEFAULT_ARTIFACT_REPOSITORY, where a mirror is used), or copy them to {folder}."
        )


class AccountingError(RiskloomError):
    """Counts of a run that do not add up."""


class QualityError(RiskloomError):
    """A gate that could not be run or shown."""

    @classmethod
    def no_page(cls, suite: str) -> Self:
        """Build the error for a run of a suite that left no page of Data Docs."""
        return cls(f"suite {suite!r}: Data Docs rendered no page of this run. Read the log above, and run the interval again.")


class ValidationFailed(RiskloomError):  # noqa: N818 - it reports a verdict on data, not a fault of the program
    """A critical expectation that the staged data does not meet."""

    @classmethod
    def critical(cls, source: str, checks: Iterable[object], page: object, interval: object) -> Self:
        """Build the error for a batch that is not published, with one line for each critical expectation that failed."""
        failed = "".join(f"\n  {check}" for check in checks)
        return cls(
            f"source {source!r}, interval {interval}: nothing was published, since critical expectations failed:{failed}\n"
            f"Counts are on {page}. Correct the data, its transform or its suite, and run the interval again."
        )


class WindowError(RiskloomError):
    """Events that the window kernel cannot evaluate exactly."""


class SpineError(RiskloomError):
    """A spine that is not entity keys and one aware time column."""


class StoreError(RiskloomError):
    """A feature store request that cannot be answered."""


class OrchestrationError(RiskloomError):
    """A DAG that cannot be built or run as declared."""
