"""The simulated platform: its base, its attacks, its mess, and its truth, on few events."""

from __future__ import annotations

import hashlib
import re
import resource
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from demo.agreement import faults
from demo.simulate.addresses import HOTEL, MOBILE, OFFICE, RESIDENTIAL, VPN, network
from demo.simulate.calendar import DAY, Calendar
from demo.simulate.cli import main
from demo.simulate.errors import SimulationError
from demo.simulate.labels import delay
from demo.simulate.risks import BY_NAME, RISKS
from demo.simulate.run import Counts, Simulation, simulate
from demo.simulate.scales import Scale, scale_of
from demo.simulate.scenarios import SCENARIOS
from demo.simulate.sheets import join, take
from demo.simulate.streams import Streams
from riskloom.project import Project

ROOT = Path(__file__).parents[3]

XS = scale_of("XS")
TINY = Scale(name="tiny", accounts=80, sellers=10, products=60, days=4, events=2_000)


def bytes_of(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def lived(**chosen):
    """All events of a simulation by source, in memory."""
    sheets = {}
    plan = Simulation(**{"scale": XS, "seed": 7, "scenarios": tuple(SCENARIOS), **chosen}).days(
        lambda _, source, one: sheets.setdefault(source, []).append(one)
    )
    return {source: join(found, source) for source, found in sheets.items()}, plan


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(tmp_path):
    for name, seed in (("one", 7), ("two", 7), ("other", 8)):
        simulate(Simulation(scale=TINY, seed=seed, scenarios=("scalper", "insider")), tmp_path / name)
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two")
    assert bytes_of(tmp_path / "one") != bytes_of(tmp_path / "other")


def test_a_scenario_changes_nothing_of_honest_life_or_of_another():
    alone, _ = lived(scenarios=())
    together, _ = lived()
    for source, honest in alone.items():
        found = take(together[source], together[source]["truth"] == 0)
        for column, values in honest.items():
            assert np.array_equal(found[column], values), (source, column)


def test_every_attack_has_its_share_and_hard_negatives_are_as_many():
    counts = Counts()
    plan = Simulation(scale=scale_of("S"), seed=7, scenarios=tuple(SCENARIOS)).days(
        lambda _, source, one: counts.add(source, one)
    )
    for name, found in counts.as_data(plan)["risks"].items():
        wanted = found["wanted"] * found["of"]
        # A whole number of attacks cannot be nearer than half of one.
        assert abs(found["attacks"] - wanted) <= max(0.1 * wanted, 1), name
        assert found["hard_negatives"] >= found["attacks"], name


def test_honest_life_has_the_rates_of_the_domain():
    events, plan = lived(scale=scale_of("S"), scenarios=())
    orders, clicks, requests = events["orders"], events["clicks"], events["requests"]
    created, drops = orders["state"] == 0, orders["drop"] >= 0
    views = int((requests["page"] == 1).sum() - (requests["odd"] == BY_NAME["click_farm"].code).sum())
    carts = int((clicks["event"] == 2).sum())
    sessions = len(np.unique(clicks["session"][clicks["event"] == 2]))
    from_cart = np.isin(orders["session"][created & ~drops], clicks["session"][clicks["event"] == 2]).sum()
    first = events["payments"]["attempt"] == 1
    honest = first & (events["payments"]["odd"] == 0)
    assert carts / views == pytest.approx(0.08, rel=0.1)
    assert from_cart / sessions == pytest.approx(0.35, rel=0.1)
    assert events["payments"]["result"][honest].mean() == pytest.approx(0.04, rel=0.2)
    placed = dict(zip(orders["order"][created].tolist(), orders["ts"][created].tolist(), strict=True))
    parcels = take(events["shipments"], events["shipments"]["scan"] == 3)
    days = np.array(
        [ts // DAY - placed[order] // DAY for order, ts in zip(parcels["order"], parcels["ts"], strict=True)]
    )
    assert (days.min(), days.max()) == (2, 7)
    asked = events["refunds"]["ts"] < plan.world.calendar.begins(12)
    assert 0.02 < asked.sum() / len(placed) < 0.06


def test_seasons_campaigns_and_drops_show():
    events, plan = lived(scale=scale_of("S"), scenarios=())
    ts, calendar = events["requests"]["ts"], plan.world.calendar
    by_day = np.bincount((ts - calendar.start) // DAY, minlength=14)
    assert by_day[8] == by_day.max()
    assert by_day[8] > 2.5 * np.median(by_day)
    by_hour = np.bincount(ts // (DAY // 24) % 24, minlength=24)
    assert by_hour[20] > 4 * by_hour[3]


def test_one_scenario_is_new_late_and_a_field_disappears(written):
    coupons, clicks = written.truth("coupons"), written.truth("clicks")
    calendar = Calendar(14)
    first = pc.min(coupons.filter(pc.equal(coupons["scenario"], "gift_card_drain"))["happened_at"]).as_py()
    assert first >= datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=calendar.instant(0.7))
    late = pc.greater_equal(clicks["file"], "clicks/2025-11-10/00.jsonl")
    assert clicks.filter(late)["attested"].null_count == len(clicks.filter(late))
    assert clicks.filter(pc.invert(late))["attested"].null_count == 0


def test_attacks_are_in_their_four_phases():
    events, _ = lived(at_least=300)
    for risk in RISKS:
        one = events[risk.source]
        phases = set(one["phase"][(one["truth"] == risk.code) & (one["unit"] == 1)].tolist())
        assert phases == ({3, 4} if risk.name == "gift_card_drain" else {1, 2, 3, 4}), risk.name


def test_labels_come_late_and_some_never():
    events, _ = lived(at_least=2_000, scenarios=("card_testing", "phishing", "brushing"))
    stream, ids = Streams(1)("label"), np.arange(20_000)
    days = {risk.name: delay(risk, stream, ids) / DAY for risk in RISKS}
    assert days["card_testing"].min() >= 7
    assert days["card_testing"].max() <= 60
    assert days["card_testing"].mean() == pytest.approx(19, rel=0.05)
    assert days["phishing"].mean() == pytest.approx(2, rel=0.05)
    assert days["brushing"].mean() == pytest.approx(10, rel=0.05)
    assert len(events["payments"]["ts"]) > 2_000


def test_shares_of_labels(tmp_path, written_to):
    simulation = Simulation(scale=TINY, seed=3, scenarios=("card_testing",), at_least=3_000)
    found, rows = (made := written_to(tmp_path / "out", simulation)).truth("payments"), made.table("labels")
    struck = set(found.filter(pc.equal(found["scenario"], "card_testing"))["event_id"].to_pylist())
    labelled = [row["event_id"] for row in rows]
    assert len(labelled) == len(set(labelled))
    assert len(struck & set(labelled)) / len(struck) == pytest.approx(0.85, abs=0.02)
    assert 0 < sum(1 for row in rows if row["revoked_ts"]) / len(rows) < 0.02
    assert all(row["label_available_ts"] > row["event_ts"] for row in rows)


def test_mess_stands_where_the_list_says_and_once(written):
    rows = written.table("mess")
    assert len({int(row["case"]) for row in rows}) >= 24
    places = [(row["file"], row["line"]) for row in rows]
    assert len(places) == len(set(places))
    kinds = Counter(row["name"] for row in rows)
    assert min(kinds["late"], kinds["duplicate"], kinds["out_of_order"]) > 0
    for row in rows[:400]:
        lines = (written.folder / "raw" / row["file"]).read_bytes().split(b"\n")
        assert int(row["line"]) <= len(lines)


def test_late_lines_come_in_later_files(written):
    late = {(row["file"], int(row["line"])) for row in written.table("mess") if row["name"] == "late"}
    events = written.truth("requests")
    hours = Counter()
    for at, file, line in zip(
        events["happened_at"].to_pylist(), events["file"].to_pylist(), events["line"].to_pylist(), strict=True
    ):
        if (file, line) in late:
            hours[file >= f"requests/{at:%Y-%m-%d/%H}"] += 1
        else:
            assert f"requests/{at:%Y-%m-%d/%H}" in file
    assert hours[True] > 0
    assert hours[False] == 0


def test_every_line_is_an_events_or_on_the_list(written):
    listed = Counter(row["file"] for row in written.table("mess") if row["name"] in ("duplicate", "byte_order_mark"))
    assert listed
    twice = Counter(row["file"] for row in written.table("mess") if row["name"] == "header_again")
    for source in ("logins", "payments", "sellers"):
        events = Counter(written.truth(source)["file"].to_pylist())
        for file, number in events.items():
            count = (written.folder / "raw" / file).read_bytes().count(b"\n")
            assert count == number + listed[file] + twice[file], file


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--scale", "Q"], "error: unknown scale 'Q'. Known: XS, S, M, L; M/10 is a tenth of M.\n"),
        (["--seed", "x1"], "error: seed 'x1' is no integer. Give a whole number, such as --seed 7.\n"),
        (
            ["--scenarios", "robbery"],
            f"error: unknown scenario 'robbery'. Known: all, none, {', '.join(SCENARIOS)}.\n",
        ),
    ],
)
def test_bad_arguments_get_one_line(arguments, text, tmp_path, capsys):
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err == text
    assert not (tmp_path / "out").exists()


INCOMPLETE = "What is there already is incomplete; remove it and give another folder."


def test_bad_folders_get_one_line(tmp_path, capsys):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a").touch()
    (tmp_path / "file").touch()
    cases = {
        "full": "folder {0} is not empty. Give a new one, or empty it: a simulation is never mixed with another.",
        "file": "{0} is no folder. Give the path of a new or an empty folder.",
        "file/below": f"cannot write {{0}}: Not a directory. {INCOMPLETE}",
    }
    for name, text in cases.items():
        assert main(["--scale", "XS", "--out", str(tmp_path / name)]) == 2
        assert capsys.readouterr().err == f"error: {text.format(tmp_path / name)}\n"


@pytest.fixture
def small_files():
    """Lets this process write no file of more than 20 kB, as a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("small_files")
def test_a_file_that_cannot_be_written_gets_one_line(tmp_path, capsys):
    assert main(["--scale", "XS", "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err == f"error: cannot write {tmp_path}/out: File too large. {INCOMPLETE}\n"
    assert not (tmp_path / "out" / "summary.json").exists()


def test_a_demo_of_an_unknown_scale_gets_one_line():
    done = subprocess.run(
        [sys.executable, "-m", "demo", "--scale", "Q"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: unknown scale 'Q'. Known: XS, S, M, L; M/10 is a tenth of M.\n"


def test_a_truth_that_is_not_there_gets_one_line(tmp_path):
    text = f"folder {tmp_path} holds no finished simulation. Make one with: python -m demo.simulate --out {tmp_path}"
    with pytest.raises(SimulationError, match=f"^{re.escape(text)}$"):
        faults(Project.load(ROOT / "demo" / "platform"), tmp_path)


def test_every_honest_group_is_there():
    events, plan = lived(scale=scale_of("S"), scenarios=())
    world, logins, orders = plan.world, events["logins"], events["orders"]
    pairs = np.unique(np.stack([logins["ip"], logins["account"]]), axis=1)
    addresses, accounts = np.unique(pairs[0], return_counts=True)
    kinds = network(addresses).kind
    behind = {kind: accounts[kinds == kind] for kind in (RESIDENTIAL, MOBILE, OFFICE, VPN, HOTEL)}
    # Households, dormitories, offices, carriers, VPNs.
    assert (behind[RESIDENTIAL] == 2).sum() > 50
    assert behind[RESIDENTIAL].max() > 15
    assert min(behind[OFFICE].max(), behind[MOBILE].max()) > 10
    assert len(np.unique(logins["account"][network(logins["ip"]).kind == VPN])) > 0.01 * world.scale.accounts
    # Travellers: a login in another country than the home's.
    abroad = network(logins["ip"]).country != world.country[logins["account"]]
    assert np.isin(network(logins["ip"]).kind, [HOTEL])[abroad].any()
    # Presents: an address that is not the account's own. Students: one address for many accounts.
    created = take(orders, orders["state"] == 0)
    elsewhere = created["address"] >> 3 != world.dwelling(created["account"])
    assert 0.01 < elsewhere.mean() < 0.5
    doors = np.unique(np.stack([created["address"] >> 3, created["account"]])[:, ~elsewhere], axis=1)[0]
    assert np.unique(doors, return_counts=True)[1].max() > 10


def test_a_tenth_of_a_scale_has_all_its_days():
    assert (scale_of("M/10").days, scale_of("M/10").events) == (60, 2_000_000)
    with pytest.raises(SimulationError, match="unknown scale 'M/0'"):
        scale_of("M/0")
