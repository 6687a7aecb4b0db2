"""Counts: the results that may be kept, and the store that keeps nothing else.

Results of Great Expectations carry values of rows: lists of unexpected ones, the largest of a column, the text of an
exception. What is not in the lists below never reaches a file, whichever result format or expectation made it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from great_expectations.data_context.store import ValidationResultsStore

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult

RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}
COUNTS = (
    "element_count",
    "unexpected_count",
    "unexpected_percent",
    "unexpected_percent_nonmissing",
    "unexpected_percent_total",
    "missing_count",
    "missing_percent",
)
SHOWN = (
    "expect_column_proportion_of_non_null_values_to_be_between",
    "expect_column_proportion_of_unique_values_to_be_between",
    "expect_column_to_exist",
    "expect_column_unique_value_count_to_be_between",
    "expect_table_column_count_to_be_between",
    "expect_table_column_count_to_equal",
    "expect_table_columns_to_match_ordered_list",
    "expect_table_columns_to_match_set",
    "expect_table_row_count_to_be_between",
    "expect_table_row_count_to_equal",
)
"""Expectations whose observed value is a count, a share or a name of a column, never a value of a row."""


def kept(expectation: str, result: dict[str, Any]) -> dict[str, Any]:
    """Give the part of one expectation's result that holds no value of a row.

    Example:
        >>> kept("expect_column_max_to_be_between", {"observed_value": 4711, "element_count": 9})
        {'element_count': 9}
    """
    # Without a number of elements, a count is one of distinct values, and Data Docs cannot render it.
    counts = COUNTS if "element_count" in result else ()
    names = (*counts, "observed_value") if expectation in SHOWN else counts
    return {name: result[name] for name in names if name in result}


def raised(exception_info: dict[str, Any] | None) -> bool:
    """Say whether an expectation could not be evaluated; the information is one record, or one for each metric."""
    info = exception_info or {}
    records = [info] if "raised_exception" in info else [record for record in info.values() if isinstance(record, dict)]
    return any(record.get("raised_exception") for record in records)


def reason(exception_info: dict[str, Any] | None) -> str:
    """Say that an expectation could not be evaluated, without the message, which may quote a value."""
    return "it could not be evaluated" if raised(exception_info) else ""


def scrub(document: dict[str, Any]) -> dict[str, Any]:
    """Reduce a suite's results, as JSON, to what may be kept."""
    return {**document, "results": [_scrub_one(result) for result in document["results"]]}


def _scrub_one(result: dict[str, Any]) -> dict[str, Any]:
    failed = raised(result.get("exception_info"))
    message = reason(result.get("exception_info")) or None
    # The page renders a traceback as text wherever there is a message.
    return {
        **result,
        "result": kept(result["expectation_config"]["type"], result.get("result") or {}),
        "exception_info": {"raised_exception": failed, "exception_message": message, "exception_traceback": message},
    }


class CountsOnlyStore(ValidationResultsStore):
    """Keeps results without values of rows; Data Docs are rendered from what it kept."""

    def serialize(self, value: ExpectationSuiteValidationResult) -> str:
        """Write the results as JSON, reduced to counts."""
        document = scrub(value.to_json_dict())
        return str(self._expectationSuiteValidationResultSchema.dumps(document, indent=2, sort_keys=True))
