"""Answers requests for plain views and on-demand features by Feast's own way, at one instant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from feast import FeatureService
from feast.protos.feast.serving.ServingService_pb2 import FieldStatus
from google.protobuf.json_format import MessageToDict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from feast import FeatureStore

    from riskloom.serve.wire import Ask
    from riskloom.store.evaluate import Answer
    from riskloom.store.views import Asked, Views

    Answers = list[tuple[Asked, Answer]]

_FILLED: dict[str, list[Any]] = {"values": [], "statuses": [], "event_timestamps": []}


class Count:
    """How many entities of a request have something in a view, and how many have nothing."""

    __slots__ = ("hits", "misses", "view")

    def __init__(self, view: str, statuses: list[int]) -> None:
        self.view, self.misses = view, sum(status == FieldStatus.NOT_FOUND for status in statuses)
        self.hits = len(statuses) - self.misses


def answer(
    store: FeatureStore, views: Views, asked: list[str] | FeatureService, ask: Ask
) -> tuple[bytes, list[Count], Answers]:
    """Answer a request.

    Args:
        store: Feast's.
        views: The windowed views, whose clock all views are read by.
        asked: References of features, or the service.
        ask: The request.

    Returns:
        The body, a count a stored view, and what was read of the windowed ones.
    """
    with views.reading_at(ask.at) as reading:
        found = store.get_online_features(features=asked, entity_rows=ask.entities, full_feature_names=ask.full)
    message = found.proto
    stored = {view.name for view in store.registry.list_all_feature_views(store.project, allow_cache=True)}
    stored -= {view.name for view in store.registry.list_on_demand_feature_views(store.project, allow_cache=True)}
    owners = dict(_owners(asked, full=ask.full))
    first: dict[str, Count] = {}
    for name, vector in zip(message.metadata.feature_names.val, message.results, strict=True):
        view = owners.get(name, "")
        if view in stored and view not in first:
            first[view] = Count(view, list(vector.statuses))
    data = MessageToDict(message, preserving_proto_field_name=True)
    results = [{**_FILLED, **result} for result in data.get("results", ())]
    body = orjson.dumps({"metadata": data["metadata"], "results": results})
    return body, list(first.values()), reading.answers


def _owners(asked: list[str] | FeatureService, *, full: bool) -> Iterator[tuple[str, str]]:
    """Name the view of each output."""
    if isinstance(asked, FeatureService):
        for projection in asked.feature_view_projections:
            prefix = f"{projection.name_to_use()}__" if full else ""
            yield from ((prefix + feature.name, projection.name) for feature in projection.features)
        return
    for reference in asked:
        view, _, feature = reference.partition(":")
        name = view.partition("@")[0]
        yield (f"{name}__{feature}" if full else feature), name
