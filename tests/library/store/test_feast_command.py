from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from riskloom.store.client import OnlineFeatures
from tests.library.store.conftest import at, event

pytestmark = [pytest.mark.feast, pytest.mark.server]
FEAST = Path(sys.executable).with_name("feast")
TOKYO = {**os.environ, "TZ": "Asia/Tokyo", "FEAST_USAGE": "False"}


def feast(shop, *arguments):
    done = subprocess.run(
        [FEAST, *arguments], cwd=shop.repo, env=TOKYO, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def ask(url, body=None, patience=120):
    """Get a page, or post a body, as soon as the server answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 - our own server
    until = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310 - as above
                return json.load(response)
        except urllib.error.HTTPError:
            raise
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.3)


@contextmanager
def serving(shop, command):
    """Run one of Feast's servers, and give its address."""
    port = free_port()
    with (shop.root / f"{command[0]}.log").open("w") as log:
        server = subprocess.Popen(
            [FEAST, *command, "--port", str(port)], cwd=shop.repo, env=TOKYO, stdout=log, stderr=log
        )
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(30)


def test_the_plain_command_applies_materializes_serves_and_shows_in_any_zone(make_shop):
    shop = make_shop()
    shop.write([event(0), event(59, action="failed")], at(60))
    assert "user_logins" in feast(shop, "apply")
    feast(shop, "materialize", "2010-12-01T00:00:00", "2010-12-01T09:00:00")
    expected = OnlineFeatures.connect(shop.repo).get("user_v1", {"user_name": "ann"})
    assert expected.at == {"user_logins": at(60)}
    assert expected.values["events_count_1h"] == 2
    body = {"feature_service": "user_v1", "entities": {"user_name": ["ann", "zoe"]}}
    with serving(shop, ["serve", "--no-access-log"]) as server:
        answer = ask(f"{server}/get-online-features", body)
    names = answer["metadata"]["feature_names"]
    found = dict(zip(names, answer["results"], strict=True))
    assert found["events_count_1h"]["values"] == [2, 0]
    assert found["events_count_1h"]["statuses"] == ["PRESENT", "NOT_FOUND"]
    assert found["action_last_1h"]["values"] == ["failed", None]
    assert found["amount_sum_5m"]["statuses"][0] == "PRESENT"
    with serving(shop, ["ui"]) as server:
        project = ask(f"{server}/projects-list.json")["projects"][0]["id"]
        views = ask(f"{server}/api/v1/feature_views?project={project}")["featureViews"]
    assert "user_logins" in [view["spec"]["name"] for view in views]
