"""Filters over Arrow tables: the one evaluator that every runner uses.

Conditions have three values, as in SQL, and null counts as false only at the very end. A number that is NaN counts as
null, as it does to the aggregations. Numbers are compared as numbers: an int64 with 2.5 or 1e30 exactly, a float64 with
the double nearest to the constant. Timestamps are compared with ISO text, which is UTC where it names no zone.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types
from sqlglot import exp

from riskloom.declare.predicates import constant, instant, like_pattern
from riskloom.windows.tables import ARROW, INSTANT, to_numpy

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    import numpy.typing as npt

    from riskloom.declare import Filter

    Values = Any  # pa.ChunkedArray | pa.Scalar, which have no types of their own

_COMPARE: dict[type[exp.Expr], str] = {
    exp.EQ: "equal",
    exp.NEQ: "not_equal",
    exp.LT: "less",
    exp.LTE: "less_equal",
    exp.GT: "greater",
    exp.GTE: "greater_equal",
}
_MIRRORED = {"less": "greater", "less_equal": "greater_equal", "greater": "less", "greater_equal": "less_equal"}
_UNKNOWN = pa.scalar(None, pa.bool_())
_INT64 = (-(2**63), 2**63 - 1)


def evaluate(where: Filter, table: pa.Table) -> npt.NDArray[np.bool_]:
    """Say of each row whether it meets the predicate; null is false.

    Args:
        where: The filter.
        table: Columns of the declared types; others are not read.

    Returns:
        Booleans, one for each row.

    Raises:
        DeclarationError: The table has no such column, or one of a type that can't be compared as written.

    Example:
        >>> from riskloom import Filter
        >>> large = Filter("large", "amount > 2.5 OR NOT currency = 'GBP'")
        >>> evaluate(large, pa.table({"amount": [3, 2, None], "currency": ["GBP", None, "EUR"]})).tolist()
        [True, False, True]
    """
    where.check_against("table", {name: _dtype(table.schema.field(name).type) for name in table.column_names})
    result = _condition(where.expression, table)
    if isinstance(result, pa.Scalar):
        return np.full(table.num_rows, bool(result.as_py()))
    return to_numpy(pc.fill_null(result, False))


def _dtype(found: pa.DataType) -> str:
    return next((name for name, wanted in ARROW.items() if wanted == found), str(found))


def _condition(node: exp.Expr, table: pa.Table) -> Values:
    return _CONDITIONS[type(node)](node, table)


def _and(node: exp.Expr, table: pa.Table) -> Values:
    return pc.and_kleene(_condition(node.this, table), _condition(node.expression, table))


def _or(node: exp.Expr, table: pa.Table) -> Values:
    return pc.or_kleene(_condition(node.this, table), _condition(node.expression, table))


def _not(node: exp.Expr, table: pa.Table) -> Values:
    return pc.invert(_condition(node.this, table))


def _paren(node: exp.Expr, table: pa.Table) -> Values:
    return _condition(node.this, table)


def _comparison(node: exp.Expr, table: pa.Table) -> Values:
    return _compare(_COMPARE[type(node)], node.this, node.expression, table)


def _between(node: exp.Expr, table: pa.Table) -> Values:
    above = _compare("greater_equal", node.this, node.args["low"], table)
    return pc.and_kleene(above, _compare("less_equal", node.this, node.args["high"], table))


def _in(node: exp.Expr, table: pa.Table) -> Values:
    return reduce(pc.or_kleene, (_compare("equal", node.this, item, table) for item in node.expressions))


def _like(node: exp.Expr, table: pa.Table) -> Values:
    pattern = like_pattern(str(constant(node.expression)))
    matches = pc.match_substring_regex(_column(node.this, table), pattern)
    return pc.invert(matches) if node.args.get("negate") else matches


def _is(node: exp.Expr, table: pa.Table) -> Values:
    if isinstance(node.expression, exp.Null):
        return pc.is_null(_operand(node.this, table))
    wanted = _condition(node.this, table)
    return pc.fill_null(pc.equal(wanted, pa.scalar(bool(constant(node.expression)))), False)


def _value(node: exp.Expr, table: pa.Table) -> Values:
    return _operand(node, table)


_CONDITIONS: dict[type[exp.Expr], Callable[[exp.Expr, pa.Table], Values]] = {
    exp.And: _and,
    exp.Or: _or,
    exp.Not: _not,
    exp.Paren: _paren,
    **dict.fromkeys(_COMPARE, _comparison),
    exp.Between: _between,
    exp.In: _in,
    exp.Like: _like,
    exp.Is: _is,
    exp.Column: _value,
    exp.Boolean: _value,
    exp.Null: _value,
}


def _operand(node: exp.Expr, table: pa.Table) -> Values:
    """Give the values of a column, a constant true, false or null, or a condition that is compared itself."""
    node = node.unnest()
    if isinstance(node, exp.Column):
        return _column(node, table)
    if isinstance(node, exp.Boolean | exp.Null):
        return pa.scalar(constant(node), pa.bool_())
    return _condition(node, table)


def _column(node: exp.Expr, table: pa.Table) -> pa.ChunkedArray:
    values = table.column(node.unnest().name)
    if not types.is_floating(values.type):
        return values
    return pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)


def _is_constant(node: exp.Expr) -> bool:
    return isinstance(node.unnest(), exp.Literal | exp.Neg)


def _compare(name: str, left: exp.Expr, right: exp.Expr, table: pa.Table) -> Values:
    if isinstance(left.unnest(), exp.Null) or isinstance(right.unnest(), exp.Null):
        return _UNKNOWN
    if _is_constant(left):
        return _compare(_MIRRORED.get(name, name), right, left, table)
    values = _operand(left, table)
    if _is_constant(right):
        return _with_constant(name, values, constant(right.unnest()))
    return _call(name, *_alike(values, _operand(right, table)))


def _call(name: str, left: Values, right: Values) -> Values:
    return pc.call_function(name, [left, right])


def _alike(left: Values, right: Values) -> tuple[Values, Values]:
    """Compare whole numbers with doubles as doubles, and truth values as numbers, since Arrow orders no booleans."""
    if types.is_boolean(left.type):
        return left.cast(pa.int8()), right.cast(pa.int8())
    if left.type != right.type:
        return left.cast(pa.float64(), safe=False), right.cast(pa.float64(), safe=False)
    return left, right


def _with_constant(name: str, values: Values, value: object) -> Values:
    if isinstance(value, Decimal):
        return _with_number(name, values, value)
    if types.is_timestamp(values.type):
        return _call(name, values, pa.scalar(instant(str(value)), pa.int64()).cast(INSTANT))
    return _call(name, values, pa.scalar(str(value)))


def _with_number(name: str, values: Values, number: Decimal) -> Values:
    if types.is_floating(values.type):
        return _call(name, values, pa.scalar(float(number)))
    if not _INT64[0] <= number <= _INT64[1]:
        return _call(name, values.cast(pa.float64(), safe=False), pa.scalar(float("inf" if number > 0 else "-inf")))
    if number != number.to_integral_value():
        if name in ("equal", "not_equal"):
            return _call(name, values.cast(pa.float64(), safe=False), pa.scalar(float("inf")))
        # No whole number lies between the constant and the next one, so that one may stand for it.
        low = name in ("less", "less_equal")
        name, rounding = ("less_equal", ROUND_FLOOR) if low else ("greater_equal", ROUND_CEILING)
        number = number.to_integral_value(rounding)
    return _call(name, values, pa.scalar(int(number), pa.int64()))
