"""The oracle's own reading of a filter: one row, three truth values, by recursion over the parsed predicate."""

from __future__ import annotations

import operator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from riskloom.declare import Filter

_OPERATORS: dict[type[exp.Expr], Callable[[Any, Any], Any]] = {
    exp.EQ: operator.eq,
    exp.NEQ: operator.ne,
    exp.LT: operator.lt,
    exp.LTE: operator.le,
    exp.GT: operator.gt,
    exp.GTE: operator.ge,
}


def passes(where: Filter, row: Mapping[str, Any]) -> bool:
    """Say whether a row meets a predicate; null is false.

    Example:
        >>> from riskloom import Filter
        >>> passes(Filter("other", "NOT currency = 'GBP'"), {"currency": None})
        False
    """
    return value(where.expression, row) is True


def value(node: exp.Expr, row: Mapping[str, Any]) -> Any:  # noqa: ANN401, PLR0911 - any column's type; a return a kind
    """Give the value of a node for a row, None for null."""
    match node:
        case exp.Paren():
            return value(node.this, row)
        case exp.Column():
            found = row[node.name]
            return None if found != found else found  # noqa: PLR0124 - NaN alone differs from itself
        case exp.Literal():
            return node.this if node.is_string else Decimal(node.this)
        case exp.Neg():
            return value(node.this, row).copy_negate()
        case exp.Boolean():
            return node.this
        case exp.Null():
            return None
    return _condition(node, row)


def _condition(node: exp.Expr, row: Mapping[str, Any]) -> bool | None:  # noqa: PLR0911 - a return a kind
    if isinstance(node, exp.Not):
        return _negate(value(node.this, row))
    if isinstance(node, exp.And):
        return _every([value(node.this, row), value(node.expression, row)])
    if isinstance(node, exp.Or):
        return _negate(_every([_negate(value(node.this, row)), _negate(value(node.expression, row))]))
    this = value(node.this, row)
    if isinstance(node, exp.Is):
        return this is value(node.expression, row)
    if isinstance(node, exp.In):
        return _negate(_every([_negate(_compare(operator.eq, this, value(item, row))) for item in node.expressions]))
    if isinstance(node, exp.Between):
        low, high = value(node.args["low"], row), value(node.args["high"], row)
        return _every([_compare(operator.ge, this, low), _compare(operator.le, this, high)])
    if isinstance(node, exp.Like):
        found = None if this is None else _like(this, value(node.expression, row))
        return _negate(found) if node.args.get("negate") else found
    return _compare(_OPERATORS[type(node)], this, value(node.expression, row))


def _negate(truth: bool | None) -> bool | None:  # noqa: FBT001 - a truth value is what it negates
    return None if truth is None else not truth


def _every(truths: Iterable[bool | None]) -> bool | None:
    truths = list(truths)
    if False in truths:
        return False
    return None if None in truths else True


def _compare(operation: Any, left: Any, right: Any) -> bool | None:  # noqa: ANN401 - of any column's type
    if left is None or right is None:
        return None
    left, right = _meet(left, right), _meet(right, left)
    return bool(operation(left, right))


def _meet(this: Any, other: Any) -> Any:  # noqa: ANN401 - of any column's type
    """Make one side comparable with the other."""
    if isinstance(other, float) and not isinstance(this, float):
        return float(this)
    if isinstance(other, datetime) and isinstance(this, str):
        instant = datetime.fromisoformat(this)
        return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    if isinstance(this, datetime) and isinstance(other, int):
        return (this - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return this


def _like(text: str, pattern: str) -> bool:
    if not pattern:
        return not text
    head, rest = pattern[0], pattern[1:]
    if head == "%":
        return any(_like(text[start:], rest) for start in range(len(text) + 1))
    if head == "\\" and rest:
        head, rest = rest[0], rest[1:]
        return text.startswith(head) and _like(text[1:], rest)
    return bool(text) and head in ("_", text[0]) and _like(text[1:], rest)
