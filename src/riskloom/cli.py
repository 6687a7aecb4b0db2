"""The command line: plan, run, and see what is there."""

from __future__ import annotations

import json
import sys
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from riskloom.errors import RiskloomError
from riskloom.intervals import Interval
from riskloom.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable

JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for machines.")
INTERVAL = click.option(
    "--interval", metavar="START/END", help="Stretch of data, END not included. Default: all that the sources hold."
)
SOURCES = click.option(
    "--source", "sources", multiple=True, metavar="NAME", help="Only this source and its views; may be repeated."
)


def _clear(command: Callable[..., None]) -> Callable[..., None]:
    """Print an error that has a remedy as one line, without a traceback."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - whatever click passes
        try:
            command(*args, **kwargs)
        except RiskloomError as error:
            click.echo(f"error: {error}", err=True)
            sys.exit(1)

    return run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="riskloom")
@click.option(
    "--project", "root", default=".", envvar="RISKLOOM_PROJECT", metavar="DIR", help="Folder that holds riskloom.toml."
)
@click.pass_context
def main(context: click.Context, root: str) -> None:
    """Raw event logs to features that mean the same in training and in scoring."""
    context.obj = root


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@_clear
def init(folder: Path) -> None:
    """Write a small project that runs as it is."""
    from riskloom.template.write import write_project

    for path in write_project(folder):
        click.echo(f"  {path}")
    click.echo(f"Wrote a project to {folder}. Next: cd {folder} && riskloom plan && riskloom run")


@main.command()
@INTERVAL
@SOURCES
@JSON
@click.pass_obj
@_clear
def plan(root: str, interval: str | None, sources: tuple[str, ...], *, as_json: bool) -> None:
    """Print what a run would do, and touch nothing."""
    from riskloom.plan import explain

    built = _plan(Project.load(root), interval, sources)
    click.echo(json.dumps(explain.as_data(built)) if as_json else explain.as_text(built))


@main.command()
@INTERVAL
@SOURCES
@JSON
@click.pass_obj
@_clear
def run(root: str, interval: str | None, sources: tuple[str, ...], *, as_json: bool) -> None:
    """Run exactly the steps that `plan` prints."""
    from riskloom.run import execute
    from riskloom.run.lines import Lines

    project = Project.load(root)
    report = execute(project, _plan(project, interval, sources), Lines(sys.stderr))
    if as_json:
        click.echo(json.dumps(report.as_data()))
        return
    for source, failed in report.warnings.items():
        click.echo(f"warning: {source}: {'; '.join(failed)}", err=True)
    for source, page in report.pages.items():
        click.echo(f"Data Docs of {source}: {page}")


@main.command()
@JSON
@click.pass_obj
@_clear
def status(root: str, *, as_json: bool) -> None:
    """Show each source and table: rows, last interval, validation, quarantine, freshness."""
    from riskloom.run.status import as_text, status_of

    found = status_of(Project.load(root))
    click.echo(json.dumps(found) if as_json else as_text(found))


@main.command()
@JSON
@click.pass_obj
@_clear
def features(root: str, *, as_json: bool) -> None:
    """List every feature with its type, window, entity and view."""
    from riskloom.plan.catalogue import as_text, features_of

    found = features_of(Project.load(root))
    click.echo(json.dumps(found) if as_json else as_text(found))


def _plan(project: Project, interval: str | None, sources: tuple[str, ...]) -> Any:  # noqa: ANN401 - a Plan, imported late
    from riskloom.plan import build
    from riskloom.run.spans import spans

    asked = Interval.parse(interval) if interval else spans(project, sources or tuple(project.sources))
    return build(project, asked, sources=sources or None)
