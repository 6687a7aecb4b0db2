"""Compile: a declared suite as an expectation suite of Great Expectations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import great_expectations as gx
from great_expectations.exceptions import ExpectationNotFoundError
from great_expectations.expectations.registry import get_expectation_impl, list_registered_expectation_implementations
from great_expectations.expectations.row_conditions import PassThroughCondition
from pydantic.v1 import ValidationError

from riskloom.declare import Filter
from riskloom.errors import DeclarationError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from great_expectations.expectations.expectation import Expectation as GxExpectation

    from riskloom.declare import Expectation, Suite

POSITION = "position"
_COLUMN = ("column", "column_A", "column_B")
_COLUMNS = ("column_list",)
_ROWS = "row_condition"
_OWN = (
    *("severity", "notes", "meta", "id", "result_format", "catch_exceptions", "rendered_content", "batch_id"),
    # A row condition has one language here, that of filters.
    "condition_parser",
)


def named_columns(kwargs: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the columns that an expectation's arguments name, in the order of its arguments.

    Example:
        >>> named_columns({"column_A": "ended", "column_B": "started"})
        ('ended', 'started')
    """
    single = [str(kwargs[key]) for key in _COLUMN if key in kwargs]
    return (*single, *(str(name) for key in _COLUMNS for name in kwargs.get(key, ())))


def compile_suite(suite: Suite, columns: Iterable[str]) -> gx.ExpectationSuite:
    """Turn a declared suite into one of Great Expectations.

    Args:
        suite: The suite.
        columns: Columns of the staged batch.

    Returns:
        The suite under the same name. Each expectation carries its severity, its reason as a note, and its position.

    Raises:
        DeclarationError: An expectation or one of its arguments does not exist, or a column is not in the batch.
    """
    known = tuple(columns)
    place = f"suite {suite.name!r}"
    compiled = [_compile(place, declared, position, known) for position, declared in enumerate(suite.expectations)]
    return gx.ExpectationSuite(name=suite.name, expectations=compiled)


def _compile(place: str, expectation: Expectation, position: int, columns: tuple[str, ...]) -> GxExpectation:
    cls = _find(place, expectation.type)
    where = f"{place}, {expectation.type}"
    _check_arguments(where, cls, expectation.kwargs)
    condition = _condition(expectation.kwargs)
    for column in (*named_columns(expectation.kwargs), *(condition.columns if condition else ())):
        if column not in columns:
            raise DeclarationError.unknown_column(where, column, columns)
    try:
        return cls(
            **{**expectation.kwargs, **_rows(condition)},
            severity=expectation.severity,
            notes=expectation.reason or None,
            meta={POSITION: position},
        )
    except ValidationError as error:
        raise DeclarationError.bad_arguments(where, _reasons(error)) from error


def _condition(kwargs: Mapping[str, Any]) -> Filter | None:
    """Read a row condition by the grammar of filters, so that an unknown column is found before Spark meets it."""
    return Filter(_ROWS, kwargs[_ROWS]) if isinstance(kwargs.get(_ROWS), str) else None


def _rows(condition: Filter | None) -> dict[str, PassThroughCondition]:
    return {_ROWS: PassThroughCondition(pass_through_filter=condition.sql)} if condition else {}


def _find(place: str, name: str) -> type[GxExpectation]:
    try:
        found: type[GxExpectation] = get_expectation_impl(name)
    except ExpectationNotFoundError as error:
        available = list_registered_expectation_implementations()
        raise DeclarationError.unknown_expectation(place, name, available) from error
    return found


def _check_arguments(where: str, cls: type[GxExpectation], kwargs: Mapping[str, Any]) -> None:
    allowed = [name for name in cls.__fields__ if name not in _OWN]
    for name in kwargs:
        if name not in allowed:
            raise DeclarationError.bad_arguments(where, f"there is no argument {name!r}.{nearest(name, allowed)}")


def _reasons(error: ValidationError) -> str:
    """Say what is wrong with each argument; one that may be of several types has a reason for each."""
    found: dict[str, list[str]] = {}
    for item in error.errors():
        found.setdefault(str(item["loc"][0]), []).append(str(item["msg"]))
    named = ((f"{name}: " if name != "__root__" else "") + ", ".join(why) for name, why in found.items())
    return "; ".join(named) + "."
