"""Filter: a named SQL predicate over a source's columns, checked once when declared."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from riskloom.declare.names import NUMERIC, check_name
from riskloom.errors import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlglot import exp

COMPARISONS = ("EQ", "NEQ", "LT", "LTE", "GT", "GTE")
CONNECTIVES = ("And", "Or", "Not", "Paren")
_TESTS = (*COMPARISONS, "In", "Between", "Is", "Like")
_VALUES = ("Column", "Identifier", "Literal", "Boolean", "Null", "Neg")
SUPPORTED = (*CONNECTIVES, *_TESTS, *_VALUES)
_WORDS = "AND, OR, NOT, =, <>, <, <=, >, >=, IN, BETWEEN, LIKE, IS NULL, columns and constants"


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
    def expression(self) -> exp.Expression:
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
        from sqlglot import exp

        for node in self.expression.walk():
            if type(node).__name__ not in SUPPORTED:
                why = f"uses {type(node).__name__}, which is not supported. Supported: {_WORDS}."
                raise DeclarationError.bad_filter(self._place, self.sql, why)
        tests = tuple(getattr(exp, name) for name in (*CONNECTIVES, *_TESTS, "Column", "Boolean"))
        if not isinstance(self.expression, tests):
            raise DeclarationError.bad_filter(self._place, self.sql, "is not a condition.")

    def check_against(self, place: str, columns: Mapping[str, str]) -> None:
        """Check the predicate against the columns of a source.

        Args:
            place: Where the filter is used, for the error.
            columns: Columns and their types.

        Raises:
            DeclarationError: A column is unknown, or is compared with a constant of another type.
        """
        from sqlglot import exp

        for column in self.columns:
            if column not in columns:
                raise DeclarationError.unknown_column(f"{place}, {self._place}", column, columns)
        for literal in self.expression.find_all(exp.Literal):
            self._check_literal(place, literal, columns)

    def _check_literal(self, place: str, literal: exp.Literal, columns: Mapping[str, str]) -> None:
        from sqlglot import exp

        test = literal.find_ancestor(exp.Predicate, exp.In, exp.Between)
        for column in test.find_all(exp.Column) if test else ():
            dtype = columns[column.name]
            fits = dtype in ("string", "timestamp") if literal.is_string else dtype in NUMERIC
            if not fits:
                wanted = ("string", "timestamp") if literal.is_string else NUMERIC
                raise DeclarationError.wrong_type(f"{place}, {self._place}", column.name, dtype, wanted)
