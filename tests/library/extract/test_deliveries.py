"""What is delivered more than once, the whole way from files to silver and history."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest

from riskloom import EventSource, JsonLines
from riskloom.lake import tables
from riskloom.lake.paths import Lake

DOCS = (Path(__file__).resolve().parents[3] / "docs/identity.md").read_text()
FIRST, LAST = "2020-01-01/2020-01-02", "2020-01-02/2020-01-03"


@pytest.fixture
def orders(workshop):
    """Orders by id; each line of a file is (order, version, status, amount in cents)."""

    def declare(**changes):
        workshop.source = EventSource(
            name="logins",
            files="logins/{date}*",
            format=JsonLines(),
            columns={"order": "string", "version": "int64", "status": "string", "amount": "int64"},
            event_id=("order",),
            meanings={"amount": "money"},
            **changes,
        )
        return workshop

    return declare


def text(deliveries):
    return "".join(
        json.dumps(
            {
                "order": order,
                "version": version,
                "status": status,
                "amount": f"{amount / 100:.2f}",
                "ts": "2020-01-01T10:00:00Z",
            }
        )
        + "\n"
        for order, version, status, amount in deliveries
    )


def stands(workshop):
    return workshop.rows("silver", "order", "status", "amount", "flags")


def kept(workshop):
    if not tables.exists(Lake(workshop.root / "lake").history("logins")):
        return []
    return workshop.rows("history", "order", "status", "amount")


@pytest.mark.spark
def test_case_34_what_comes_again_adds_nothing_and_counts_as_a_duplicate(orders):
    workshop = orders()
    lines = text([("a", None, "new", 5), ("b", None, "new", 7), ("a", None, "new", 5)])
    workshop.write("logins/2020-01-01.log", lines)
    counts, _ = workshop.run()
    assert (counts.totals()["events"], counts.totals()["duplicates"]) == (2, 1)
    assert stands(workshop) == [("a", "new", 5, []), ("b", "new", 7, [])]
    versions = workshop.versions()
    # The file again, and its events among others in another one.
    workshop.write("logins/2020-01-02.log", lines)
    workshop.write("logins/2020-01-02-more.log", text([("b", None, "new", 7)]))
    counts, published = workshop.run(LAST)
    assert (counts.totals()["records"], published.published, published.changed) == (4, 2, 0)
    assert (workshop.versions()[1:], kept(workshop)) == (versions[1:], [])


@pytest.mark.spark
def test_case_35_of_one_id_with_two_bodies_the_newest_stands_and_the_other_is_kept(orders):
    workshop = orders()
    workshop.write("logins/2020-01-01.log", text([("a", None, "new", 5), ("b", None, "new", 5), ("c", None, "new", 1)]))
    workshop.run(FIRST)
    again = [("a", None, "paid", 5), ("b", None, "failed", 5), ("b", None, "paid", 6)]
    workshop.write("logins/2020-01-02.log", text(again))
    counts, published = workshop.run(LAST)
    assert (counts.totals()["events"], counts.totals()["duplicates"], published.published) == (2, 1, 2)
    amended = [
        ("a", "paid", 5, ["amended"]),
        ("b", "paid", 6, ["amended", "amount_amended"]),
        ("c", "new", 1, []),
    ]
    assert stands(workshop) == amended
    assert kept(workshop) == [("a", "new", 5), ("b", "failed", 5), ("b", "new", 5)]
    versions = (workshop.versions(), tables.version(Lake(workshop.root / "lake").history("logins")))
    # The older file, run again, takes nothing back; what it counts is what it counted.
    counts, published = workshop.run(FIRST)
    assert (counts.totals()["events"], published.published, published.changed) == (3, 3, 0)
    assert (workshop.versions(), tables.version(Lake(workshop.root / "lake").history("logins"))) == versions


@pytest.mark.spark
def test_case_34_a_log_that_was_cut_rotated_and_grown_counts_each_line_once(workshop):
    cut = "2020-01-01T10:00:00Z ann 1\n2020-01-01T11:00:00Z bob 1"
    workshop.write("logins/2020-01-01.log", cut)
    workshop.run(FIRST)
    assert workshop.rows("silver", "user_name", "amount") == [("ann", 1), ("bob", 1)]
    # Under another name it went on, from the middle of a line.
    workshop.write("logins/2020-01-02.log", cut + "5\n2020-01-01T12:00:00Z cid 2\n")
    counts, published = workshop.run(LAST)
    assert (counts.totals()["events"], published.published, published.changed) == (3, 3, 2)
    whole = [("ann", 1), ("bob", 15), ("cid", 2)]
    assert workshop.rows("silver", "user_name", "amount") == whole
    versions = workshop.versions()
    # What is left under the old name is the beginning of it, and says nothing of its last line.
    counts, published = workshop.run(FIRST)
    assert (counts.totals()["events"], counts.totals()["duplicates"], published.changed) == (1, 1, 0)
    counts, published = workshop.run()
    assert (counts.totals()["events"], counts.totals()["duplicates"], published.changed) == (3, 2, 0)
    assert (workshop.rows("silver", "user_name", "amount"), workshop.versions()) == (whole, versions)


@pytest.mark.spark
@pytest.mark.parametrize("seed", [3])
def test_random_deliveries_end_alike_in_whatever_order_files_come(orders, seed):
    cases = random.Random(seed)
    files = {
        f"logins/2020-01-0{day}.log": [
            (f"o{cases.randrange(8)}", cases.randrange(4), cases.choice(["new", "paid"]), cases.choice([5, 7]))
            for _ in range(12)
        ]
        for day in (1, 2, 3)
    }
    workshop = orders(sequence="version")
    names = list(files)
    cases.shuffle(names)
    for name in names:
        workshop.write(name, text(files[name]))
        day = int(name[-5])
        workshop.run(f"2020-01-0{day}/2020-01-0{day + 1}")
    bodies = {}
    for name in names:
        for place, (order, version, status, amount) in enumerate(files[name]):
            first = (version, names.index(name), place)
            mine = bodies.setdefault(order, {})
            mine[version, status, amount] = min(first, mine.get((version, status, amount), first))
    silver, history = [], []
    for order, found in bodies.items():
        newest = max(found, key=found.__getitem__)
        flags = ["amended"] * (len(found) > 1) + ["amount_amended"] * (len({body[2] for body in found}) > 1)
        silver.append((order, *newest[1:], flags))
        history += [(order, *body[1:]) for body in found if body != newest]
    assert (stands(workshop), kept(workshop)) == (sorted(silver), sorted(history))


def test_the_example_of_the_page_declares_a_source():
    (snippet,) = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)
    names: dict = {}
    exec(compile(snippet, "identity.md", "exec"), names)  # noqa: S102 - the page's own code
    assert names["orders"].sequence == "changed_at"
