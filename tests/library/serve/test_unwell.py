"""A store that is away or damaged, and a server's life from its start to its stop."""

from __future__ import annotations

import asyncio
import sqlite3
import time

import pytest

from riskloom.testing import servers
from riskloom.tokens import KEYS
from tests.library.serve.conftest import (
    ASKED,
    NOW,
    Caller,
    application_of,
    calling,
    columns,
    fill,
    name_by_device,
    on_redis,
)
from tests.library.store.conftest import at
from tests.library.store.known import make_known

pytestmark = pytest.mark.feast


def test_a_store_that_is_away_is_told_at_once_and_health_goes_on(make_shop):
    shop, port = make_known(make_shop().root), servers.free_port()
    fill(shop)
    # Nobody listens there.
    on_redis(shop, port)
    caller = Caller(application_of(shop.repo))
    starting = caller.ask(ASKED)
    assert (starting.status_code, starting.json()["detail"]) == (
        503,
        "the registry has not been read yet. Try again in a moment.",
    )
    caller.application.load()
    told = (
        f"the online store, Redis at 127.0.0.1:{port}, failed: Error 111 connecting to 127.0.0.1:{port}. "
        "Connection refused.. Nothing is lost: try again once it is back."
    )
    begun = time.monotonic()
    away = caller.ask(ASKED)
    assert time.monotonic() - begun < 1
    assert (away.status_code, away.json()["detail"], away.headers["retry-after"]) == (503, told, "1")
    begun = time.monotonic()
    assert [caller.ask(ASKED).status_code for _ in range(100)] == [503] * 100
    assert time.monotonic() - begun < 0.25
    # Plain views, which Feast's own store keeps.
    time.sleep(0.3)
    plain = caller.ask({"features": ["user_profile:tier"], "entities": {"user_name": ["ann"]}})
    assert plain.status_code == 503
    assert plain.json()["detail"].startswith("the online store, Feast's redis store, failed: ")
    assert [caller.get(path).status_code for path in ("/ready", "/health")] == [503, 200]


def test_a_full_disk_refuses_pushes_and_reads_go_on(make_shop, mounted, tmp_path):
    disk = mounted(tmp_path / "disk", "128k")
    shop = make_shop()
    name_by_device(shop)
    path = shop.repo / "feature_store.yaml"
    path.write_text(path.read_text().replace("../.riskloom/online.db", str(disk.folder / "online.db")))
    fill(shop)
    caller = calling(shop.repo)
    sizes, answers = iter(range(1_000)), []
    while not answers or answers[-1].status_code == 200:
        number = next(sizes)
        event = {"event_ts": [at(60).isoformat()], "user_name": [f"u{number}"], "device_id": [f"p{number}" * 500]}
        answers.append(caller.push({"push_source_name": "user_logins", "df": event}))
    assert len(answers) > 1
    full = answers[-1]
    assert (full.status_code, full.headers["retry-after"]) == (503, "1")
    told = full.json()["detail"]
    assert told.startswith(f"the online store, SQLite at {disk.folder}/online.db, failed: ")
    assert told.endswith("Nothing is lost: try again once it is back.")
    time.sleep(0.3)
    before = columns(caller.ask({**ASKED, "at": NOW}))["events_count_1h"]["values"]
    assert before == [2, 1, 0]
    disk.grow("64m")
    assert caller.push({"push_source_name": "user_logins", "df": event}).status_code == 200
    # Each event that was taken counts once, and no other.
    asked = {"feature_service": "user_v1", "entities": {"user_name": [f"u{n}" for n in range(len(answers))]}}
    found = columns(caller.ask({**asked, "at": at(61).isoformat()}))
    assert found["events_count_1h"]["values"] == [1] * len(answers)
    caller.application._features.views.states.close()


def test_a_damaged_state_is_refused_and_other_entities_are_answered(make_shop):
    shop = make_shop()
    fill(shop)
    caller = calling(shop.repo)
    with sqlite3.connect(shop.online) as connection:
        rows = connection.execute("SELECT key, body FROM riskloom_shop_user_logins").fetchall()
        key, body = next((key, body) for key, body in rows if b"ann" in key)
        other = connection.execute("SELECT body FROM riskloom_shop_pair_logins WHERE length(body) > 80").fetchone()[0]
    # Flipped bits, a later version of the format, a state of another view, half of one, and no state at all.
    later = bytes([body[0] + 1]) + body[1:]
    for bad in (body[:70] + bytes([body[70] ^ 255]) + body[71:], later, other, body[: len(body) // 2], b"nonsense"):
        with sqlite3.connect(shop.online) as connection:
            connection.execute("UPDATE riskloom_shop_user_logins SET body = ? WHERE key = ?", (bad, key))
        answer = caller.ask({**ASKED, "entities": {"user_name": ["ann"]}})
        told = answer.json()["detail"]
        assert answer.status_code == 409, told
        assert told.startswith("view 'user_logins': ")
        assert " Materialize the view again" in told
    assert caller.ask({**ASKED, "entities": {"user_name": ["bob"]}}).status_code == 200


def test_a_token_of_nobodys_key_is_refused_and_a_server_without_keys_says_so(make_shop, monkeypatch):
    shop = make_shop()
    shop.edit('transform="logins:to_events",', 'transform="logins:to_events", tokens=("user_name",),')
    monkeypatch.setenv(KEYS, "k1:" + "61" * 16)
    fill(shop)
    caller = calling(shop.repo)
    asked = {**ASKED, "entities": {"user_name": ["tok:k9:" + "0" * 32]}}
    told = "there is no key 'k9' for tokens that were made with it. Available: k1."
    assert [(one.status_code, one.json()["detail"]) for one in [caller.ask(asked)]] == [(422, told)]
    assert caller.ask(ASKED).status_code == 200
    monkeypatch.delenv(KEYS)
    told = "view 'user_logins' needs keys for its tokens, and there are none. Set one of RISKLOOM_TOKEN_KEYS, "
    answer = caller.ask(ASKED)
    assert answer.status_code == 503
    assert answer.json()["detail"].startswith(told)


def test_a_server_lives_from_its_start_to_its_stop(make_shop, capfdbinary):
    shop = make_shop()
    fill(shop)
    application = application_of(shop.repo)

    async def live():
        messages, sent = asyncio.Queue(), []
        await messages.put({"type": "lifespan.startup"})

        async def send(message):
            sent.append(message["type"])

        life = asyncio.create_task(application({"type": "lifespan"}, messages.get, send))
        for _ in range(400):
            await asyncio.sleep(0.05)
            if await asyncio.to_thread(lambda: Caller(application).get("/ready").status_code) == 200:
                break
        answered = await asyncio.to_thread(lambda: Caller(application).ask(ASKED).status_code)
        await messages.put({"type": "lifespan.shutdown"})
        await life
        return sent, answered

    sent, answered = asyncio.run(live())
    assert (sent, answered) == (["lifespan.startup.complete", "lifespan.shutdown.complete"], 200)
    lines = capfdbinary.readouterr().out
    assert b'"path":"/get-online-features","status":200,' in lines
    assert b"ann" not in lines
