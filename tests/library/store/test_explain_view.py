"""`riskloom explain VIEW`: what the tables say before anything runs."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from riskloom.cli import main
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


def test_the_state_is_measured_by_encoding_it(make_shop):
    shop = make_shop()
    shop.write([event(m, user_name=f"user{m % 7}", event_id=f"e{m}") for m in range(50)], at(50))
    numbers = json.loads(explained(shop, "user_logins", "--json"))["statistics"]
    assert (numbers["entities"], numbers["states_sampled"]) == (7, 7)
    assert numbers["state_bytes_total"] == round(numbers["state_bytes_mean"] * 7, 0)
    assert numbers["state_bytes_max"] >= numbers["state_bytes_mean"] > 0


def test_nothing_published_is_said(make_shop):
    shop = make_shop()
    assert "Source logins has published nothing yet: there are no statistics.\n" in explained(shop, "user_logins")
    done = CliRunner().invoke(main, ["--project", str(shop.root), "explain", "user_login"])
    assert (done.exit_code, done.stderr) == (1, "error: there is no view 'user_login'. Did you mean 'user_logins'?\n")
