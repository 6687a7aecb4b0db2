"""The feature server as its callers meet it: over HTTP, with a real Redis behind a network that can be cut."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from contextlib import ExitStack

import pytest
from redis import Redis

from riskloom.lake import served, tables
from riskloom.lake.paths import Lake
from riskloom.store.materialize import materialize
from riskloom.store.register import register
from riskloom.store.repo import open_store
from riskloom.testing import servers
from riskloom.testing.cut import relay
from riskloom.tokens import KEYS
from tests.library.serve.conftest import (
    ASKED,
    NOW,
    READER,
    USERS,
    columns,
    fill,
    in_seconds,
    name_by_device,
    on_redis,
    serving,
    with_redis,
)
from tests.library.store.conftest import at

pytestmark = [pytest.mark.feast, pytest.mark.server]
COUNTS = [2, 1, 0]


class Stage:
    """A Redis that can be stopped, a network to it that can be cut, and a server behind that."""

    def __init__(self, shop, folder, stack):
        self.shop, self.folder, self._redis = shop, folder, ExitStack()
        self.port = servers.free_port()
        stack.push(self._redis)
        self.start()
        self.network = stack.enter_context(relay(self.port))
        on_redis(shop, self.network.port)
        fill(shop)
        options = ("--max-body", "100000", "--max-features", "20")
        self.server = stack.enter_context(serving(shop, folder, *options))

    def start(self):
        self._redis.enter_context(with_redis(self.folder, self.port))

    def stop(self):
        self._redis.close()


@pytest.fixture(scope="module")
def stage(make_shop, tmp_path_factory):
    with ExitStack() as stack:
        shop = make_shop()
        name_by_device(shop)
        yield Stage(shop, tmp_path_factory.mktemp("stage"), stack)


@pytest.fixture(scope="module")
def server(stage):
    return stage.server


def test_feasts_remote_client_reads_what_our_client_reads_with_an_api_key(stage, tmp_path):
    path = tmp_path / "feature_store.yaml"
    path.write_text(
        f"project: shop\nprovider: local\nregistry: {{registry_type: sql, path: 'sqlite:///{stage.shop.root}/.riskloom/registry.db'}}\n"
        f"online_store: {{type: remote, path: '{stage.server.url}'}}\nauth: {{type: oidc, token: '{READER}'}}\n"
        "entity_key_serialization_version: 3\n"
    )
    remote, local = open_store(tmp_path), open_store(stage.shop.repo)
    keys = [{"user_name": user, "device_id": "d1", "account_id": "a1"} for user in USERS]
    service = local.get_feature_service("login_v1")
    for features, full in (
        (service, True),
        (["user_logins:events_count_1h", "pair_logins:events_count_5m"], False),
    ):
        asked = {"features": features, "entity_rows": keys, "full_feature_names": full}
        assert remote.get_online_features(**asked).to_dict() == in_seconds(local.get_online_features(**asked))


def test_a_hundred_megabytes_are_refused_before_they_are_sent(server):
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as caller:
        caller.sendall(
            b"POST /get-online-features HTTP/1.1\r\nhost: x\r\ncontent-length: 104857600\r\n"
            b"authorization: Bearer " + READER.encode() + b"\r\n\r\n"
        )
        assert caller.recv(1000).startswith(b"HTTP/1.1 413 ")


def test_counts_and_log_lines_hold_no_key(server):
    server.ask({**ASKED, "at": NOW})
    text = server.get("/metrics").text
    assert 'riskloom_entities_total{result="hit",view="user_logins"}' in text
    assert 'riskloom_entities_total{result="miss",view="user_logins"}' in text
    assert 'riskloom_requests_total{path="/get-online-features",status="200"}' in text
    assert 'riskloom_staleness_seconds{view="user_logins"}' in text
    assert "riskloom_request_seconds_bucket" in text
    time.sleep(0.5)
    log = server.log.read_text()
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    mine = [line for line in lines if line["path"] == "/get-online-features" and line["status"] == 200]
    assert {"time", "path", "status", "ms", "key", "asked", "entities"} == set(mine[0])
    assert (mine[-1]["key"], mine[-1]["asked"], mine[-1]["entities"]) == ("scorer", "user_v1", 3)
    for value in ("ann", "zoe", READER, "/secrets"):
        assert value not in log
        assert value not in text


def test_a_store_that_is_away_or_damaged_is_told_and_the_server_recovers_by_itself(stage):
    server = stage.server

    def counts():
        answer = server.ask({**ASKED, "at": NOW})
        return columns(answer)["events_count_1h"]["values"] if answer.status_code == 200 else answer.status_code

    def told():
        begun = time.monotonic()
        answer = server.ask({**ASKED, "at": NOW})
        seconds = time.monotonic() - begun
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        text = answer.json()["detail"]
        assert text.startswith(f"the online store, Redis at 127.0.0.1:{stage.network.port}, failed: ")
        assert text.endswith("Nothing is lost: try again once it is back.")
        return seconds

    def recovers(wanted, seconds=5):
        deadline = time.monotonic() + seconds
        while (found := counts()) != wanted:
            assert found == 503, "a value that is wrong"
            assert time.monotonic() < deadline
            time.sleep(0.1)

    # The network is cut for ten seconds, without a word to anybody.
    assert counts() == COUNTS
    stage.network.cut()
    begun = time.monotonic()
    waits = []
    while time.monotonic() - begun < 10:
        waits.append(told())
        time.sleep(0.4)
    assert max(waits) < 2
    assert [server.get(path).status_code for path in ("/ready", "/health")] == [503, 200]
    pushed = {"event_ts": [at(61).isoformat()], "user_name": ["ann"], "device_id": ["p1"]}
    body = {"push_source_name": "user_logins", "df": pushed}
    assert server.push(body).status_code == 503
    stage.network.heal()
    recovers(COUNTS)
    assert server.push(body).status_code == 200
    # Bits of every state are flipped: none is evaluated.
    damage(stage.port, "user_logins")
    damaged = server.ask(ASKED)
    assert damaged.status_code == 409
    assert damaged.json()["detail"].startswith("view 'user_logins': a state in the online store is damaged (")
    assert damaged.json()["detail"].endswith(" Materialize the view again.")
    # Redis is stopped, comes back empty, which is no error, and is filled by the next run.
    stage.stop()
    assert told() < 2
    assert [server.get(path).status_code for path in ("/ready", "/health")] == [503, 200]
    stage.start()
    recovers([None] * 3)
    assert columns(server.ask(ASKED))["events_count_1h"]["statuses"] == ["NULL_VALUE"] * 3
    materialize(stage.shop.project)
    recovers(COUNTS)


def damage(port, view):
    """Flip bits of every state of a view."""
    store = Redis(port=port)
    for name in store.keys(f"riskloom:shop:{view}:s*"):
        body = store.get(name)
        if len(body) > 100:
            store.set(name, body[:60] + bytes([body[60] ^ 255]) + body[61:])
    store.close()


def test_a_new_registry_is_taken_in_and_a_stop_is_graceful_and_no_request_is_dropped(make_shop, tmp_path, monkeypatch):
    shop = make_shop()
    with with_redis(tmp_path) as port:
        on_redis(shop, port)
        fill(shop)
        monkeypatch.setenv(KEYS, "k1:" + "61" * 16)
        with serving(shop, tmp_path, "--workers", "2", "--served-share", "0.5") as server:
            statuses, ended = [], threading.Event()

            def ask():
                while not ended.is_set():
                    statuses.append(server.ask(ASKED).status_code)
                    time.sleep(0.02)

            callers = [threading.Thread(target=ask) for _ in range(3)]
            for caller in callers:
                caller.start()
            old, new = 'user_v1 = FeatureService(name="user_v1"', 'user_v9 = FeatureService(name="user_v9"'
            register(shop.redeclare(old, f'{new}, features=("user_logins",))\n{old}'))
            deadline = time.monotonic() + 20
            # Each of the workers, which take turns.
            while not all(server.ask({**ASKED, "feature_service": "user_v9"}).status_code == 200 for _ in range(12)):
                assert time.monotonic() < deadline
                time.sleep(0.2)
            ended.set()
            for caller in callers:
                caller.join()
            assert set(statuses) == {200}
            counted = server.get("/metrics").text
            assert 'riskloom_requests_total{path="/get-online-features",status="200"} ' in counted
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(20) in (0, -signal.SIGTERM)
            assert "Traceback" not in server.log.read_text()
            # What each worker held of its answers was written when it stopped.
            written = tables.rows(Lake(shop.project.settings.lake).ops(served.TABLE))
            assert f'riskloom_served_rows_total{{result="kept"}} {written}.0' in counted
