"""What a filter's tree may hold: its grammar, the types of what it compares, and its constants.

The sqlglot tree is checked here once, so that evaluators need no errors of their own.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlglot import exp

from riskloom.declare.names import NUMERIC
from riskloom.errors import DeclarationError
from riskloom.intervals import to_micros

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)
CONNECTIVES = (exp.And, exp.Or, exp.Not, exp.Paren)
TESTS = (*COMPARISONS, exp.In, exp.Between, exp.Is, exp.Like)
CONDITIONS = (*CONNECTIVES, *TESTS, exp.Column, exp.Boolean)
SUPPORTED = (*CONDITIONS, exp.Identifier, exp.Literal, exp.Null, exp.Neg)
_WORDS = "AND, OR, NOT, =, <>, <, <=, >, >=, IN, BETWEEN, LIKE, IS NULL, columns and constants"
_FAMILY = {"string": "string", "int64": "number", "float64": "number", "bool": "bool", "timestamp": "timestamp"}
_LIKE_PARTS = re.compile(r"\\.|%|_|[^\\%_]+|\\", re.DOTALL)


def constant(node: exp.Expr) -> str | bool | Decimal | None:
    """Give the value of a constant; numbers exactly as they are written.

    Example:
        >>> from sqlglot import parse_one
        >>> constant(parse_one("-2.50"))
        Decimal('-2.50')
    """
    if isinstance(node, exp.Neg):
        # Not unary minus, which would round to the digits of the current context.
        return Decimal(str(node.this.unnest().this)).copy_negate()
    if isinstance(node, exp.Literal):
        return str(node.this) if node.is_string else Decimal(str(node.this))
    return bool(node.this) if isinstance(node, exp.Boolean) else None


def instant(text: str) -> int:
    """Read an instant of a predicate: ISO text, in UTC where it names no zone.

    Returns:
        Microseconds since the epoch.

    Raises:
        ValueError: The text is no instant.

    Example:
        >>> instant("1970-01-01 00:00:01") == instant("1970-01-01T01:00:01+01:00")
        True
    """
    parsed = datetime.fromisoformat(text)
    return to_micros(parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC))


def like_pattern(pattern: str) -> str:
    r"""Turn a LIKE pattern into a regular expression for the whole text.

    ``%`` is any text, ``_`` any one character, and a backslash takes the special meaning from what follows it.

    Example:
        >>> like_pattern(r"50\%_off%")
        '\\A(?s:50%.off.*)\\z'
    """
    special = {"%": ".*", "_": "."}
    parts = (special.get(part) or re.escape(_unescaped(part)) for part in _LIKE_PARTS.findall(pattern))
    return rf"\A(?s:{''.join(parts)})\z"


def _unescaped(part: str) -> str:
    return part[1:] if len(part) > 1 and part.startswith("\\") else part


def grammar_fault(tree: exp.Expr) -> str | None:
    """Say what of a tree is not in the grammar; None where all of it is."""
    for node in tree.walk():
        if type(node) not in SUPPORTED:
            return f"uses {type(node).__name__}, which is not supported. Supported: {_WORDS}."
        fault = _form_fault(node)
        if fault:
            return fault
    return None if isinstance(tree, CONDITIONS) else "is not a condition."


def _form_fault(node: exp.Expr) -> str | None:  # noqa: PLR0911 - one sentence a rule
    if isinstance(node, exp.Column) and node.table:
        return f"names the table of {node.name!r}. Give the column alone."
    if isinstance(node, exp.Neg) and not (isinstance(node.this.unnest(), exp.Literal) and node.this.unnest().is_number):
        return "negates something else than a number. Only constants are negated."
    if isinstance(node, exp.In) and not node.expressions:
        return "has an empty IN. List one value at least."
    if isinstance(node, exp.Between) and node.args.get("symmetric"):
        return "uses BETWEEN SYMMETRIC, which is not supported. Give the smaller bound first."
    if isinstance(node, exp.Is) and not isinstance(node.expression, exp.Null | exp.Boolean):
        return "uses IS with something else than NULL, TRUE or FALSE. Compare with = instead."
    if isinstance(node, exp.Like) and not (isinstance(node.expression, exp.Literal) and node.expression.is_string):
        return "uses LIKE with something else than a constant text."
    return None


class TypeCheck:
    """Checks that a predicate compares like with like.

    Attributes:
        place: Where the predicate is used, for errors.
        sql: Its text, for errors.
        columns: Types of the columns that it may read.
    """

    def __init__(self, place: str, sql: str, columns: Mapping[str, str]) -> None:
        """Remember what errors will name."""
        self.place, self.sql, self.columns = place, sql, columns

    def condition(self, node: exp.Expr) -> None:
        """Refuse a node that is neither true, false nor null.

        Raises:
            DeclarationError: It is something else, or something in it is.
        """
        kind = self._kind(node)
        if kind not in ("bool", "null"):
            raise self._fault(f"takes {node.sql()!r} for a condition, but it is a {kind}. Compare it with something.")

    def _kind(self, node: exp.Expr) -> str:
        if isinstance(node, exp.Column):
            return _FAMILY.get(self.columns[node.name], self.columns[node.name])
        if isinstance(node, exp.Literal):
            return "text constant" if node.is_string else "number constant"
        if isinstance(node, exp.Neg):
            return "number constant"
        if isinstance(node, exp.Null):
            return "null"
        if isinstance(node, exp.Paren):
            return self._kind(node.this)
        self._test(node)
        return "bool"

    def _test(self, node: exp.Expr) -> None:
        if isinstance(node, exp.And | exp.Or | exp.Not):
            for part in _children(node):
                self.condition(part)
        elif isinstance(node, exp.Is):
            self._is(node)
        elif isinstance(node, exp.Like):
            if self._kind(node.this) != "string":
                self._mismatch(node.this, "string", ("string",))
        elif not isinstance(node, exp.Boolean):
            for other in list(_children(node))[1:]:
                self._pair(node.this, other)

    def _is(self, node: exp.Is) -> None:
        if isinstance(node.expression, exp.Boolean):
            self.condition(node.this)
        elif self._kind(node.this).endswith("constant"):
            raise self._fault(f"asks whether the constant {node.this.sql()} is null. Name a column.")

    def _pair(self, left: exp.Expr, right: exp.Expr) -> None:
        kinds = (self._kind(left), self._kind(right))
        if "null" in kinds:
            return
        if all(kind.endswith("constant") for kind in kinds):
            raise self._fault(f"compares the constants {left.sql()} and {right.sql()}. Name a column.")
        for kind, constant_node, other, node in ((kinds[0], left, kinds[1], right), (kinds[1], right, kinds[0], left)):
            if kind == "text constant":
                self._text(constant_node, other, node)
            elif kind == "number constant" and other != "number":
                self._mismatch(node, "number", NUMERIC)
        if not any(kind.endswith("constant") for kind in kinds) and kinds[0] != kinds[1]:
            raise self._fault(f"compares {left.sql()!r}, a {kinds[0]}, with {right.sql()!r}, a {kinds[1]}.")

    def _text(self, text: exp.Expr, kind: str, node: exp.Expr) -> None:
        if kind not in ("string", "timestamp"):
            self._mismatch(node, "text", ("string", "timestamp"))
        if kind == "timestamp":
            try:
                instant(str(constant(text.unnest())))
            except ValueError as error:
                why = f"compares {node.sql()!r} with {text.sql()}, which is no instant. Write 2010-12-01T08:00:00Z."
                raise self._fault(why) from error

    def _mismatch(self, node: exp.Expr, what: str, wanted: tuple[str, ...]) -> None:
        column = node.unnest()
        if isinstance(column, exp.Column):
            raise DeclarationError.wrong_type(self.place, column.name, self.columns[column.name], wanted)
        raise self._fault(f"compares {node.sql()!r} with a {what}.")

    def _fault(self, why: str) -> DeclarationError:
        return DeclarationError.bad_filter(self.place, self.sql, why)


def _children(node: exp.Expr) -> Iterator[exp.Expr]:
    return (child for child in node.iter_expressions())
