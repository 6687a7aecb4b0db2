"""The batch jobs beside plain Python: what is alike, what lists say, and what takes two sources to say."""

from __future__ import annotations

import importlib
import unicodedata
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from riskloom.extract.units import SPARK_TYPES
from riskloom.intervals import DAY, to_micros
from riskloom.lake.tables import read
from riskloom.project import Project

pytestmark = pytest.mark.spark

PLATFORM = Path(__file__).parents[3] / "demo" / "platform"
AT = datetime(2025, 11, 17, tzinfo=UTC)
LEAST = 0.7
SCRIPTS = (
    "Best product ever, buy it now and tell all of your friends about it",
    "Ваш аккаунт будет закрыт, подтвердите его по ссылке сегодня",  # noqa: RUF001
    "سيتم إغلاق حسابك، يرجى التأكيد عبر الرابط اليوم",
    "您的帐户将被关闭请立即点击链接确认您的身份信息谢谢",
    "आपका खाता बंद कर दिया जाएगा कृपया आज ही पुष्टि करें",
)
ODD = ("", " ", "!!!", "👍👍", "ok", "OK!", "a", "12345")


@pytest.fixture(scope="module")
def project():
    return Project.load(PLATFORM)


def texts():
    """Texts of any script with small changes, odd ones, and the same words in another block."""
    random = Random(5)
    found = []
    for place, text in enumerate(SCRIPTS):
        changes = ("", "!", " 1", f" {text[:6]}", text[::-1])
        found += [(f"t{place}.{number}", "a", text + change) for number, change in enumerate(changes)]
    found += [(f"odd{number}", "a", text) for number, text in enumerate(ODD)]
    found += [("elsewhere", "b", SCRIPTS[0])]
    found += [(f"r{number}", "a", " ".join(random.choices(SCRIPTS[0].split(), k=12))) for number in range(30)]
    return found


def shingles(text):
    kept = (sign if unicodedata.category(sign)[0] in "LMN" else " " for sign in text.lower())
    plain = " ".join("".join(kept).split())
    return {plain[at : at + 3] for at in range(max(len(plain) - 2, 1))} if plain else set()


def plainly(rows):
    """All pairs of a block, compared one by one."""
    found = {}
    for key, block, text in rows:
        for other, beside, told in rows:
            one, two = shingles(text), shingles(told)
            if key != other and block == beside and one and two and len(one & two) / len(one | two) >= LEAST:
                found[key, other] = pytest.approx(len(one & two) / len(one | two))
    return found


def test_texts_of_any_script_are_as_alike_as_their_shingles(spark, project):
    likeness, rows = importlib.import_module("transforms.likeness"), texts()
    frame = spark.createDataFrame(
        [(*row, LEAST) for row in rows], "key string, block string, text string, least double"
    )
    found = {(one, other): value for one, other, value in likeness.near_duplicates(frame).collect()}
    wanted = plainly(rows)
    assert found == wanted
    # Each script's first text has one beside it; a text in another block, or without a word, has none.
    assert {f"t{place}.0" for place in range(len(SCRIPTS))} <= {key for key, _ in wanted}
    assert not {"elsewhere", "odd0", "odd1", "odd2", "odd3"} & {key for key, _ in found}


def test_a_crowd_is_compared_with_its_first_and_writers_are_counted(spark, project):
    likeness = importlib.import_module("transforms.likeness")
    rows = [(f"k{number:02}", "", SCRIPTS[0], f"who{number % 4}") for number in range(30)]
    rows += [("k00", "", SCRIPTS[0], "who9"), ("lonely", "", SCRIPTS[1], "who1"), (None, "", None, "who2")]
    frame = spark.createDataFrame(rows, "key string, block string, text string, who string").selectExpr(
        "*", "0.7D least"
    )
    found = {row["key"]: tuple(row)[1:] for row in likeness.alike(frame, crowd=10).collect()}
    assert found["k00"] == (29, 31, 5, 1.0)
    for number in range(1, 30):
        assert found[f"k{number:02}"] == (1, 3, 3 if number % 4 else 2, 1.0)
    assert found["lonely"] == (0, 1, 1, None)
    assert len(found) == 31


def test_a_list_says_what_its_edition_of_then_says(spark, project, tmp_path):
    reputation = importlib.import_module("transforms.reputation")
    for day, lines in (("2025-11-01", "45.,hosting\n45.1.,vpn\n"), ("2025-11-10", "45.,hosting\n"), ("2025-12-01", "")):
        (tmp_path / f"{day}.csv").write_text(f"pattern,listed_as\n{lines}", encoding="utf-8")
    values = spark.createDataFrame(
        [("45.1.2.3",), ("45.9.9.9",), ("145.1.1.1",), ("45.1.2.3",), (None,)], "value string"
    )
    said = {}
    for day in (datetime(2025, 10, 31, tzinfo=UTC), datetime(2025, 11, 9, tzinfo=UTC), AT):
        entries = reputation.in_force(tmp_path, day)
        rows = reputation.listed(values, entries, reputation.BEGINS, day).collect()
        said[day.day] = {row["value"]: (row["listed_as"], row["listed_days"]) for row in rows}
    nothing = (None, None)
    assert said == {
        31: {"45.1.2.3": nothing, "45.9.9.9": nothing, "145.1.1.1": nothing},
        9: {"45.1.2.3": ("vpn", 8), "45.9.9.9": ("hosting", 8), "145.1.1.1": nothing},
        17: {"45.1.2.3": ("hosting", 16), "45.9.9.9": ("hosting", 16), "145.1.1.1": nothing},
    }
    for folder in (PLATFORM / "reference").iterdir():
        if folder.is_dir():
            assert reputation.in_force(folder, AT), folder.name


def events(spark, project, source, *rows):
    """Events of a source: what is not given is null; each is an hour after the one before."""
    columns = {**project.source(source).columns, "event_id": "string", "event_ts": "timestamp"}
    made = []
    for place, row in enumerate(rows):
        whole = {"event_id": f"{source}{place}", "event_ts": AT - timedelta(days=10) + timedelta(hours=place), **row}
        made.append(tuple(whole.get(name) for name in columns))
    return spark.createDataFrame(made, ", ".join(f"`{name}` {SPARK_TYPES[dtype]}" for name, dtype in columns.items()))


def placed(order, account, seller="m1", item="p1", gross=100, ip="1.1.1.1", hours=20):
    at = AT - timedelta(days=10) + timedelta(hours=hours)
    return {"order_id": order, "account_id": account, "seller_id": seller, "item_id": item, "gross": gross, "ip": ip,
            "state": "created", "event_ts": at}  # fmt: skip


def test_what_takes_two_sources_is_said_of_each(spark, project):
    hour = timedelta(hours=1)
    begun = AT - timedelta(days=10)
    known = {
        "accounts": events(
            spark, project, "accounts",
            {"action": "register", "account_id": "u1", "inviter_id": "u9"},
            {"action": "register", "account_id": "u2", "inviter_id": "u9"},
            {"action": "verify", "account_id": "u2", "inviter_id": "u9"},
        ),
        "orders": events(
            spark, project, "orders",
            placed("o1", "u1", gross=300), placed("o2", "u1", "m2", "p2"), placed("o3", "u3", ip="9.9.9.9", hours=230),
            {**placed("o1", "u1"), "state": "paid"},
        ),
        "refunds": events(
            spark, project, "refunds",
            {"order_id": "o1", "amount": 200, "decision": "approved"}, {"order_id": "o2", "amount": 1, "decision": "denied"},
        ),
        "coupons": events(
            spark, project, "coupons", {"action": "redeem", "order_id": "o1"}, {"action": "validate", "order_id": "o3"}
        ),
        "reviews": events(
            spark, project, "reviews",
            {"order_id": "o1", "account_id": "u1", "item_id": "p1", "event_ts": begun + 30 * hour},
            {"order_id": "o3", "account_id": "u3", "item_id": "p1", "event_ts": begun + 300 * hour},
            {"account_id": "u3", "item_id": "p2"},
        ),
        "messages": events(
            spark, project, "messages",
            {"side": "seller", "sender_id": "m1", "recipient_id": "u1", "ip": "9.9.9.9"},
            {"side": "buyer", "sender_id": "u1", "recipient_id": "m1", "ip": "1.1.1.1"},
        ),
        "sellers": events(
            spark, project, "sellers",
            {"action": "listing_add", "item_id": "p1", "price": 500}, {"action": "price_change", "item_id": "p1", "price": 300},
            {"action": "price_change", "item_id": "p2", "price": 10},
        ),
    }  # fmt: skip
    reads = importlib.import_module("jobs").READS
    queries = importlib.import_module("transforms.dealings").QUERIES
    found = defaultdict(dict)
    for view, query in queries.items():
        keys = project.batch_views[view].entity.key_columns
        names = [*keys, *project.batch_views[view].columns]
        for row in spark.sql(query, **{source: known[source] for source in reads[view]}).collect():
            assert set(row.asDict()) == set(names), view
            found[view][tuple(row[name] for name in keys)] = tuple(row[name] for name in names[len(keys) :])
    assert found == {
        "inviter_dealings": {("u9",): (2, 0.5, 0.5)},
        # Order o1 came 19 hours after the price of p1 fell; that of o3 is too long ago.
        "account_dealings": {
            ("u1",): (2, 0.5, 0.5, 1, 1.0, 19 * 3_600.0), ("u3",): (1, 0.0, 0.0, 0, None, None),
        },
        "seller_dealings": {("m1",): (2, 0.5, 0.5, 0.5, 0.5, 0.5), ("m2",): (1, 1.0, 0.0, 0.0, None, 0.0)},
        "product_dealings": {("p1",): (2, 0.5), ("p2",): (1, 0.0)},
        "buyer_seller_dealings": {("u1", "m1"): (0,), ("u1", "m2"): (0,), ("u3", "m1"): (1,)},
    }  # fmt: skip


@pytest.fixture
def nothing(project, tmp_path):
    """The project before any source had an event."""
    return replace(project, settings=replace(project.settings, lake=tmp_path / "lake"))


def test_jobs_read_what_the_page_draws_and_a_day_without_events_has_no_rows(spark, nothing, monkeypatch):
    tables, asked, written = importlib.import_module("jobs.tables"), defaultdict(set), {}
    last = []

    def seen(spark, project, source, *rest):
        last.append(source)
        return tables.seen(spark, project, source, *rest)

    def write(project, view, rows, until):
        declared = project.batch_views[view]
        assert {*declared.entity.key_columns, *declared.columns} <= set(rows.columns), view
        asked[view].update(last)
        if view not in ("review_likeness", "message_likeness"):
            last.clear()
        written[view] = rows
        return 0

    for name in ("account_graph", "dealings", "likeness", "reputation"):
        job = importlib.import_module(f"jobs.{name}")
        monkeypatch.setattr(job, "seen", seen)
        monkeypatch.setattr(job, "write", write)
        getattr(job, f"write_{name}")(spark, nothing, to_micros(AT))
        last.clear()
    reads = importlib.import_module("jobs").READS
    # Likeness asks for all its events before it writes any table.
    together = {"address_key_likeness", "review_likeness", "message_likeness"}
    assert {view: set(sources) for view, sources in reads.items() if view not in together} == {
        view: some for view, some in asked.items() if view not in together
    }
    assert asked["address_key_likeness"] == {source for view in together for source in reads[view]}
    assert set(written) == set(nothing.batch_views) == set(reads)
    assert written["account_graph"].collect() == written["message_likeness"].collect() == []


def test_rows_of_an_instant_replace_themselves_and_say_when_they_were_there(spark, nothing):
    tables, until = importlib.import_module("jobs.tables"), to_micros(AT)
    rows = spark.createDataFrame([("u1", 1.0), ("u2", 2.0)], "inviter_id string, invited double")
    whole = rows.selectExpr("*", "0.5D invited_ordering_share", "NULL invited_ordering_again_share", "1 unasked")
    for at, some, there in ((until, whole, 2), (until + DAY, whole, 2), (until, whole.limit(1), 1)):
        assert tables.write(nothing, "inviter_dealings", some, at) == there
    found = read(nothing.batch_table(nothing.batch_views["inviter_dealings"]))
    assert found.column_names == [
        "inviter_id", "invited", "invited_ordering_share", "invited_ordering_again_share", "available_ts"
    ]  # fmt: skip
    assert sorted(to_micros(at) for at in found["available_ts"].to_pylist()) == [
        until + tables.READY, until + DAY + tables.READY, until + DAY + tables.READY
    ]  # fmt: skip
