"""Checkpoint: a compiled suite run on one staged batch, with its page of Data Docs."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import great_expectations as gx
from great_expectations.checkpoint import UpdateDataDocsAction
from great_expectations.core.run_identifier import RunIdentifier

from riskloom.errors import QualityError
from riskloom.quality.compile import POSITION, compile_suite, named_columns
from riskloom.quality.context import SITE, open_context
from riskloom.quality.counts import RESULT_FORMAT, SHOWN, kept, reason
from riskloom.quality.known import BEFORE
from riskloom.quality.result import Check

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from great_expectations.core import ExpectationSuite, ExpectationValidationResult
    from great_expectations.data_context import FileDataContext
    from pyspark.sql import DataFrame

    from riskloom.declare import Expectation, Suite

_BATCH = "staged"
_ONE_AT_A_TIME = Lock()
"""Great Expectations keeps the context in use in a global."""


def run(
    folder: Path, suite: Suite, events: DataFrame, run_id: str, parameters: Mapping[str, Any]
) -> tuple[tuple[Check, ...], Path]:
    """Run a suite on a batch and render its page.

    Args:
        folder: Folder of the source's context.
        suite: What must hold.
        events: The staged batch.
        run_id: Name of the run in Data Docs.
        parameters: What arguments may name as ``{"$PARAMETER": "interval_start"}``. An expectation that names
            ``rows_week_before`` says nothing where that is not known.

    Returns:
        One check for each expectation, in the order of declaration, and the page.
    """
    compiled = compile_suite(suite, events.columns)
    left_out = _left_out(suite, alone=BEFORE not in parameters, empty=events.isEmpty())
    compiled.expectations = [each for each in compiled.expectations if each.meta[POSITION] not in left_out]
    with _ONE_AT_A_TIME, _quiet():
        context = open_context(folder)
        checkpoint = _checkpoint(context, compiled)
        outcome = checkpoint.run(
            batch_parameters={"dataframe": events},
            expectation_parameters=dict(parameters),
            run_id=RunIdentifier(run_name=run_id),
        )
        ((identifier, results),) = outcome.run_results.items()
        pages = context.get_docs_sites_urls(resource_identifier=identifier, site_name=SITE)
    by_position = {result.expectation_config.meta[POSITION]: result for result in results.results}
    checks = tuple(
        _check(declared, by_position.get(position), left_out.get(position, ""))
        for position, declared in enumerate(suite.expectations)
    )
    return checks, _path(pages, suite.name)


def _left_out(suite: Suite, *, alone: bool, empty: bool) -> dict[int, str]:
    """Say which expectations nothing can be said of, by their place, and why."""
    found = {}
    for position, declared in enumerate(suite.expectations):
        if empty and not _of_table(declared.type):
            found[position] = "no rows"
        elif alone and any(BEFORE in str(value) for value in declared.kwargs.values()):
            found[position] = "no rows a week before"
    return found


def _of_table(expectation: str) -> bool:
    """Say whether an expectation is about the table, so that it means something of a batch without rows."""
    return expectation.startswith("expect_table_") or expectation == "expect_column_to_exist"


def _checkpoint(context: FileDataContext, suite: ExpectationSuite) -> gx.Checkpoint:
    source = context.data_sources.add_or_update_spark(name=_BATCH, persist=False)
    batch = source.add_dataframe_asset(name=_BATCH).add_batch_definition_whole_dataframe(_BATCH)
    definition = context.validation_definitions.add_or_update(
        gx.ValidationDefinition(name=suite.name, data=batch, suite=context.suites.add_or_update(suite))
    )
    return context.checkpoints.add_or_update(
        gx.Checkpoint(
            name=suite.name,
            validation_definitions=[definition],
            actions=[UpdateDataDocsAction(name="data_docs", site_names=[SITE])],
            result_format=RESULT_FORMAT,
        )
    )


def _check(declared: Expectation, result: ExpectationValidationResult | None, why_not: str) -> Check:
    """Reduce a result to a check; there is no result where nothing could break the expectation."""
    shared: dict[str, Any] = {
        "type": declared.type,
        "column": ", ".join(named_columns(declared.kwargs)),
        "severity": declared.severity,
        "kwargs": declared.kwargs,
    }
    if result is None:
        return Check(**shared, detail=why_not)
    found = kept(declared.type, result.result or {})
    return Check(
        **shared,
        success=bool(result.success),
        unexpected_count=found.get("unexpected_count"),
        element_count=found.get("element_count"),
        detail=_detail(declared.type, found, result.exception_info),
    )


def _detail(expectation: str, found: dict[str, Any], exception_info: dict[str, Any] | None) -> str:
    if expectation in SHOWN and "observed_value" in found:
        return f"observed {found['observed_value']}"
    return reason(exception_info)


def _path(pages: list[dict[str, Any]], suite: str) -> Path:
    url = pages[0]["site_url"] if pages else None
    if not url:
        raise QualityError.no_page(suite)
    return Path(unquote(urlsplit(url).path))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library's notices of each file that it writes out of a run's log."""
    logger = logging.getLogger("great_expectations")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
