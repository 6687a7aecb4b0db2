"""`riskloom explain VIEW`: what the tables say before anything runs."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner

from riskloom.cli import main
from riskloom.run import statistics
from riskloom.store.materialize import materialize
from riskloom.store.register import register
from tests.library.store.conftest import at, event

pytestmark = pytest.mark.feast


def explained(shop, *arguments):
    done = CliRunner().invoke(main, ["--project", str(shop.root), "explain", *arguments])
    assert done.exit_code == 0, done.stderr
    return done.output


def test_statistics_are_those_of_the_table(make_shop):
    shop = make_shop()
    shop.write([event(m, user_name="ann") for m in range(20)] + [event(200, user_name="bob"), event(1, user_name=None)])
    found = json.loads(explained(shop, "user_logins", "--json"))
    numbers = found["statistics"]
    assert (numbers["rows"], numbers["entities"], numbers["rows_in_reach"]) == (21, 2, 1)
    assert numbers["hot"] == [{"key": "ann", "events": 20}, {"key": "bob", "events": 1}]
    assert numbers["oldest"] == "2010-12-01T08:00:00Z"
    assert [(row["length"], row["hop"], row["tiles"]) for row in found["windows"]] == [
        ("5m", "5s", 61),
        ("1h", "1m", 61),
    ]
    text = explained(shop, "user_logins")
    assert "Reads gold.user_logins version 0: 21 rows, " in text
    assert "ann      20  95.2%\n" in text
    assert "Online state: about " in text


def test_the_sampled_states_predict_what_is_materialized(make_shop, monkeypatch):
    monkeypatch.setattr(statistics, "SAMPLE", 20)
    shop = make_shop()
    # The k-th user has events in proportion to 1 / k, and nobody's of the first minutes are in reach.
    users = [f"user{user}" for user in range(1, 200) for _ in range(300 // user)]
    moments = [300 + m % 57 for m in range(len(users))]
    rows = [event(m, user_name=user, event_id=f"e{n}") for n, (m, user) in enumerate(zip(moments, users, strict=True))]
    shop.write([*rows, *(event(0, user_name=f"gone{n}", event_id=f"g{n}") for n in range(50))], at(357))
    numbers = json.loads(explained(shop, "user_logins", "--json"))["statistics"]
    assert (numbers["entities"], numbers["states"]) == (249, 199)
    assert numbers["states_sampled"] < 30
    register(shop.project)
    materialize(shop.project, ["user_logins"])
    with closing(sqlite3.connect(shop.online)) as connection:
        query = "SELECT avg(length(body)), max(length(body)) FROM riskloom_shop_user_logins WHERE hex(key) LIKE '73%'"
        mean, largest = connection.execute(query).fetchone()
    assert numbers["state_bytes_mean"] == pytest.approx(mean, rel=0.2)
    assert numbers["state_bytes_max"] == pytest.approx(largest, rel=0.2)
    assert numbers["state_bytes_total"] == pytest.approx(numbers["state_bytes_mean"] * 199, rel=0.01)


def test_nothing_published_is_said(make_shop):
    shop = make_shop()
    assert "Source logins has published nothing yet: there are no statistics.\n" in explained(shop, "user_logins")
    done = CliRunner().invoke(main, ["--project", str(shop.root), "explain", "user_login"])
    assert (done.exit_code, done.stderr) == (1, "error: there is no view 'user_login'. Did you mean 'user_logins'?\n")
