"""Plain Feast's ``get_online_features`` over windowed views, without what it works out anew for each call.

What a request asks for is resolved by Feast once for each state of its registry. Its answer holds the values, and makes
Feast's messages of them only where somebody asks for those.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from feast import utils
from feast.infra.online_stores.online_store import OnlineStore
from feast.online_response import OnlineResponse
from feast.protos.feast.serving.ServingService_pb2 import FieldStatus, GetOnlineFeaturesResponse
from google.protobuf.timestamp_pb2 import Timestamp

from riskloom.store.response import fill
from riskloom.store.values import DTYPES, to_value
from riskloom.store.views import Asked

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from feast import FeatureService, FeatureView
    from feast.infra.registry.base_registry import BaseRegistry

    from riskloom.store.evaluate import Answer, Plan
    from riskloom.store.views import Views

_KINDS: dict[str, type] = {"string": str, "int64": int}
_INT64 = range(-(2**63), 2**63)
# Feast gives these back as they are; others it turns into something else on the way.
_PLAIN = frozenset({"string", "int64", "float64", "bool"})


@dataclass(frozen=True, slots=True)
class Part:
    """One view of a request.

    Attributes:
        plan: The view.
        names: Features wanted.
        outputs: Their names in the answer.
        prefix: What those have before a feature's own name.
        plain: Whether Feast gives all of their values back as they are.
    """

    plan: Plan
    names: tuple[str, ...]
    outputs: tuple[str, ...]
    prefix: str
    plain: bool


class Request:
    """A request that needs nothing but windowed views.

    Args:
        parts: Its views, with the features wanted of each.
        types: Feast's types of its columns, as its own answers carry them.

    Attributes:
        parts: Its views.
        keys: Type of each key.
    """

    def __init__(self, parts: Sequence[Part], types: Mapping[str, Any]) -> None:
        self.parts, self._types = parts, types
        self.keys = {column: dtype for part in parts for column, dtype in part.plan.view.entity.keys}
        self._checks = [(column, _KINDS[dtype]) for column, dtype in self.keys.items()]

    def answer(self, views: Views, rows: Any) -> OnlineResponse | None:  # noqa: ANN401 - whatever a caller of Feast passed
        """Answer rows of keys; None where they are anything but native values of exactly these keys."""
        if not isinstance(rows, list) or not rows:
            return None
        columns: dict[str, list[Any]] = {}
        for column, kind in self._checks:
            try:
                columns[column] = values = [row[column] for row in rows]
            except (KeyError, TypeError):
                return None
            if not all(type(value) is kind and (kind is str or value in _INT64) for value in values):
                return None
        if any(len(row) != len(self._checks) for row in rows):
            return None
        return _Response(self.parts, self.keys, columns, self.read(views, columns, None), self._types)

    def read(self, views: Views, columns: Mapping[str, Sequence[Any]], at: int | None) -> list[Answer]:
        """Read features of entities whose keys are values of the declared types.

        Args:
            views: Where they are kept.
            columns: A value an entity, by key.
            at: Microseconds since the epoch; None for what the clock says.
        """
        return views.answers(self.asked(columns), at)

    def asked(self, columns: Mapping[str, Sequence[Any]]) -> list[Asked]:
        """Say what is asked of each view."""
        asked = []
        for part in self.parts:
            keys = zip(*(columns[key] for key, _ in part.plan.view.entity.keys), strict=True)
            asked.append(Asked(part.plan, list(keys), part.names))
        return asked

    def misfit(self, columns: Mapping[str, Sequence[Any]]) -> tuple[str, object] | None:
        """Give a key and a value of it that is of another type than declared; None where all are right."""
        return _misfit(self._checks, columns)


class Keys(NamedTuple):
    """What a request of any kind must name.

    Attributes:
        keys: Type of each key.
        given: Names of the values that on-demand views take from the request.
    """

    keys: Mapping[str, str]
    given: Collection[str]

    def misfit(self, columns: Mapping[str, Sequence[Any]]) -> tuple[str, object] | None:
        """Give a key and a value of it that is of another type than declared; None where all are right."""
        return _misfit([(key, _KINDS[dtype]) for key, dtype in self.keys.items() if dtype in _KINDS], columns)


def _misfit(checks: Sequence[tuple[str, type]], columns: Mapping[str, Sequence[Any]]) -> tuple[str, object] | None:
    for column, kind in checks:
        for value in columns[column]:
            if type(value) is not kind or (kind is int and value not in _INT64):
                return column, value
    return None


def keys_of(registry: BaseRegistry, project: str, features: list[str] | FeatureService, *, full: bool) -> Keys:
    """Say what a request of any kind must name."""
    context = utils._get_cached_request_context(registry, project, features, full)  # noqa: SLF001 - Feast has no other way
    _, _, _, _, _, grouped, _, given, _ = context
    keys = {
        (table.projection.join_key_map or {}).get(column.name, column.name): DTYPES.get(column.dtype, str(column.dtype))
        for table, _ in grouped
        for column in table.entity_columns
    }
    return Keys(keys, given)


class _Response(OnlineResponse):
    """Feast's answer, with its messages made where they are asked for."""

    def __init__(
        self,
        parts: Sequence[Part],
        keys: Mapping[str, str],
        columns: dict[str, list[Any]],
        answers: Sequence[Answer],
        types: Mapping[str, Any],
    ) -> None:
        self._parts, self._keys, self._columns, self._answers = parts, keys, columns, answers
        self._feature_types = types

    @cached_property
    def proto(self) -> GetOnlineFeaturesResponse:
        """The answer as Feast's message."""
        message = GetOnlineFeaturesResponse(results=[])
        size = len(self._answers[0].rows)
        for column, values in self._columns.items():
            message.metadata.feature_names.val.append(column)
            message.results.append(
                GetOnlineFeaturesResponse.FeatureVector(
                    values=[to_value(value, self._keys[column]) for value in values],
                    statuses=[FieldStatus.PRESENT] * size,
                    event_timestamps=[Timestamp()] * size,
                )
            )
        places = [[place] for place in range(size)]
        for part, answer in zip(self._parts, self._answers, strict=True):
            fill(message, part.prefix, part.plan, part.names, answer, places, size)
        return message

    def to_dict(self, include_event_timestamps: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 - Feast's
        """Give columns by name, as Feast does."""
        if include_event_timestamps or not all(part.plain for part in self._parts):
            found: dict[str, Any] = super().to_dict(include_event_timestamps)
            return found
        columns = dict(self._columns)
        for part, answer in zip(self._parts, self._answers, strict=True):
            values = [list(column) for column in zip(*(row.values for row in answer.rows), strict=True)]
            columns.update(zip(part.outputs, values, strict=True))
        return columns


class Requests:
    """What requests ask for, resolved once for each state of a registry.

    Args:
        plan_of: Gives the plan of a Feast view; None for one that is not windowed.
    """

    def __init__(self, plan_of: Callable[[FeatureView], Plan | None]) -> None:
        self._plan_of = plan_of
        self._known: dict[tuple[Any, ...], Request | None] = {}
        self._seen: tuple[Any, ...] = ()

    def find(
        self, registry: BaseRegistry, project: str, features: list[str] | FeatureService, *, full: bool
    ) -> Request | None:
        """Give what a request asks for; None where it needs more than windowed views."""
        made = getattr(registry, "cached_registry_proto_created", None)
        if made is None or not registry.is_cache_valid() or getattr(features, "precompute_online", False):
            return None
        if self._seen != (id(registry), made):
            self._known, self._seen = {}, (id(registry), made)
        key = (project, full, tuple(features) if isinstance(features, list) else (features.name,))
        if key not in self._known:
            self._known[key] = self.resolve(registry, project, features, full=full)
        return self._known[key]

    def resolve(
        self, registry: BaseRegistry, project: str, features: list[str] | FeatureService, *, full: bool
    ) -> Request | None:
        """Work out what a request asks for; None where it needs more than windowed views."""
        context = utils._get_cached_request_context(registry, project, features, full)  # noqa: SLF001 - Feast has no other way
        _, on_demand, _, _, _, grouped, _, needed, entityless = context
        plans = [plan for table, _ in grouped if (plan := self._plan_of(table)) is not None]
        renamed = any(table.projection.join_key_map for table, _ in grouped)
        if on_demand or needed or entityless or renamed or not grouped or len(plans) != len(grouped):
            return None
        parts = []
        for (table, names), plan in zip(grouped, plans, strict=True):
            prefix = f"{table.projection.name_to_use()}__" if full else ""
            # Feast groups references without an order; the declaration has one.
            ordered = tuple(name for name in plan.features if name in names)
            plain = _PLAIN.issuperset(plan.features[name].dtype for name in ordered)
            parts.append(Part(plan, ordered, tuple(prefix + name for name in ordered), prefix, plain))
        return Request(parts, OnlineStore._build_feature_types(grouped))  # noqa: SLF001 - as above
