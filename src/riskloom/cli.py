"""The command line: plan, run, and see what is there."""

from __future__ import annotations

import json
import sys
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from riskloom.errors import ExtractError, PlanError, PrivacyError, RiskloomError
from riskloom.intervals import Interval, to_micros
from riskloom.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable

    from riskloom.run import RunReport

DIFFERENT = 3
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for machines.")
INTERVAL = click.option(
    "--interval", metavar="START/END", help="Stretch of data, END not included. Default: all that the sources hold."
)
FULL = click.option(
    "--full", is_flag=True, help="Write all online states anew, beside those that serve, and then switch."
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
@FULL
@JSON
@click.pass_obj
@_clear
def plan(root: str, interval: str | None, sources: tuple[str, ...], *, full: bool, as_json: bool) -> None:
    """Print what a run would do, and touch nothing."""
    from riskloom.plan import explain

    built = _plan(Project.load(root), interval, sources, full=full)
    click.echo(json.dumps(explain.as_data(built)) if as_json else explain.as_text(built))


@main.command()
@click.argument("view")
@JSON
@click.pass_obj
@_clear
def explain(root: str, view: str, *, as_json: bool) -> None:
    """Say what VIEW reads, which keys are hot, what its windows and states weigh, and the plan; and touch nothing."""
    from riskloom.plan import explain_view
    from riskloom.run.statistics import statistics

    project = Project.load(root)
    declared = project.view(view)
    found = statistics(project, declared)
    try:
        plan = _plan(project, None, (declared.source.name,))
    except (ExtractError, PlanError):
        # Tables may outlive the files that they were made of.
        plan = None
    write = explain_view.as_data if as_json else explain_view.as_text
    told = write(declared, found, plan)
    click.echo(json.dumps(told) if as_json else told)


@main.command()
@INTERVAL
@SOURCES
@FULL
@JSON
@click.pass_obj
@_clear
def run(root: str, interval: str | None, sources: tuple[str, ...], *, full: bool, as_json: bool) -> None:
    """Run exactly the steps that `plan` prints."""
    from riskloom.run import execute
    from riskloom.run.lines import Lines

    project = Project.load(root)
    _tell(execute(project, _plan(project, interval, sources, full=full), Lines(sys.stderr)), as_json=as_json)


@main.command()
@click.argument("source")
@click.option("--reason", metavar="CODE", help="Only what is quarantined for this reason. Default: all.")
@click.option("--interval", metavar="START/END", help="Only lines of runs over this stretch of data. Default: all.")
@click.option("--dry-run", is_flag=True, help="Print the plan, and touch nothing.")
@JSON
@click.pass_obj
@_clear
def replay(root: str, source: str, reason: str | None, interval: str | None, *, dry_run: bool, as_json: bool) -> None:
    """Load the quarantined lines of SOURCE again, and bring up to date what follows from them."""
    from riskloom.plan import explain
    from riskloom.run import execute
    from riskloom.run.lines import Lines
    from riskloom.run.replay import plan_replay

    project = Project.load(root)
    built = plan_replay(project, source, reason, Interval.parse(interval) if interval else None)
    if dry_run:
        click.echo(json.dumps(explain.as_data(built)) if as_json else explain.as_text(built))
        return
    for note in built.notes:
        click.echo(f"left out: {note}", err=True)
    _tell(execute(project, built, Lines(sys.stderr)), as_json=as_json)


def _tell(report: RunReport, *, as_json: bool) -> None:
    """Print what a run did."""
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
@click.option("--risk", metavar="NAME", help="Only features of views that say they serve this risk.")
@JSON
@click.pass_obj
@_clear
def features(root: str, *, risk: str | None, as_json: bool) -> None:
    """List every feature with its type, unit, window, entity, view and owner."""
    from riskloom.plan.catalogue import as_text, features_of

    found = features_of(Project.load(root), risk)
    click.echo(json.dumps(found) if as_json else as_text(found))


@main.command()
@click.option("--before", metavar="DATE", help="Events before this instant, and lines of files without later ones.")
@click.option("--entity", "entity", multiple=True, metavar="KEY=VALUE", help="Whose events; several make one key.")
@SOURCES
@click.option("--dry-run", is_flag=True, help="Count what would be removed, and touch nothing.")
@JSON
@click.pass_obj
@_clear
def purge(
    root: str, before: str | None, entity: tuple[str, ...], sources: tuple[str, ...], *, dry_run: bool, as_json: bool
) -> None:
    """Remove somebody's events, or old ones, from every table and the online store."""
    from riskloom.run import purge as purging

    until = None if before is None else to_micros(before, "--before")
    project = Project.load(root)
    done = purging.purge(project, before=until, entity=_pairs(entity), sources=sources, dry_run=dry_run)
    told = purging.as_data(done, dry_run=dry_run) if as_json else purging.as_text(done, dry_run=dry_run)
    click.echo(json.dumps(told) if as_json else told)


@main.command("rotate-keys")
@SOURCES
@JSON
@click.pass_obj
@_clear
def rotate_keys(root: str, sources: tuple[str, ...], *, as_json: bool) -> None:
    """Bring the tokens of tables and states to the newest key for tokens."""
    from riskloom.run.spark.rotate import rotate
    from riskloom.tabular import as_table

    done = rotate(Project.load(root), sources)
    rows = [{"table": table, "events": events} for table, events in done.items()]
    click.echo(json.dumps(done) if as_json else as_table(rows, ("table", "events")))


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=6566, show_default=True, help="Port to listen on.")
@click.option("--workers", default=1, show_default=True, help="Processes that answer.")
@click.option("--keys", default="", metavar="FILE", help="API keys, one a line: NAME=SCOPES:SECRET.")
@click.option("--max-body", "body", default=1_048_576, show_default=True, help="Most bytes of a request.")
@click.option("--max-entities", "entities", default=1_000, show_default=True, help="Most entities of a request.")
@click.option("--max-features", "features", default=1_000, show_default=True, help="Most features of a request.")
@click.option("--refresh", default=5.0, show_default=True, help="Seconds between two looks at the registry.")
@click.option(
    "--served-share",
    default=0.0,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Share of the requests whose answers are kept in ops.served, for `parity --served`.",
)
@click.option(
    "--served-rows", default=1_000, show_default=True, help="Most rows of them that a worker holds between two writes."
)
@click.option("--served-every", default=60.0, show_default=True, help="Seconds between two writes of them.")
@click.pass_obj
@_clear
def serve(root: str, **options: Any) -> None:  # noqa: ANN401 - whatever click passes
    """Answer HTTP requests for features, as Feast's feature server does. API keys come from RISKLOOM_API_KEYS too."""
    from riskloom.serve.options import Options
    from riskloom.serve.run import serve as run_server
    from riskloom.settings import Settings

    settings = Settings.read(Path(root).resolve())
    run_server(Options(repo=str(settings.feature_repo), lake=str(settings.lake), **options))


@main.command()
@click.argument("service")
@click.option("--sample", default=1_000, show_default=True, type=click.IntRange(1), help="How many keys to compare.")
@click.option("--at", metavar="INSTANT", help="Instant of both reads. Default: what online_store.clock says.")
@click.option("--threshold", default=0.0, show_default=True, type=click.FloatRange(0, 1), help="Share that may differ.")
@click.option("--served", is_flag=True, help="Compare what a server kept of its answers, at the instants of those.")
@JSON
@click.pass_obj
@_clear
def parity(
    root: str, service: str, sample: int, at: str | None, threshold: float, *, served: bool, as_json: bool
) -> None:
    """Compare what is served of SERVICE with its training set. Exits with 3 where too much differs."""
    from riskloom.store.parity.compare import parity as compared
    from riskloom.store.parity.served import parity_served

    if served and at is not None:
        raise click.UsageError("--at says nothing of --served: each answer has an instant of its own.")
    project, instant = Project.load(root), None if at is None else to_micros(at, "--at")
    done = (
        parity_served(project, service, sample=sample)
        if served
        else compared(project, service, sample=sample, at=instant)
    )
    click.echo(json.dumps(done.as_data()) if as_json else done.as_text())
    if done.share > threshold:
        sys.exit(DIFFERENT)


@main.command()
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Default: report.html in the state folder."
)
@click.option("--keys", default=20, show_default=True, help="Keys a service to compare online and offline; 0 for none.")
@JSON
@click.pass_obj
@_clear
def report(root: str, out: Path | None, keys: int, *, as_json: bool) -> None:
    """Write one page of HTML: features by label, models by phase, tables, quarantine, gates, drift, parity."""
    from riskloom.report.build import write_report

    path = write_report(Project.load(root), out, keys=keys)
    click.echo(json.dumps({"report": str(path)}) if as_json else f"Wrote {path}")


@main.group("training-set")
def training_set() -> None:
    """Build training sets that can be computed again, and compute them again."""


@training_set.command()
@click.argument("service")
@click.option("--spine", required=True, metavar="FILE", help="Parquet or CSV: entity keys and event_timestamp.")
@click.option("--out", required=True, metavar="DIR", help="Folder for the data, its spine, row hashes and manifest.")
@click.option("--output", type=click.Choice(("parquet", "delta")), default="parquet", show_default=True)
@click.option("--runner", type=click.Choice(("auto", "in_process", "spark")), default="auto", show_default=True)
@click.option("--label", "labels", multiple=True, metavar="NAME", help="Label source to join; may be repeated.")
@click.option("--label-as-of", metavar="INSTANT", help="Labels that were available by then, for all rows.")
@click.option("--label-maturity", metavar="DURATION", help="Labels that were available so long after each row.")
@JSON
@click.pass_obj
@_clear
def build(root: str, service: str, spine: str, out: str, *, as_json: bool, **options: Any) -> None:  # noqa: ANN401 - whatever click passes
    """Build the training set of SERVICE, and write it with its manifest."""
    from riskloom.store.manifest import Manifest
    from riskloom.store.spine_files import read_spine
    from riskloom.store.training import build_training_set

    project = Project.load(root)
    rows = read_spine(Path(spine), project.service_keys(service))
    build_training_set(service, rows, project=project, out=out, **options)
    data = Manifest.read(Path(out)).data
    if as_json:
        click.echo(json.dumps({"out": out, **{key: data[key] for key in ("rows", "runner", "why", "content_sha256")}}))
        return
    click.echo(f"{data['rows']} rows by the {data['runner']} runner: {data['why']}")
    click.echo(f"Wrote {out}. To compute it again: riskloom training-set reproduce {Path(out) / 'manifest.json'}")


@training_set.command()
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the data; without it, compare alone.")
@JSON
@click.pass_obj
@_clear
def reproduce(root: str, manifest: Path, out: Path | None, *, as_json: bool) -> None:
    """Compute the training set of MANIFEST again, and say which rows are others. Exits with 3 where it is another."""
    from riskloom.settings import Settings
    from riskloom.store.reproduce import reproduce as again

    done = again(Settings.read(Path(root).resolve()), manifest, out)
    click.echo(json.dumps(done.as_data()) if as_json else done.as_text())
    if not done.same_bytes:
        sys.exit(DIFFERENT)


def _pairs(given: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for position, text in enumerate(given, start=1):
        key, equals, value = text.partition("=")
        if not (key and equals and value):
            raise PrivacyError.no_pair(position)
        pairs[key] = value
    return pairs


def _plan(project: Project, interval: str | None, sources: tuple[str, ...], *, full: bool = False) -> Any:  # noqa: ANN401 - a Plan, imported late
    from riskloom.plan import build
    from riskloom.run.spans import spans

    asked = Interval.parse(interval) if interval else spans(project, sources or tuple(project.sources))
    return build(project, asked, sources=sources or None, full=full)
