"""The page of the catalogue: ``python -m demo.catalogue`` writes it."""

from __future__ import annotations

import importlib
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from demo.catalogue.questions import QUESTIONS
from demo.simulate.study.report import table
from riskloom.plan.catalogue import features_of

if TYPE_CHECKING:
    from riskloom.project import Project

_INTRODUCTION = """# The fraud catalogue

`demo/platform` is a project on the [simulated platform](simulation.md): sources, views by entity, labels and services.
`riskloom --project demo/platform features --risk coupon` lists what helps with a risk, each feature with its unit, its
owner and the services that read it. This page is written by `python -m demo.catalogue`.

`make demo SCALE=S` takes the logs the whole way and ends with what each service costs: rows of a training set
a second, the median of an online read of all its features, bytes of an entity in the online store. `python -m
demo.oracle` then holds the features of 200 entities to a slow oracle's, worked out from the simulation's clean events.

What a day's jobs write is served by the services named `review`, online too; those named `risk` are of windows alone,
and see what happened a moment ago.
"""


def matching(project: Project, answer: str) -> list[str]:
    """Give the features of a view that a pattern means.

    Args:
        project: The project.
        answer: ``view:pattern``.

    Returns:
        Names of features; none where nothing matches.
    """
    view, _, pattern = answer.partition(":")
    declared = {**project.views, **project.batch_views}
    if view not in declared:
        return []
    return [name for name in declared[view].feature_names if fnmatchcase(name, pattern)]


def page(project: Project) -> str:
    """Write the catalogue of a project as Markdown."""
    return "\n".join([_INTRODUCTION, _lineage(project), _services(project), _questions(), _views(project)])


def _lineage(project: Project) -> str:
    views = {**project.views, **project.batch_views}
    lines = ["```mermaid", "flowchart LR"]
    lines += [f"  {name}[({name})] --> {view.name}" for name in project.sources for view in project.views_of(name)]
    served: dict[str, list[str]] = {}
    for name in project.services:
        for view, _ in (*project.service_features(name), *project.service_columns(name)):
            served.setdefault(view.name, []).append(name)
    lines += [f"  {read} --> {name}" for name in project.batch_views for read in _read_by(name)]
    lines += [f"  {view} --> {name}{{{{{name}}}}}" for view in views for name in served.get(view, [])]
    drawn = "\n".join([*lines, "```"])
    return f"## From source to service\n\n{drawn}\n"


def _read_by(batch_view: str) -> list[str]:
    """Name what a batch view's job reads: sources, and a list from outside."""
    jobs = importlib.import_module("jobs")
    lists = [f"{name}[/{name}/]" for name in (jobs.LISTS.get(batch_view),) if name]
    return [*(f"{source}[({source})]" for source in jobs.READS[batch_view]), *lists]


def _services(project: Project) -> str:
    rows = [
        (
            f"`{name}`",
            service.description,
            ", ".join(f"`{key}`" for key in project.service_keys(name)),
            sum(len(features) for _, features in (*project.service_features(name), *project.service_columns(name))),
            service.owner,
        )
        for name, service in project.services.items()
    ]
    return f"## Services\n\n{table(['service', 'asks', 'keys', 'features', 'owner'], rows)}\n"


def _questions() -> str:
    answered = sum(bool(one.answers) for one in QUESTIONS)
    parts = [
        "## What is asked, and what answers",
        "",
        f"{len(QUESTIONS)} questions; {answered} have features. A star stands for any window or rest of a name.",
        "",
    ]
    for risk in dict.fromkeys(one.risk for one in QUESTIONS):
        rows = [
            (one.asked, " ".join(f"`{answer}`" for answer in one.answers) or "none", one.reason)
            for one in QUESTIONS
            if one.risk == risk
        ]
        parts += [f"### {risk}", "", table(["asked", "answered by", "but"], rows), ""]
    return "\n".join(parts)


def _views(project: Project) -> str:
    rows = features_of(project)
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["view"]] = counts.get(row["view"], 0) + 1
    shown = [
        (f"`{view.name}`", view.entity.name, f"`{view.source.name}`", counts[view.name], view.description, view.owner)
        for view in project.views.values()
    ]
    shown += [
        (f"`{view.name}`", view.entity.name, f"`{view.table}`", counts[view.name], view.description, view.owner)
        for view in project.batch_views.values()
    ]
    labels = [
        (f"`{name}`", label.entity.name, f"`{label.source.name}`", f"`{label.availability}`", label.description)
        for name, label in project.labels.items()
    ]
    return "\n".join(
        [
            "## Views",
            "",
            f"{len(rows):,} features of {len(shown)} views.",
            "",
            table(["view", "entity", "source", "features", "holds", "owner"], shown),
            "",
            "## Labels",
            "",
            table(["label", "entity", "source", "known from", "says"], labels),
            "",
        ]
    )
