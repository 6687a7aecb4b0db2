"""The shipped sample: what it holds, and that no client's real address is in it."""

from __future__ import annotations

import csv
import gzip
import importlib.util
import io
import re
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

DATA = Path(__file__).parents[2] / "demo" / "data"
REPLACED = [ip_network("198.18.0.0/15"), ip_network("10.128.0.0/9")]
NO_CLIENT = [ip_network(text) for text in ("0.0.0.0/32", "10.77.20.248/32", "127.0.0.1/32")]
TRADING_DAYS = [1, 2, 3, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22, 23]


def lines_of(path: Path) -> list[str]:
    return gzip.decompress(path.read_bytes()).decode().splitlines(keepends=True)


@pytest.fixture(scope="module")
def access() -> list[str]:
    return lines_of(DATA / "access_log" / "access.log.gz")


@pytest.fixture(scope="module")
def auth() -> list[str]:
    return lines_of(DATA / "auth_log" / "auth.log.gz")


@pytest.fixture(scope="module")
def prepare():
    spec = importlib.util.spec_from_file_location("prepare", DATA / "prepare.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_access_log_is_whole(access):
    assert len(access) == 10_000
    assert all(line.endswith("\n") and "\r" not in line for line in access)
    assert sum(len(line.encode()) for line in access) == 2_354_113


def test_access_log_has_one_line_that_is_cut_off(access):
    assert [n for n, line in enumerate(access) if not line.endswith('"\n')] == [8_898]
    assert access[8_898].endswith("Googlebot/2.1; +http://www.google.com/bot.html\n")


def test_access_log_keeps_its_clients_apart(access):
    clients = {ip_address(line.split(" ", 1)[0]) for line in access}
    assert len(clients) == 1_753
    assert len({int(client) >> 8 for client in clients}) == 1_474
    assert all(any(client in network for network in REPLACED) for client in clients)


def test_access_log_has_no_address_in_a_referrer(access):
    typed = re.findall(r"=((?:\d{1,3}\.){3}\d{1,3})(?=[ &])", "".join(access))
    assert len(typed) == 1
    assert all(any(ip_address(text) in network for network in REPLACED) for text in typed)


def test_auth_log_is_whole(auth):
    assert len(auth) == 7_121
    assert all(line.endswith("\n") and "\r" not in line for line in auth)
    assert sum(len(line.encode()) for line in auth) == 791_598
    assert sum(" sshd[" in line for line in auth) == 4_095
    assert sum("Failed password" in line for line in auth) == 713
    assert sum("message repeated" in line and "Failed password" in line for line in auth) == 85


def test_failed_passwords_count_repeats(auth):
    failed = [line for line in auth if "Failed password" in line]
    repeats = [re.search(r"message repeated (\d+) times", line) for line in failed]
    assert sum(int(found[1]) if found else 1 for found in repeats) == 1_038


def test_auth_log_names_no_real_client(auth):
    found = {ip_address(text) for text in re.findall(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])", "".join(auth))}
    assert len(found) == 204
    assert all(any(address in network for network in [*REPLACED, *NO_CLIENT]) for address in found)


def test_orders_are_the_trading_days_of_december():
    days = sorted(path.name for path in (DATA / "orders").glob("*.gz"))
    assert days == [f"2010-12-{day:02}.csv.gz" for day in TRADING_DAYS]
    rows = 0
    for day in days:
        table = list(csv.DictReader(io.StringIO("".join(lines_of(DATA / "orders" / day)))))
        assert {row["InvoiceDate"][:10] for row in table} == {day[:10]}
        rows += len(table)
    assert rows == 42_481


@pytest.mark.parametrize("path", sorted(DATA.glob("*/*.gz")), ids=lambda path: path.name)
def test_archives_hold_no_name_and_no_time(path):
    head = path.read_bytes()[:10]
    assert head[3] == 0
    assert head[4:8] == bytes(4)


@pytest.mark.parametrize("folder", ["access_log", "auth_log", "orders"])
def test_each_folder_says_where_it_is_from(folder):
    text = (DATA / folder / "SOURCE.md").read_text()
    assert all(f"| {field} |" in text for field in ("title", "author", "licence", "commit", "holds"))
    assert "## What was changed" in text


def test_the_sample_is_small():
    assert sum(path.stat().st_size for path in DATA.rglob("*.gz")) < 1_000_000


def test_versions_stay_and_names_made_of_an_address_go(prepare):
    lines = [
        b'8.8.8.8 - - "GET /?from=8.8.8.8 HTTP/1.1" "Firefox/3.5.9.0 Chrome/32.0.1700.77"\n',
        b'9.9.9.9 - - "GET / HTTP/1.1" "http://host-8-8-8-8.example.net/" "x/8.8.8.8.8"\n',
    ]
    assert prepare.remap(lines, prepare.ACCESS) == [
        b'198.18.0.1 - - "GET /?from=198.18.0.1 HTTP/1.1" "Firefox/3.5.9.0 Chrome/32.0.1700.77"\n',
        b'198.18.1.1 - - "GET / HTTP/1.1" "http://host-198-18-0-1.example.net/" "x/8.8.8.8.8"\n',
    ]


def test_sshd_addresses_go_wherever_they_stand(prepare):
    lines = [
        b"Mar 27 13:06:56 ip-10-77-20-248 sshd[1]: Failed password for root from ::ffff:8.8.8.8 port 22 ssh2\n",
        b"Mar 27 13:06:57 ip-10-77-20-248 sshd[1]: authentication failure; rhost=8.8.8.9  user=root\n",
        b"Mar 27 13:06:58 ip-10-77-20-248 sshd[1]: Server listening on 0.0.0.0 port 22.\n",
    ]
    assert prepare.remap(lines, prepare.SSHD) == [
        b"Mar 27 13:06:56 ip-10-77-20-248 sshd[1]: Failed password for root from ::ffff:198.18.0.1 port 22 ssh2\n",
        b"Mar 27 13:06:57 ip-10-77-20-248 sshd[1]: authentication failure; rhost=198.18.0.2  user=root\n",
        b"Mar 27 13:06:58 ip-10-77-20-248 sshd[1]: Server listening on 0.0.0.0 port 22.\n",
    ]
