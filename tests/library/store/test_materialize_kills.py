"""SIGKILL while a view is materialized: it serves all the while, never a wrong value, and the next run completes."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from riskloom.store.client import OnlineFeatures
from riskloom.store.materialize import materialize
from riskloom.store.register import register
from tests.library.store.conftest import at, event

pytestmark = pytest.mark.feast
USERS = [{"user_name": f"u{number}"} for number in range(8)]


def version(count):
    """Give each user so many events."""
    return [event(n, event_id=f"{user['user_name']}-{n}", **user) for user in USERS for n in range(count)]


class Reader(threading.Thread):
    """Reads all users again and again.

    Attributes:
        versions: The version that is complete, and the newest one.
        wrong: Answers that neither has.
        reads: How many there were.
    """

    def __init__(self, shop):
        super().__init__()
        self._repo, self._ended = shop.repo, threading.Event()
        self.versions, self.wrong, self.reads = (1, 1), [], 0

    def run(self):
        client = OnlineFeatures.connect(self._repo)
        while not self._ended.wait(0.05):
            oldest = self.versions[0]
            rows = client.get_many("user_v1", USERS, at(60))
            newest = self.versions[1]
            found = [(row.values["events_count_1h"], row.statuses["events_count_1h"]) for row in rows]
            right = {(count, "present") for count in range(oldest, newest + 1)}
            self.wrong += [one for one in found if one not in right]
            self.reads += 1
        client.views.states.close()

    def stop(self):
        self._ended.set()
        self.join()


@contextmanager
def killer(shop):
    """Give a function that materializes in a process that is killed, and says how it ended."""
    program = Path(__file__).with_name("killed.py")
    command = [sys.executable, str(program), str(shop.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def kill(line):
            process.stdin.write(line + "\n")
            process.stdin.flush()
            return process.stdout.readline().strip()

        yield kill
        process.stdin.close()


def check(shop, moments):
    shop.write(version(1), at(60))
    register(shop.project)
    materialize(shop.project, ["user_logins"])
    reader = Reader(shop)
    reader.start()
    deaths = 0
    try:
        with killer(shop) as kill:
            for count, moment in enumerate(moments, 2):
                reader.versions = (count - 1, count)
                shop.write(version(count), at(60))
                deaths += kill(moment) == "killed"
                materialize(shop.project, ["user_logins"])
                reader.versions = (count, count)
                rows = OnlineFeatures.connect(shop.repo).get_many("user_v1", USERS, at(60))
                assert {row.values["events_count_1h"] for row in rows} == {count}, moment
    finally:
        reader.stop()
    assert reader.wrong == []
    assert reader.reads > len(moments)
    return deaths


def test_a_killed_materialization_is_completed_by_the_next_one_and_the_view_serves_all_the_while(make_shop):
    # Four batches of states, then the mark.
    moments = ["update commit:2", "full commit:3", "update commit:5"]
    assert check(make_shop(), moments) == len(moments)


@pytest.mark.slow
def test_materializations_that_are_killed_at_any_moment(make_shop):
    chance = random.Random(7)
    moments = [f"{chance.choice(['update', 'full'])} seconds:{chance.uniform(0.02, 0.6):.3f}" for _ in range(40)]
    assert check(make_shop(), moments) > len(moments) // 3
