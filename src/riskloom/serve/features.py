"""What a server answers from: the registry as it was read last, and the store behind a breaker."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from feast import proto_json
from feast.errors import FeastError, FeatureNameCollisionError

from riskloom.errors import PrivacyError, RequestError, RiskloomError, StoreError
from riskloom.serve import by_feast, wire
from riskloom.store.client import OnlineFeatures
from riskloom.store.inner.postgres import PostgresStates
from riskloom.store.inner.sqlite import SqliteStates
from riskloom.store.online import windowed
from riskloom.store.repo import open_store
from riskloom.store.requests import Requests, keys_of
from riskloom.tokens import Ring

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from feast import FeatureService, FeatureStore

    from riskloom.serve.by_feast import Answers, Count
    from riskloom.serve.wire import Ask
    from riskloom.store.evaluate import Answer
    from riskloom.store.online import RiskloomOnlineStore
    from riskloom.store.push import Outcome
    from riskloom.store.requests import Request

    Columns = Mapping[str, Sequence[Any]]

# After a failed read, how long others are refused without trying.
_PAUSE_S = 0.25
_PATIENCE_S = 0.5
# A batch that writes to SQLite holds its readers up for about a second.
_LONGER_S = 2.0


class Features:
    """Answers requests from a feature repository.

    Args:
        repo: Folder that holds ``feature_store.yaml``.
    """

    def __init__(self, repo: Path | str) -> None:
        proto_json.patch()
        self._store: FeatureStore = open_store(repo)
        _impatient(self._store.config.online_store.inner)
        self._online: RiskloomOnlineStore = self._store.provider.online_store
        self.views = self._online.views(self._store.config)
        if isinstance(self.views.states, SqliteStates | PostgresStates):
            self.views.states.patience = _LONGER_S
        self._client = OnlineFeatures(self._store)
        self._requests = Requests(lambda table: self._online.plan_of(table) if windowed(table) else None)
        self._known: dict[tuple[Any, ...], tuple[Request, bytes] | None] = {}
        self._seen, self._stale = b"", 0.0
        self._away: tuple[float, str] = (0.0, "")

    def refresh(self) -> bool:
        """Read the registry again, and say whether it is another; requests go on with what they have."""
        found = self._store.registry.proto().SerializeToString(deterministic=True)
        changed, now = bool(found != self._seen), time.monotonic()
        if changed or now >= self._stale:
            # Feast's own copy is read once more, before it gets so old that a request would do it.
            self._store.refresh_registry()
            lifetime = self._store.config.registry.cache_ttl_seconds
            self._stale = now + lifetime / 2 if lifetime else math.inf
        if changed:
            self._seen, self._known = found, {}
        return changed

    def names(self) -> list[str]:
        """Name the windowed views that are registered."""
        found = self._store.registry.list_feature_views(self._store.project, allow_cache=True)
        return [view.name for view in found if windowed(view)]

    def ready(self) -> str:
        """Say why nothing can be answered; empty where all is well."""
        try:
            for name in self.names()[:1]:
                self.views.read_mark(name)
        except RiskloomError as error:
            return str(error)
        return ""

    def find(self, ask: Ask) -> tuple[Request, bytes] | None:
        """Give what a request asks for, worked out once for each state of the registry.

        Returns:
            It, and the head of its answers; None where it needs more than windowed views.

        Raises:
            RequestError: A service, a view or a feature is unknown, or two features have one name.
        """
        key = (ask.service, ask.features, ask.full)
        known = self._known
        if key not in known:
            asked = self._asked(ask)
            try:
                made = self._requests.resolve(self._store.registry, self._store.project, asked, full=ask.full)
            except FeastError as error:
                raise _of_feast(error) from error
            if len(known) >= _MOST_KNOWN:
                known.clear()
            known[key] = None if made is None else (made, wire.head(made))
        return known[key]

    def answer(self, request: Request, ask: Ask) -> list[Answer]:
        """Read windowed views.

        Raises:
            RequestError: A key is unknown, missing or of another type, or the store is away.
        """
        _check(request.keys, request.misfit, ask)
        self._guard()
        try:
            return request.read(self.views, ask.entities, ask.at)
        except StoreError as error:
            raise self._told(error) from error
        except PrivacyError as error:
            raise _of_privacy(error) from error

    def push(self, name: str, events: list[dict[str, Any]]) -> list[Outcome]:
        """Let events count in later reads; to be called in a thread.

        Raises:
            RequestError: An event is not what its source declares, nothing has the name, or the store is away.
        """
        self._guard()
        try:
            return self._client.push(name, events)
        except StoreError as error:
            raise (self._told(error) if error.away else RequestError.shape(str(error))) from error
        except PrivacyError as error:
            raise _of_privacy(error) from error
        except RiskloomError as error:
            raise RequestError.shape(str(error)) from error

    def other(self, ask: Ask) -> tuple[bytes, list[Count], Answers]:
        """Answer a request for plain views or on-demand features, by Feast's own way; to be called in a thread.

        Returns:
            The body, a count a stored view, and what was read of the windowed ones.

        Raises:
            RequestError: Feast refuses it, or the store is away.
        """
        keys = keys_of(self._store.registry, self._store.project, self._asked(ask), full=ask.full)
        own = {name: values for name, values in ask.entities.items() if name not in keys.given}
        _check(keys.keys, keys.misfit, replace(ask, entities=own))
        self._guard()
        try:
            return by_feast.answer(self._store, self.views, self._asked(ask), ask)
        except StoreError as error:
            raise self._told(error) from error
        except PrivacyError as error:
            raise _of_privacy(error) from error
        except FeastError as error:
            raise _of_feast(error) from error
        except (ValueError, KeyError, TypeError) as error:
            raise RequestError.shape(f"Feast refuses the request: {error}") from error

    def _asked(self, ask: Ask) -> list[str] | FeatureService:
        store = self._store
        if ask.service:
            services = {
                found.name: found for found in store.registry.list_feature_services(store.project, allow_cache=True)
            }
            if ask.service not in services:
                raise RequestError.unknown("service", ask.service, services)
            return services[ask.service]
        views = {view.name: view for view in store.registry.list_all_feature_views(store.project, allow_cache=True)}
        for reference in ask.features:
            name, colon, feature = reference.partition(":")
            if not colon:
                raise RequestError.shape(f"{reference!r} names no view. Write view:feature.")
            name = name.partition("@")[0]
            if name not in views:
                raise RequestError.unknown("view", name, views)
            own = [field.name for field in views[name].features]
            if feature not in own:
                raise RequestError.unknown(f"feature of view {name!r}", feature, own)
        return list(dict.fromkeys(ask.features))

    def _guard(self) -> None:
        """Refuse at once while the store was away a moment ago: waiting for it would hold up all others."""
        until, why = self._away
        if until and time.monotonic() < until:
            raise RequestError.away(why)

    def _told(self, error: StoreError) -> RequestError:
        if error.away:
            self._away = (time.monotonic() + _PAUSE_S, str(error))
            return RequestError.away(str(error))
        return RequestError.refused(409, str(error))

    async def close(self) -> None:
        """Close the store."""
        await self._online.close()


def _of_feast(error: FeastError) -> RequestError:
    """Refuse a request in Feast's words; what it calls a server's error is a request that it does not understand."""
    if isinstance(error, FeatureNameCollisionError):
        return RequestError.shape("features of two views have one name. Ask for full_feature_names: true.")
    status = error.http_status_code()
    return RequestError.refused(status if status < HTTPStatus.INTERNAL_SERVER_ERROR else 422, str(error))


def _of_privacy(error: PrivacyError) -> RequestError:
    """Refuse a key that is a token of nobody's; where the server itself has no keys for tokens, say so."""
    with suppress(PrivacyError):
        if Ring.of_environment() is not None:
            return RequestError.shape(str(error))
    return RequestError.away(str(error))


def _impatient(inner: dict[str, Any]) -> None:
    """Let a Redis that does not answer be given up soon, unless the repository says for how long to wait."""
    place = str(inner.get("connection_string", "localhost:6379"))
    if inner["type"] == "redis" and "socket_timeout" not in place:
        # Its client would otherwise try again and again, ever more slowly, while all others wait.
        bounds = f"socket_timeout={_PATIENCE_S},socket_connect_timeout={_PATIENCE_S},retry=null"
        inner["connection_string"] = f"{place},{bounds}"


_MOST_KNOWN = 1_000


def _check(keys: Mapping[str, str], misfit: Callable[[Columns], tuple[str, object] | None], ask: Ask) -> None:
    """Refuse entities whose keys are not those of the views."""
    if ask.entities.keys() != keys.keys():
        for key in ask.entities:
            if key not in keys:
                raise RequestError.unknown("key", key, keys)
        missing = next(key for key in keys if key not in ask.entities)
        raise RequestError.shape(f"entities has no {missing!r}, which the views are keyed by. Give its values.")
    wrong = misfit(ask.entities)
    if wrong is not None:
        key, value = wrong
        if value is None:
            raise RequestError.shape(str(StoreError.null_key(key)))
        raise RequestError.shape(f"key {key!r} is {keys[key]}, but a value of it is {_kind(value)}.")


def _kind(value: object) -> str:
    """Say what a JSON value is, and not which."""
    if isinstance(value, int) and not isinstance(value, bool):
        return "a whole number" if -(2**63) <= value < 2**63 else "a number beyond 64 bits"
    names = {str: "a text", bool: "true or false", float: "a fraction", list: "a list", dict: "an object"}
    return names[type(value)]
