"""Errors of projects and plans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from riskloom.errors.base import RiskloomError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


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
