"""Servers of their own processes, with a real Redis behind them."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import requests

import riskloom.serve  # noqa: F401 - before Feast, whose metrics would have counters kept in files
from riskloom.store.materialize import materialize
from riskloom.store.register import register
from riskloom.testing import servers
from tests.library.store.conftest import at, event, make_shop

__all__ = ["make_shop"]
READER, WRITER = "reader-0123456789abcdef", "writer-0123456789abcdef"
KEYS = f"scorer=read:{READER},stream=write:{WRITER}"
USERS = ["ann", "bob", "zoe"]
ASKED = {"feature_service": "user_v1", "entities": {"user_name": USERS}}
NOW = at(60).isoformat()


@contextmanager
def with_redis(folder, port=None):
    try:
        with servers.redis(folder, port) as found:
            yield found
    except servers.MissingServer as missing:
        pytest.skip(str(missing))


def on_redis(shop, port):
    path = shop.repo / "feature_store.yaml"
    sqlite = "type: sqlite\n    path: ../.riskloom/online.db"
    path.write_text(path.read_text().replace(sqlite, f'type: redis\n    connection_string: "127.0.0.1:{port}"'))


def fill(shop):
    shop.write([event(0), event(30, action="failed"), event(59, user_name="bob", device_id="d2")], at(60))
    register(shop.project)
    materialize(shop.project)


class Server:
    """A server of its own process."""

    def __init__(self, process, port, log):
        self.process, self.url, self.log = process, f"http://127.0.0.1:{port}", log

    def ask(self, body, key=READER, **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        bearer = {"Authorization": f"Bearer {key}"} if key else {}
        url = f"{self.url}/get-online-features"
        return requests.post(url, data=data, headers={**bearer, **headers}, timeout=10)

    def push(self, body, key=WRITER):
        return requests.post(f"{self.url}/push", json=body, headers={"X-API-Key": key}, timeout=10)

    def get(self, path):
        return requests.get(self.url + path, timeout=10)


@contextmanager
def serving(shop, folder, *options, keys=KEYS):
    port, log = servers.free_port(), folder / "log"
    command = [sys.executable, "-c", "from riskloom.cli import main; main()", "--project", str(shop.root), "serve"]

    def ready():
        try:
            return requests.get(f"http://127.0.0.1:{port}/ready", timeout=1).status_code == 200
        except requests.ConnectionError:
            return False

    with log.open("wb") as output:
        given = {"stdout": output, "stderr": output, "env": {**os.environ, "RISKLOOM_API_KEYS": keys}}
        arguments = [*command, "--port", str(port), "--refresh", "0.3", *options]
        with servers.running(arguments, ready, **given) as process:
            yield Server(process, port, log)


@dataclass
class Answer:
    """What an application answered."""

    status_code: int
    headers: dict[str, str]
    body: bytes

    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode()


class Caller:
    """Calls an application in this process, as a server does."""

    def __init__(self, application):
        self.application = application

    def ask(self, body, key=READER, **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        bearer = {"authorization": f"Bearer {key}"} if key else {}
        return self.call("POST", "/get-online-features", data, {**bearer, **headers})

    def push(self, body, key=WRITER):
        return self.call("POST", "/push", json.dumps(body).encode(), {"x-api-key": key})

    def get(self, path):
        return self.call("GET", path, b"", {})

    def call(self, method, path, body, headers):
        sent = []

        async def receive():
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message):
            sent.append(message)

        pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "path": path, "method": method, "headers": pairs}
        asyncio.run(self.application(scope, receive, send))
        start, content = sent
        found = {name.decode(): value.decode() for name, value in start["headers"]}
        return Answer(start["status"], found, content["body"])


def application_of(repo, body=100_000, **others):
    """Make an application over a feature repository; nothing is read yet."""
    from riskloom.serve.app import Application
    from riskloom.serve.keys import Keys, parse
    from riskloom.serve.options import Options

    options = Options(repo=str(repo), body=body, features=20, **others)
    return Application(options, Keys(parse(key, "a test") for key in KEYS.split(",")))


def calling(repo, **others):
    """Call an application that has read its registry."""
    made = Caller(application_of(repo, **others))
    made.application.load()
    return made


def name_by_device(shop):
    """Have an event's device be its id."""
    shop.edit('transform="logins:to_events",', 'transform="logins:to_events", event_id=("device_id",),')


@pytest.fixture(scope="module")
def caller(make_shop):
    shop = make_shop()
    name_by_device(shop)
    fill(shop)
    made = calling(shop.repo)
    made.repo = shop.repo
    return made


def in_seconds(found):
    """Give what Feast gives, with instants as its JSON carries them."""
    return {
        name: [int(value.timestamp()) if hasattr(value, "timestamp") else value for value in values]
        for name, values in found.to_dict().items()
    }


def columns(answer):
    body = answer.json()
    return dict(zip(body["metadata"]["feature_names"], body["results"], strict=True))
