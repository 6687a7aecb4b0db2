"""Filter: a named SQL predicate over a source's columns, checked once when declared."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from riskloom.declare.names import check_name
from riskloom.errors import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlglot import exp


@dataclass(frozen=True)
class Filter:
    """A named predicate; null counts as false.

    The grammar is small on purpose: what is in it means the same to every runner.

    Attributes:
        name: Becomes the first part of the names of the features that use it.
        sql: Predicate of AND, OR, NOT, comparisons, IN, BETWEEN, LIKE and IS NULL over columns and constants.

    Example:
        >>> failed = Filter("failed", "action = 'failed' AND method IN ('password', 'publickey')")
        >>> failed.columns
        ('action', 'method')
    """

    name: str
    sql: str

    def __post_init__(self) -> None:
        """Parse the predicate once, so that a bad one cannot be declared."""
        check_name("filter", self.name)
        self._check_grammar()

    @property
    def _place(self) -> str:
        return f"filter {self.name!r}"

    @cached_property
    def expression(self) -> exp.Expr:
        """The parsed predicate, as a sqlglot tree."""
        import sqlglot

        try:
            tree = sqlglot.parse_one(self.sql, dialect="spark")
        except sqlglot.errors.SqlglotError as error:
            why = str(error).splitlines()[0].rstrip(".")
            raise DeclarationError.bad_filter(self._place, self.sql, f"does not parse: {why}.") from error
        return tree

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that the predicate reads, sorted."""
        from sqlglot import exp

        return tuple(sorted({column.name for column in self.expression.find_all(exp.Column)}))

    def _check_grammar(self) -> None:
        from riskloom.declare.predicates import grammar_fault

        fault = grammar_fault(self.expression)
        if fault:
            raise DeclarationError.bad_filter(self._place, self.sql, fault)

    def check_against(self, place: str, columns: Mapping[str, str]) -> None:
        """Check the predicate against the columns of a source.

        Args:
            place: Where the filter is used, for the error.
            columns: Columns and their types.

        Raises:
            DeclarationError: A column is unknown, or is compared with something of another type.
        """
        from riskloom.declare.predicates import TypeCheck

        for column in self.columns:
            if column not in columns:
                raise DeclarationError.unknown_column(f"{place}, {self._place}", column, columns)
        TypeCheck(f"{place}, {self._place}", self.sql, columns).condition(self.expression)
