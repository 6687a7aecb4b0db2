"""Drift: in what the fields of a source's records differ from its declaration, counted while they are read.

A counter's name is a kind and a field: ``new:<field>``, which no column takes; ``alias:<field>``, where a column's
first field was not there and this one was; ``retyped:<column>``, where JSON writes text, a number or a truth and the
column is of another type; ``missing:<column>``, without a value.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pyarrow as pa

    from riskloom.extract.formats.plan import Plan

NEW, ALIAS, RETYPED, MISSING = KINDS = ("new", "alias", "retyped", "missing")
OTHER, MISSING_REQUIRED = "<other>", "missing_required"
MOST_NAMES = 100
# How JSON writes what each type of column holds; times are written as text and as numbers.
TEXT, NUMBER, TRUTH, NESTED = "text", "number", "truth", "nested"
WRITTEN_AS = {"string": TEXT, "int64": NUMBER, "float64": NUMBER, "bool": TRUTH}
# Of application text and of a clock that was ahead: put there by the reading, not by a field of theirs.
_OWN = frozenset({"trace", "event_ts_raw"})
_NAME = re.compile(r"[@$]?[^\W\d][\w.$:/\[\]-]{0,63}")
_MOST_DIGITS = 4


@lru_cache(maxsize=4096)
def shown(name: str) -> str:
    """Give a field's name, or one that stands for it: what is no plain name may be somebody's address or number.

    Example:
        >>> [shown(name) for name in ("geo.city", "@version", "ann@example.com", "call me", "u4471902")]
        ['geo.city', '@version', '<other>', '<other>', '<other>']
    """
    plain = _NAME.fullmatch(name) is not None and sum(sign.isdigit() for sign in name) <= _MOST_DIGITS
    return name if plain else OTHER


class Drift:
    """Counters of what was read so far; their number is bounded.

    Args:
        plan: The columns.
    """

    def __init__(self, plan: Plan) -> None:
        self._columns = tuple(column.name for column in plan.columns)
        self._counts: Counter[str] = Counter()

    def read(self, table: pa.Table) -> None:
        """Count the new fields of rows, and the values that are missing.

        Args:
            table: As ``frames.schema`` has it; rows that are no events have neither values nor fields.
        """
        events = table.num_rows - table["event_ts"].null_count
        for name in self._columns:
            self._counts[f"{MISSING}:{name}"] += events - (table.num_rows - table[name].null_count)
        for chunk in table["extras"].chunks:
            for found in pc.value_counts(_keys(chunk)).to_pylist():
                if found["values"] not in _OWN:
                    self._counts[f"{NEW}:{shown(found['values'])}"] += found["counts"]
        self._counts = bounded(self._counts)

    def noted(self, counters: Iterable[str] | Mapping[str, int]) -> None:
        """Count what was noted record by record, or add counts."""
        self._counts.update(counters)

    @property
    def counts(self) -> dict[str, int]:
        """The counters that are not zero."""
        return {name: count for name, count in self._counts.items() if count}


def bounded(counts: Counter[str]) -> Counter[str]:
    """Keep the new fields that come most often, and count the others together.

    Example:
        >>> many = Counter({f"new:f{number}": number for number in range(1, 200)} | {"missing:a": 1})
        >>> kept = bounded(many)
        >>> len(kept), kept["new:<other>"], kept["missing:a"]
        (102, 4950, 1)
    """
    fresh = sorted((name for name in counts if name.startswith(f"{NEW}:")), key=lambda name: (-counts[name], name))
    rest = [name for name in fresh if name != f"{NEW}:{OTHER}"][MOST_NAMES:]
    if not rest:
        return counts
    kept = Counter({name: count for name, count in counts.items() if name not in set(rest)})
    kept[f"{NEW}:{OTHER}"] += sum(counts[name] for name in rest)
    return kept


def _keys(extras: pa.MapArray) -> pa.Array:
    """Give the keys of a map's rows, also where it is a piece of a longer one."""
    first, last = extras.offsets[0].as_py(), extras.offsets[len(extras)].as_py()
    return extras.keys.slice(first, last - first)


def with_refused(drift: Mapping[str, int], reasons: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Add the records that were refused since a required column had no value.

    Example:
        >>> with_refused({"missing:a": 1}, [{"missing_required:a": 2, "bad_json": 1}])
        {'missing:a': 3}
    """
    counts = Counter(drift)
    for refused in reasons:
        for reason, count in refused.items():
            code, _, column = reason.partition(":")
            if code == MISSING_REQUIRED:
                counts[f"{MISSING}:{column}"] += count
    return dict(sorted(counts.items()))
