"""Each store of states on the real thing: newest wins, tombstones hold, nothing is read that was not written."""

from __future__ import annotations

import random
import re
import threading
import time
from contextlib import contextmanager

import pytest
from feast.infra.key_encoding_utils import serialize_entity_key

from riskloom.errors import StoreError
from riskloom.store.inner.base import Batch, Held, KeyCodec, Row, Swap
from riskloom.store.inner.postgres import PostgresStates
from riskloom.store.inner.redis import RedisStates
from riskloom.store.inner.sqlite import SqliteStates
from riskloom.store.slices import Slices
from riskloom.store.values import to_key
from riskloom.testing import servers
from riskloom.testing.cut import relay

pytestmark = pytest.mark.server
KEYS = 10_000


@contextmanager
def started(server, *arguments):
    try:
        with server(*arguments) as port:
            yield port
    except servers.MissingServer as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def redis_port(tmp_path_factory):
    with started(servers.redis, tmp_path_factory.mktemp("redis")) as port:
        yield port


@pytest.fixture(scope="module")
def postgres_port():
    with started(servers.postgres) as port:
        yield port


def postgres_options(port):
    return {
        "type": "postgres",
        "host": "127.0.0.1",
        "port": port,
        "database": "riskloom",
        "user": "riskloom",
        "password": "x",
        "sslmode": "disable",
    }


@pytest.fixture(params=["sqlite", "redis", "postgres"])
def connect(request, tmp_path):
    """Give a function that opens the store anew, as another process would."""
    opened = []

    def open_one():
        if request.param == "sqlite":
            states = SqliteStates(tmp_path / "online.db", "shop")
        elif request.param == "redis":
            port = request.getfixturevalue("redis_port")
            states = RedisStates({"connection_string": f"127.0.0.1:{port}"}, f"shop{request.node.name}")
        else:
            options = postgres_options(request.getfixturevalue("postgres_port"))
            states = PostgresStates(options, f"shop_{abs(hash(request.node.name))}")
        opened.append(states)
        return states

    yield open_one
    for states in opened:
        states.close()


def read(states, *keys):
    return states.read([("v", keys)])[0]


def test_the_newest_version_and_then_the_newest_revision_win(connect):
    states = connect()
    states.write("v", [Row(b"a", 2, 5, b"kept"), Row(b"b", 2, 5, b"old"), Row(b"c", 2, 5, b"old")])
    states.write("v", [Row(b"a", 1, 9, b"older version"), Row(b"b", 2, 6, b"correction"), Row(b"c", 300, 0, b"new")])
    states.write("v", [Row(b"a", 2, 5, b"same again"), Row(b"b", 2, 4, b"older revision"), Row(b"c", 299, 9, b"older")])
    assert read(connect(), b"a", b"b", b"c", b"d") == [b"kept", b"correction", b"new", None]


def test_a_write_may_bring_new_keys_beside_older_and_newer_ones(connect):
    states, keys = connect(), [b"k%d" % number for number in range(600)]
    states.write("v", [Row(key, number % 3, 0, b"before") for number, key in enumerate(keys) if number % 2])
    states.write("v", [Row(key, 1, 0, b"after") for key in keys])
    stayed = [b"before" if number % 2 and number % 3 else b"after" for number in range(600)]
    assert read(states, *keys) == stayed


def test_a_tombstone_is_read_as_nothing_and_holds_against_older_writes(connect):
    states = connect()
    states.write("v", [Row(b"a", 1, 0, b"there")])
    states.write("v", [Row(b"a", 3, 0, b"")])
    states.write("v", [Row(b"a", 2, 0, b"late")])
    assert read(states, b"a") == [None]
    states.write("v", [Row(b"a", 4, 0, b"back")])
    assert read(states, b"a") == [b"back"]


def test_a_change_is_made_where_nobody_else_made_one(connect):
    states = connect()
    one, two = Held(0, 0, 1, b"", b"pushed"), Held(0, 0, 2, b"", b"pushed twice")
    assert states.swap("v", [Swap(b"s1a", None, one), Swap(b"s1b", None, one)]) == [True, True]
    assert states.swap("v", [Swap(b"s1a", None, two), Swap(b"s1b", one, two)]) == [False, True]
    assert connect().look("v", [b"s1a", b"s1b", b"s1c"]) == [one, two, None]
    assert states.read([("v", [b"s1a", b"s1b", b"s1c"])]) == [[one, two, None]]
    assert sorted(states.pushed("v", b"s1")) == [b"s1a", b"s1b"]
    # A batch leaves what has a recent part, and says so.
    assert states.write("v", [Row(b"s1a", 1, 1, b"new"), Row(b"s1c", 1, 1, b"new")]) == [b"s1a"]
    older = Batch(1, 0, Slices.of([b"s1c", b"s1b"]), Slices.of([b"old", b"old"]))
    assert states.write_batch("v", older) == [b"s1b"]
    absorbed = Held(1, 1, 0, b"new", b"")
    assert states.swap("v", [Swap(b"s1a", two, absorbed)]) == [False]
    assert states.swap("v", [Swap(b"s1a", one, absorbed)]) == [True]
    assert read(states, b"s1a", b"s1c") == [b"new", b"new"]
    assert states.pushed("v", b"s1") == [b"s1b"]
    states.drop("v", b"s1")
    assert states.pushed("v", b"s") == []
    assert states.look("v", [b"s1b"]) == [None]


def test_many_who_push_to_one_key_lose_nothing(connect):
    connect().write("v", [])

    def push(name):
        states = connect()
        for place in range(20):
            made = False
            while not made:
                (seen,) = states.look("v", [b"k"])
                old = seen or Held(0, 0, 0, b"", b"")
                new = old._replace(change=old.change + 1, recent=old.recent + b"%s%d " % (name, place))
                (made,) = states.swap("v", [Swap(b"k", seen, new)])
        states.close()

    pushing = [threading.Thread(target=push, args=(name,)) for name in (b"a", b"b", b"c")]
    for thread in pushing:
        thread.start()
    for thread in pushing:
        thread.join()
    (held,) = connect().look("v", [b"k"])
    assert (held.change, len(set(held.recent.split()))) == (60, 60)


def test_a_sweep_leaves_nothing_of_who_has_gone(connect, request, tmp_path):
    states = connect()
    assert states.sweep("v") == 0
    states.write("v", [Row(b"s:ann-77", 1, 0, b"of ann-77"), Row(b"s:bob", 1, 0, b"x"), Row(b"m", 1, 0, b"mark")])
    states.write("w", [Row(b"s:ann-77", 1, 0, b"")])
    states.write("v", [Row(b"s:ann-77", 2, 0, b"")])
    assert (states.sweep("v"), states.sweep("w"), states.sweep("v")) == (1, 1, 0)
    assert read(states, b"s:ann-77", b"s:bob", b"m") == [None, b"x", b"mark"]
    if "sqlite" in request.node.name:
        assert b"ann-77" not in (tmp_path / "online.db").read_bytes()
    # What would have been too old before is written again: the tombstone is gone.
    states.write("v", [Row(b"s:ann-77", 1, 0, b"again")])
    assert read(states, b"s:ann-77") == [b"again"]


def test_views_are_read_together_and_builds_are_dropped_alone(connect):
    states = connect()
    states.write("v", [Row(b"s1*a", 1, 0, b"x"), Row(b"s2*a", 1, 0, b"y"), Row(b"m", 1, 0, b"mark")])
    states.write("w", [Row(b"s1*a", 1, 0, b"z")])
    assert states.read([("v", [b"s1*a", b"m"]), ("w", [b"s1*a"]), ("x", [b"m"])]) == [[b"x", b"mark"], [b"z"], [None]]
    states.drop("v", b"s1*")
    assert states.read([("v", [b"s1*a", b"s2*a", b"m"]), ("w", [b"s1*a"])]) == [[None, b"y", b"mark"], [b"z"]]
    states.drop("v")
    assert read(states, b"s2*a", b"m") == [None, None]


def test_two_writers_on_ten_thousand_keys_leave_none_on_the_older_state(connect):
    chance = random.Random(5)
    rounds = [[(b"%d" % i, chance.randrange(3), chance.randrange(2)) for i in range(KEYS)] for _ in range(2)]
    connect().write("v", [])

    def write(wanted):
        states = connect()
        chance.shuffle(wanted)
        for start in range(0, KEYS, 1_000):
            rows = [Row(key, version, revision, b"%d.%d" % (version, revision)) for key, version, revision in wanted]
            states.write("v", rows[start : start + 1_000])
        states.close()

    writers = [threading.Thread(target=write, args=(list(wanted),)) for wanted in rounds]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    newest = [b"%d.%d" % max(one[1:], other[1:]) for one, other in zip(*rounds, strict=True)]
    assert read(connect(), *(b"%d" % i for i in range(KEYS))) == newest


def test_a_redis_that_is_stopped_is_said_to_be_and_is_found_again(tmp_path):
    with servers.redis(tmp_path) as port:
        states = RedisStates({"connection_string": f"127.0.0.1:{port}"}, "shop")
        states.write("v", [Row(b"a", 1, 0, b"x")])
        assert read(states, b"a") == [b"x"]
    with pytest.raises(StoreError, match=rf"^the online store, Redis at 127\.0\.0\.1:{port}, failed: .*try again"):
        read(states, b"a")
    with servers.redis(tmp_path, port):
        assert read(states, b"a") == [None]
        states.write("v", [Row(b"a", 1, 0, b"x")])
        assert read(states, b"a") == [b"x"]


def test_keys_are_those_of_feast():
    columns = (("user", "string"), ("account", "int64"), ("device", "string"))
    for values in (("ann", 7, ""), ("Ä😀", -(2**63), "d" * 300)):
        assert KeyCodec(columns).encode(values) == serialize_entity_key(to_key(columns, values), 3)


def test_a_store_without_states_is_refused():
    message = (
        "online_store.inner: 'redis (redis_cluster)' keeps no states of windowed views. Use sqlite, redis or postgres."
    )
    with pytest.raises(StoreError, match=f"^{re.escape(message)}$"):
        RedisStates({"redis_type": "redis_cluster"}, "shop")


def test_a_postgres_behind_a_network_that_is_cut_is_given_up_and_found_again(postgres_port):
    with relay(postgres_port) as network:
        states = PostgresStates(postgres_options(network.port), "cut")
        states.patience = 0.5
        states.write("v", [Row(b"s1", 1, 1, b"x")])
        assert states.read([("v", [b"s1"])]) == [[b"x"]]
        network.cut()
        begun = time.monotonic()
        for _ in range(2):
            # The second one finds no connection at all.
            with pytest.raises(
                StoreError, match=r"^the online store, PostgreSQL at 127\.0\.0\.1:\d+, failed: .*try again"
            ):
                states.read([("v", [b"s1"])])
        assert time.monotonic() - begun < 6
        network.heal()
        assert states.read([("v", [b"s1"])]) == [[b"x"]]
        states.close()
