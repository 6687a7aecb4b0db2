"""The server as an ASGI application: paths, keys, limits and errors around what is read."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from riskloom.errors import RequestError
from riskloom.lake.paths import Lake
from riskloom.serve import openapi, wire
from riskloom.serve.features import Features
from riskloom.serve.keys import READ, WRITE, Keys
from riskloom.serve.options import Options
from riskloom.serve.sample import Sample
from riskloom.serve.telemetry import Telemetry
from riskloom.store.push import RECENT_FULL
from riskloom.tokens import Ring

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Message = dict[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Reply = tuple[int, bytes, bytes]

_JSON, _TEXT = b"application/json", b"text/plain; version=0.0.4; charset=utf-8"
_FLUSH_S = 0.2
_METHOD = 405
FEATURES, PUSH = "/get-online-features", "/push"
logger = logging.getLogger(__name__)


class Disconnected(Exception):  # noqa: N818 - it is what happened, and no error of anybody's
    """The caller went away before its request was whole."""


class Application:
    """Answers HTTP requests.

    Args:
        options: What the server was started with.
        keys: The keys that it knows.
    """

    def __init__(self, options: Options, keys: Keys) -> None:
        self._options, self._keys = options, keys
        self._features: Features | None = None
        self._telemetry = Telemetry(shared=options.workers > 1)
        self._sample = _sample(options, self._telemetry)
        self._tasks: list[asyncio.Task[None]] = []
        self._routes: dict[str, tuple[str, Callable[[Call], Awaitable[Reply]]]] = {
            FEATURES: ("POST", self._get_online_features),
            PUSH: ("POST", self._push),
            "/health": ("GET", self._health),
            "/ready": ("GET", self._ready),
            "/metrics": ("GET", self._metrics),
            "/openapi.json": ("GET", self._openapi),
        }

    def load(self) -> bool:
        """Read the registry, and say whether it is another than before; what is being answered goes on."""
        if self._features is not None:
            return self._features.refresh()
        made = Features(self._options.repo)
        made.refresh()
        self._features = made
        return True

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one connection's message, as ASGI has it."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _http(self, scope: Message, receive: Receive, send: Send) -> None:
        begun = time.perf_counter()
        call = Call(scope, receive)
        known = scope["path"] in self._routes
        more: tuple[tuple[bytes, bytes], ...] = ()
        try:
            status, kind, body = await self._route(scope["path"], scope["method"])(call)
        except RequestError as error:
            status, kind, body = error.status, _JSON, orjson.dumps({"detail": str(error)})
            more = _HINTS.get(status, ())
            if status == _METHOD:
                more = ((b"allow", self._routes[scope["path"]][0].encode()),)
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001 - whatever fails, the caller is told so
            # What an error says may quote a key or a value: its kind and its place are logged.
            where = "".join(traceback.format_tb(error.__traceback__))
            logger.error("%s failed: %s\n%s", scope["path"] if known else "a request", type(error).__name__, where)  # noqa: TRY400 - as above
            failed = RequestError.failed()
            status, kind, body = failed.status, _JSON, orjson.dumps({"detail": str(failed)})
        headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), *more]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        seconds = time.perf_counter() - begun
        if scope["path"] == FEATURES:
            self._telemetry.latency.observe(seconds)
        path = scope["path"] if known else "other"
        self._telemetry.ended(path, status, seconds, call.key, call.asked, call.entities)

    def _route(self, path: str, method: str) -> Callable[[Call], Awaitable[Reply]]:
        if path not in self._routes:
            raise RequestError.unknown_path(self._routes)
        allowed, answer = self._routes[path]
        if method != allowed:
            raise RequestError.method(allowed)
        return answer

    async def _get_online_features(self, call: Call) -> Reply:
        key = self._keys.check(call.header(b"authorization"), call.header(b"x-api-key"), READ)
        call.key = key.name if key else ""
        ask = wire.read(await call.body(self._options), call.header(b"x-riskloom-at"), self._options)
        call.entities = ask.size
        features = self._served()
        found = features.find(ask)
        # A name that the registry does not hold may be anything, and is not logged.
        call.asked = ask.service or f"{len(ask.features)} features"
        if found is None:
            body, counts, read = await asyncio.to_thread(features.other, ask)
            self._telemetry.counted(counts)
            if self._sample is not None and self._sample.drawn():
                self._sample.take(ask.service, read)
            return 200, _JSON, body
        request, head = found
        answers = features.answer(request, ask)
        self._telemetry.answered(request, answers)
        if self._sample is not None and self._sample.drawn():
            self._sample.take(ask.service, list(zip(request.asked(ask.entities), answers, strict=True)))
        return 200, _JSON, wire.write(request, head, ask, answers)

    async def _push(self, call: Call) -> Reply:
        key = self._keys.check(call.header(b"authorization"), call.header(b"x-api-key"), WRITE)
        call.key = key.name if key else ""
        call.asked = "push"
        name, events = wire.read_push(await call.body(self._options), self._options)
        call.entities = len(events)
        outcomes = await asyncio.to_thread(self._served().push, name, events)
        self._telemetry.pushed(outcomes)
        told: dict[str, Any] = {"outcomes": [outcome._asdict() for outcome in outcomes]}
        refused = [outcome.status for outcome in outcomes if outcome.refused]
        if refused:
            reasons = ", ".join(sorted(set(refused)))
            told["detail"] = f"{len(refused)} of {len(outcomes)} are refused: {reasons}. Their log brings these events."
        status = 200 if not refused else 429 if RECENT_FULL in refused else 409
        return status, _JSON, orjson.dumps(told)

    def _served(self) -> Features:
        if self._features is None:
            raise RequestError.away("the registry has not been read yet. Try again in a moment.")
        return self._features

    async def _health(self, _: Call) -> Reply:
        return 200, _JSON, b'{"status":"healthy"}'

    async def _ready(self, _: Call) -> Reply:
        why = await asyncio.to_thread(self._served().ready)
        if why:
            raise RequestError.away(why)
        return 200, _JSON, b'{"status":"ready"}'

    async def _metrics(self, _: Call) -> Reply:
        return 200, _TEXT, await asyncio.to_thread(self._telemetry.exposed)

    async def _openapi(self, _: Call) -> Reply:
        return 200, _JSON, orjson.dumps(openapi.document(self._options, secured=bool(self._keys)))

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        # No connection is taken before there is something to answer from; a registry that is away is tried on.
        await self._try_load()
        if self._sample is not None:
            self._sample.start()
        self._tasks = [asyncio.create_task(self._refresh()), asyncio.create_task(self._flush())]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        if self._features is not None:
            await self._features.close()
        if self._sample is not None:
            await asyncio.to_thread(self._sample.close, self._options.deadline)
        self._telemetry.flush()
        await send({"type": "lifespan.shutdown.complete"})

    async def _refresh(self) -> None:
        """Read the registry again and again; while it is away, requests go on with what was read."""
        while True:
            await asyncio.sleep(self._options.refresh)
            await self._try_load()

    async def _try_load(self) -> None:
        try:
            if await asyncio.to_thread(self.load):
                logger.info("the registry has changed")
        except Exception:
            logger.exception("the registry cannot be read; trying again")

    async def _flush(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH_S)
            self._telemetry.flush()


class Call:
    """One request, and what its log line says of it."""

    __slots__ = ("_receive", "_scope", "asked", "entities", "key")

    def __init__(self, scope: Message, receive: Receive) -> None:
        self._scope, self._receive = scope, receive
        self.key = self.asked = ""
        self.entities = 0

    def header(self, name: bytes) -> bytes | None:
        """Give a header's value; None where it is not there."""
        for found, value in self._scope["headers"]:
            if found == name:
                return bytes(value)
        return None

    async def body(self, options: Options) -> bytes:
        """Receive the body.

        Raises:
            RequestError: It is larger than allowed, or does not come.
            Disconnected: The caller went away.
        """
        length = self.header(b"content-length")
        if length is not None and int(length) > options.body:
            raise RequestError.too_large(options.body)
        message = await self._receive()
        if message["type"] == "http.request" and not message.get("more_body"):
            whole: bytes = message.get("body", b"")
            return self._checked(whole, options)
        try:
            async with asyncio.timeout(options.deadline):
                return await self._rest(message, options)
        except TimeoutError as error:
            raise RequestError.too_slow(options.deadline) from error

    async def _rest(self, message: Message, options: Options) -> bytes:
        parts = b""
        while True:
            if message["type"] == "http.disconnect":
                raise Disconnected
            parts = self._checked(parts + message.get("body", b""), options)
            if not message.get("more_body"):
                return parts
            message = await self._receive()

    @staticmethod
    def _checked(body: bytes, options: Options) -> bytes:
        if len(body) > options.body:
            raise RequestError.too_large(options.body)
        return body


_HINTS = {
    401: ((b"www-authenticate", b"Bearer"),),
    # What is left of the body is not read.
    408: ((b"connection", b"close"),),
    413: ((b"connection", b"close"),),
    503: ((b"retry-after", b"1"),),
}


def _sample(options: Options, telemetry: Telemetry) -> Sample | None:
    if not options.served_share:
        return None
    return Sample(Lake(Path(options.lake)), Ring.required("the sample of what is served"), options, telemetry.served)


def create() -> Application:
    """Make the application of a worker, as it was told to the server."""
    options = Options.published()
    return Application(options, Keys.load(options.keys))
