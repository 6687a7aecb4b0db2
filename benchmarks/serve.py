"""Forty windowed features over HTTP: our server and `feast serve`, one worker each, on one Redis, asked by wrk.

Ours is asked twice: as it is, and while it keeps a sample of what it serves: one request in a hundred, written each
second. ``python -m benchmarks.serve`` starts its own Redis and the servers, compares answers, and ends with a line of
JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.online_shop import KEY, SERVICE, make_shop, peer, write_finished
from riskloom.serve.keys import VARIABLE
from riskloom.store.client import OnlineFeatures
from riskloom.store.materialize import materialize
from riskloom.store.register import register
from riskloom.tabular import as_table
from riskloom.testing import servers
from riskloom.tokens import KEYS as TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

COMPARED, USERS = 200, 2_000
SECRET = "benchmark-0123456789"  # noqa: S105 - it opens nothing but this run's server
_SCRIPT = """
local users = {%s}
local headers = {["content-type"] = "application/json", ["authorization"] = "Bearer %s"}
request = function()
  local body = '{"feature_service":"%s","entities":{"%s":[' .. users[math.random(#users)] .. ']}}'
  return wrk.format("POST", "/get-online-features", headers, body)
end
done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format('\\n{"requests": %%d, "us": %%d, "p50": %%d, "p99": %%d, "failed": %%d}\\n', summary.requests,
    summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


def main(arguments: Sequence[str]) -> None:
    """Run the benchmark."""
    options = _options(arguments)
    if shutil.which("wrk") is None:
        raise SystemExit(str(servers.MissingServer("wrk", "wrk")))
    data = Path(options.data).resolve()
    data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data) as name, servers.redis(Path(name)) as redis:
        folder = Path(name)
        shop = make_shop(folder / "shop", redis, options.events)
        register(shop.project)
        materialize(shop.project)
        client = OnlineFeatures.connect(shop.root / "feature_repo")
        users = np.random.default_rng(3).permutation(shop.users)[:USERS].tolist()
        write_finished(peer(shop), users, client.get_many(SERVICE, [{KEY: user} for user in users]))
        script = folder / "ask.lua"
        script.write_text(_SCRIPT % (",".join(map(str, users)), SECRET, SERVICE, KEY))
        runs = _runs(shop.root, script, users, options)
    _report(runs)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.serve", description=__doc__)
    parser.add_argument("--data", default=".riskloom/benchmarks", help="folder of events")
    parser.add_argument("--events", type=int, default=500_000, help="events of the view; a user has 25 on average")
    parser.add_argument("--repeats", type=int, default=5, help="interleaved rounds, after one to warm up")
    parser.add_argument("--seconds", type=int, default=5, help="length of a round")
    parser.add_argument("--connections", type=int, default=8, help="connections of wrk")
    return parser.parse_args(arguments)


def _runs(
    root: Path, script: Path, users: Sequence[int], options: argparse.Namespace
) -> dict[str, list[dict[str, float]]]:
    ours, keeping, theirs = servers.free_port(), servers.free_port(), servers.free_port()
    programs = Path(sys.executable).parent
    riskloom = [str(programs / "riskloom"), "--project", str(root), "serve", "--port"]
    sample = ["--served-share", "0.01", "--served-every", "1"]
    feast = [str(programs / "feast"), "-c", str(root / "peer"), "serve", "--port", str(theirs)]
    alone = ["--workers", "1", "--max-requests", "0", "--no-access-log"]
    log: Any = (script.parent / "log").open("wb")
    environment: Any = {**os.environ, VARIABLE: f"wrk=read:{SECRET}", TOKENS: "k1:" + "61" * 16}
    with (
        log,
        servers.running([*riskloom, str(ours)], lambda: servers.answers(ours), stdout=log, env=environment),
        servers.running(
            [*riskloom, str(keeping), *sample], lambda: servers.answers(keeping), stdout=log, env=environment
        ),
        servers.running([*feast, *alone], lambda: servers.answers(theirs)),
    ):
        ports = {"riskloom serve": ours, "riskloom serve, with a sample": keeping, "feast serve": theirs}
        _compare(ports.values(), users[:COMPARED])
        runs: dict[str, list[dict[str, float]]] = {name: [] for name in ports}
        for turn in range(options.repeats + 1):
            for name, port in ports.items():
                found = _wrk(port, script, options)
                if turn:
                    runs[name].append(found)
    return runs


def _compare(ports: Iterable[int], users: Sequence[int]) -> None:
    """Stop unless all servers answer alike."""
    first, *others = (_ask(port, users) for port in ports)
    for found in others:
        for name, values in first.items():
            for user, one, other in zip(users, values, found[name], strict=True):
                if not (one == other or (one is not None and other is not None and math.isclose(one, other))):
                    message = f"user {user}, {name}: {one!r} and {other!r}"
                    raise SystemExit(message)


def _ask(port: int, users: Sequence[int]) -> dict[str, list[Any]]:
    body = json.dumps({"feature_service": SERVICE, "entities": {KEY: list(users)}}).encode()
    headers = {"content-type": "application/json", "authorization": f"Bearer {SECRET}"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/get-online-features", body, headers)
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - as above
        found = json.load(answer)
    names = found["metadata"]["feature_names"]
    return {name: column["values"] for name, column in zip(names, found["results"], strict=True)}


def _wrk(port: int, script: Path, options: argparse.Namespace) -> dict[str, float]:
    shape = ["-t", "1", "-c", str(options.connections), "-d", f"{options.seconds}s", "-s", str(script)]
    command = ["wrk", *shape, f"http://127.0.0.1:{port}"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - Debian's wrk
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    if found["failed"]:
        message = f"{found['failed']} requests failed:\n{done.stdout}"
        raise SystemExit(message)
    return found


def _report(runs: dict[str, list[dict[str, float]]]) -> None:
    print("Forty windowed features of one entity a request, one worker, wrk on loopback; medians of the rounds:")
    rows = [
        {
            "server": name,
            "requests_s": round(statistics.median(run["requests"] / run["us"] * 1e6 for run in found)),
            "p50_ms": round(statistics.median(run["p50"] for run in found) / 1e3, 2),
            "p99_ms": round(statistics.median(run["p99"] for run in found) / 1e3, 2),
        }
        for name, found in runs.items()
    ]
    print(as_table(rows, ("server", "requests_s", "p50_ms", "p99_ms")), "\n")
    ours, keeping, theirs = rows
    figures = {
        "rps_vs_feast_serve": ours["requests_s"] / theirs["requests_s"],
        "p99_vs_feast_serve": theirs["p99_ms"] / ours["p99_ms"],
        "rps_with_sample": keeping["requests_s"] / theirs["requests_s"],
        "p99_with_sample": theirs["p99_ms"] / keeping["p99_ms"],
    }
    print(json.dumps({name: round(value, 2) for name, value in figures.items()}))


if __name__ == "__main__":
    main(sys.argv[1:])
