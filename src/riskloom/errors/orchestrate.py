"""Errors of DAGs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from riskloom.errors.base import RiskloomError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable


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
