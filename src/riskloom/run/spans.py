"""Spans: all that each source holds, as one wide interval a source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskloom.errors import PlanError
from riskloom.extract.files import span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from riskloom.intervals import Interval
    from riskloom.project import Project


def spans(project: Project, sources: Iterable[str]) -> dict[str, Interval]:
    """Say for each source which stretch of time its files hold.

    Args:
        project: What is declared.
        sources: Names of sources.

    Returns:
        An interval a source.

    Raises:
        ProjectError: A source is unknown.
        PlanError: Nothing says what a source's files hold.
    """
    found = {}
    for name in sources:
        held = span(project, project.source(name))
        if held is None:
            raise PlanError.unknown_span(name)
        found[name] = held
    return found
