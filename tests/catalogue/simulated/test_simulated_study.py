"""The study of a simulation: its measures, and what it says of how hard attacks are to find."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from demo.simulate.cli import main
from demo.simulate.run import Simulation
from demo.simulate.scales import scale_of
from demo.simulate.study.difficulty import difficulties
from demo.simulate.study.model import Logistic, auc
from demo.simulate.study.report import faults
from demo.simulate.study.signals import signals

PAGE = Path(__file__).parents[3] / "docs" / "simulation.md"


def test_auc_counts_pairs():
    random = np.random.default_rng(5)
    score, positive = random.integers(0, 8, 300).astype(float), random.random(300) < 0.3
    above = score[positive][:, None] - score[~positive][None, :]
    assert auc(score, positive) == pytest.approx(((above > 0) + 0.5 * (above == 0)).mean())
    assert np.isnan(auc(score, positive & False))


def test_a_model_finds_the_direction():
    random = np.random.default_rng(6)
    rows = random.normal(size=(4_000, 3))
    positive = random.random(4_000) < 1 / (1 + np.exp(-(2 * rows[:, 0] - rows[:, 1])))
    model = Logistic.fit(rows, positive)
    assert model.weights[0] / model.weights[1] == pytest.approx(-2, rel=0.15)
    assert abs(model.weights[2]) < 0.15


def test_counts_are_of_earlier_events_of_the_same_key():
    random = np.random.default_rng(7)
    hour = 3_600_000_000
    one = {
        "ts": random.integers(0, 30, 400) * hour // 4,
        "id": np.arange(400),
        "account": random.integers(-1, 12, 400),
    }
    seen = signals(one, np.arange(400))["account_before_1h"]
    for place in range(400):
        at, who = one["ts"][place], one["account"][place]
        before = (one["account"] == who) & (one["ts"] < at) & (one["ts"] >= at - hour)
        assert seen[place] == pytest.approx(-1.0 if who < 0 else np.log1p(before.sum()))


def test_different_ones_are_counted_before_each_event():
    random = np.random.default_rng(8)
    one = {
        "ts": random.integers(0, 60, 400) * 1_000_000,
        "id": np.arange(400),
        "account": random.integers(-1, 20, 400),
        "device": random.integers(0, 9, 400),
    }
    seen = signals(one, np.arange(400))["accounts_of_device"]
    for place in range(400):
        before = (one["device"] == one["device"][place]) & (one["ts"] < one["ts"][place])
        assert seen[place] == pytest.approx(np.log1p(len(set(one["account"][before].tolist()))))


def test_attacks_are_hard_to_find_and_learn():
    chosen = ("card_testing", "coupon_ring", "brushing", "insider")
    found = difficulties(Simulation(scale=scale_of("M/100"), seed=3, scenarios=chosen, at_least=300))
    assert [one.risk.name for one in found] == ["coupon_ring", "brushing", "card_testing", "insider"]
    assert faults(found) == []


def test_the_page_shows_no_fault():
    page = PAGE.read_text(encoding="utf-8")
    assert re.findall(r"^\* \*\*\w+: ", page, flags=re.MULTILINE) == []
    assert len(re.findall(r"^\| (\w+) \| `\w+(?:=\d+)?` \| 0\.", page, flags=re.MULTILINE)) == 15


def test_the_report_writes_a_page(tmp_path, capsys):
    out = tmp_path / "page.md"
    assert main(["report", "--scale", "XS", "--attacks", "40", "--out", str(out)]) == 0
    assert "## Difficulty" in out.read_text(encoding="utf-8")
    missing = tmp_path / "no" / "page.md"
    assert main(["report", "--scale", "XS", "--attacks", "40", "--out", str(missing)]) == 2
    assert capsys.readouterr().err == (
        f"error: cannot write {missing}: No such file or directory. What is there already is incomplete; remove it and "
        "give another folder.\n"
    )
