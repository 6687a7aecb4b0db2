"""What breaks under the online store: no wrong value is served, and the next run completes."""

from __future__ import annotations

import re
import time

import pytest

from riskloom.errors import StoreError
from riskloom.store.client import OnlineFeatures
from riskloom.store.materialize import materialize
from riskloom.store.register import register
from riskloom.testing import servers
from riskloom.testing.cut import relay
from tests.library.store.conftest import at, event

pytestmark = [pytest.mark.feast, pytest.mark.server]
ANN, BOB = {"user_name": "ann"}, {"user_name": "bob"}


def on(shop, inner):
    path = shop.repo / "feature_store.yaml"
    path.write_text(re.sub(r"inner:\n +type: sqlite\n +path: \S+", f"inner: {inner}", path.read_text()))
    register(shop.project)


def counts(client):
    found = client.get_many("user_v1", [ANN, BOB], at(60))
    return [(row.values["events_count_1h"], row.statuses["events_count_1h"]) for row in found]


@pytest.fixture
def shop(make_shop):
    shop = make_shop()
    shop.edit('transform="logins:to_events",', 'transform="logins:to_events", event_id=("action",),')
    shop.write([event(0), event(1), event(2, user_name="bob")], at(60))
    return shop


@pytest.fixture
def redis(tmp_path):
    try:
        with servers.redis(tmp_path) as port:
            yield port
    except servers.MissingServer as missing:
        pytest.skip(str(missing))


def test_a_network_that_is_cut_is_said_to_be_and_found_again(shop, redis):
    with relay(redis) as network:
        options = f"127.0.0.1:{network.port},socket_timeout=1,socket_connect_timeout=1"
        on(shop, f'{{type: redis, connection_string: "{options}"}}')
        materialize(shop.project, ["user_logins"])
        client = OnlineFeatures.connect(shop.repo)
        assert counts(client) == [(2, "present"), (1, "present")]
        network.cut()
        begun = time.monotonic()
        with pytest.raises(StoreError, match=r"^the online store, Redis at 127\.0\.0\.1:\d+, failed: .*try again"):
            client.get("user_v1", ANN, at(60))
        assert time.monotonic() - begun < 10
        with pytest.raises(StoreError, match="failed: "):
            client.push("user_logins", [{"user_name": "ann", "event_id": "x", "event_ts": at(60)}])
        shop.write([event(0), event(2, user_name="bob"), event(3, user_name="bob")], at(60))
        with pytest.raises(StoreError, match="failed: "):
            materialize(shop.project, ["user_logins"])
        network.heal()
        # An answer that was on its way when the network was cut is nobody's.
        assert client.get("user_v1", BOB, at(60)).values["events_count_1h"] in (1, 2)
        materialize(shop.project, ["user_logins"])
        assert counts(client) == [(1, "present"), (2, "present")]


def test_a_redis_that_was_stopped_and_lost_all_is_filled_again(shop, tmp_path):
    try:
        with servers.redis(tmp_path) as port:
            on(shop, f'{{type: redis, connection_string: "127.0.0.1:{port}"}}')
            materialize(shop.project, ["user_logins"])
            client = OnlineFeatures.connect(shop.repo)
            assert counts(client) == [(2, "present"), (1, "present")]
    except servers.MissingServer as missing:
        pytest.skip(str(missing))
    with pytest.raises(StoreError, match="failed: "):
        counts(client)
    with servers.redis(tmp_path, port):
        assert counts(client) == [(None, "before_state")] * 2
        materialize(shop.project, ["user_logins"])
        assert counts(client) == [(2, "present"), (1, "present")]


def test_a_full_disk_serves_what_it_has_and_takes_the_rest_later(shop, mounted, tmp_path):
    disk = mounted(tmp_path / "disk", "400k")
    on(shop, f"{{type: sqlite, path: {disk.folder}/online.db}}")
    materialize(shop.project, ["user_logins"])
    client = OnlineFeatures.connect(shop.repo)
    assert counts(client) == [(2, "present"), (1, "present")]
    many = [event(4, user_name=f"u{n}", event_id=f"u{n}") for n in range(3_000)]
    shop.write([event(0), event(1), event(2, user_name="bob"), event(3, user_name="bob"), *many], at(60))
    with pytest.raises(StoreError, match=r"SQLite at .*, failed: .*(full|I/O)"):
        materialize(shop.project, ["user_logins"])
    # Each state is an older one or a newer one, whole.
    assert counts(client) in ([(2, "present"), (1, "present")], [(2, "present"), (2, "present")])
    disk.grow("64m")
    materialize(shop.project, ["user_logins"])
    assert counts(client) == [(2, "present"), (2, "present")]
    assert client.get("user_v1", {"user_name": "u2999"}, at(60)).values["events_count_1h"] == 1
    client.views.states.close()
