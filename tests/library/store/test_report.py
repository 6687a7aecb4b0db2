"""The report: what it tells, of whom it tells nothing, what it does not read, and how a phone's browser shows it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from riskloom import build_training_set
from riskloom.cli import main
from riskloom.intervals import to_micros
from riskloom.lake import ops, tables, validations
from riskloom.store.materialize import materialize
from riskloom.store.register import register
from tests.library.store.conftest import at, event
from tests.library.store.known import make_known, report

pytestmark = pytest.mark.feast

PEOPLE = [f"customer-{number}" for number in range(12)]
DOCS = Path(__file__).resolve().parents[3] / "docs" / "report.md"
# The file of results that the documentation shows.
MODELS = re.search(r"```json\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[1]
# What the page is asked once it is laid out: it has no script of its own.
PROBE = """<script>
const wide = document.documentElement.scrollWidth, charts = [...document.querySelectorAll('svg')];
document.title = JSON.stringify({wide, window: window.innerWidth, charts: charts.length,
  drawn: charts.filter(one => one.getBoundingClientRect().height > 10).length,
  loaded: performance.getEntriesByType('resource').length});
</script></body>"""
QUIET = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync")
OFFLINE = ("--disable-background-networking", "--disable-component-update", "--window-size=390,1200", "--dump-dom")


@pytest.fixture(scope="module")
def shop(make_shop):
    made = make_known(make_shop().root)
    rows = [event(m, user_name=PEOPLE[m % 12], event_id=str(m), amount=1_000 if m % 3 == 0 else m) for m in range(120)]
    made.write(rows, at(120))
    made.reports([report(m, m, True, user_name=PEOPLE[m % 12]) for m in range(0, 120, 3)])
    project = made.project
    spine = [{"user_name": row["user_name"], "event_timestamp": row["event_ts"]} for row in rows]
    build_training_set(
        "user_v1",
        spine,
        project=project,
        labels=["confirmed"],
        label_as_of=at(200),
        output="parquet",
        out=project.settings.state / "training_sets" / "user_v1" / "kept",
    )
    register(project)
    materialize(project, ["user_logins"])
    lake, start = made.lake, to_micros(at(0))
    run = {"source": "logins", "lines_in": 125, "record": 125, "records": 125, "published": 120, "quarantined": 5}
    reasons = {"bad_number": 4, "truncated_json": 1}
    ops.append_run(
        lake,
        ops.RunRecord(
            run_id="r", interval_start=start, interval_end=to_micros(at(120)), reasons=reasons, ended_ts=start, **run
        ),
    )
    for number, wrong in enumerate(((), ("critical",), ("warning",))):
        checks = [{"severity": severity, "success": False} for severity in wrong] + [{"severity": "critical"}]
        gate = {"run_id": f"g{number}", "source": "logins", "recorded_ts": at(number)}
        found = [{"success": True, **gate, **check} for check in checks]
        rows = [{name: row.get(name) for name in validations.SCHEMA.names} for row in found]
        tables.append(
            lake.ops(validations.TABLE), validations.SCHEMA.empty_table().from_pylist(rows, validations.SCHEMA)
        )
    (project.settings.state / "models.json").write_text(MODELS)
    return made


def reported(shop, *arguments):
    done = CliRunner().invoke(main, ["--project", str(shop.root), "report", *arguments])
    return done.exit_code, done.output


@pytest.fixture(scope="module")
def page(shop):
    code, text = reported(shop)
    assert code == 0, text
    path = shop.project.settings.state / "report.html"
    assert text == f"Wrote {path}\n"
    assert json.loads(reported(shop, "--json")[1]) == {"report": str(path)}
    return path


def section(text, name):
    return re.search(rf'<section id="{name}">(.*?)</section>', text, re.DOTALL)[1]


def test_each_section_tells_what_there_is(page):
    text = page.read_text(encoding="utf-8")
    features = section(text, "features-by-label")
    assert "user_v1, by confirmed" in features
    assert "120 of 120 rows, 18 features" in features
    assert "confirmed: 40" in features
    assert "not known as confirmed: 80" in features
    assert "<h3>amount_sum_1h</h3>" in features
    assert "0.960 (0.941 to 0.977)" in section(text, "models-by-phase")
    assert "silver.reports" in section(text, "tables")
    assert "logins: bad_number" in section(text, "quarantine")
    gates = section(text, "validation")
    assert [gates.count(f'class="{outcome}"') for outcome in ("passed", "failed", "warned")] == [1, 1, 1]
    assert "2 checks, 0 failed, 1 warned" in gates
    parity = section(text, "parity")
    assert "<td>user_v1</td><td>2010-12-01T10:00:00Z</td>" in parity
    assert re.search(r'<td class="number">12</td><td class="number">216</td><td class="number">0</td>', parity)


def test_the_page_names_nobody_and_loads_nothing(page):
    text = page.read_text(encoding="utf-8")
    assert not any(person in text for person in PEOPLE)
    outside = set(re.findall(r"https?://[^\"'<> ]+", text))
    assert outside == {"http://www.w3.org/2000/svg"}
    tags = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.append((tag, dict(attributes)))
    parser.feed(text)
    assert not [tag for tag, held in tags if tag in ("script", "link", "img", "iframe") or "src" in held]
    assert all(held["href"].startswith("#") for tag, held in tags if tag == "a")


def test_no_row_of_a_table_is_read_where_no_keys_are_compared(shop, page, tmp_path):
    lake = tmp_path / "lake"
    shutil.copytree(shop.lake.root, lake)
    for layer in ("gold", "silver", "batch"):
        for file in (lake / layer).rglob("*.parquet"):
            file.unlink()
    done = CliRunner(env={"RISKLOOM_LAKE": str(lake)}).invoke(
        main, ["--project", str(shop.root), "report", "--keys", "0", "--out", str(tmp_path / "few.html")]
    )
    assert done.exit_code == 0, done.output
    few = (tmp_path / "few.html").read_text(encoding="utf-8")
    assert section(few, "tables") == section(page.read_text(encoding="utf-8"), "tables")
    assert "Nothing was compared" in section(few, "parity")


def test_an_empty_project_has_a_page_and_a_broken_file_a_clear_error(make_shop):
    bare = make_shop()
    assert reported(bare)[0] == 0
    text = (bare.project.settings.state / "report.html").read_text(encoding="utf-8")
    for sentence in (
        "No training set is kept",
        "no model has been measured",
        "There is no table yet",
        "No gate has run",
    ):
        assert sentence in text
    path = bare.project.settings.state / "models.json"
    path.write_text("{}")
    assert reported(bare) == (
        1,
        f"error: {path}: this is no file of models' results (KeyError: 'decisions'). Write it again, or take it away.\n",
    )


@pytest.fixture(scope="session")
def browser():
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    apt = shutil.which("apt-get")
    if found is None and apt is not None and os.geteuid() == 0:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for asked in (("update", "-qq"), ("install", "-y", "-qq", "--no-install-recommends", "chromium")):
            subprocess.run([apt, *asked], check=False, capture_output=True, env=quiet)
        found = shutil.which("chromium")
    if found is None:
        pytest.skip("there is no Chromium on this machine, and apt-get could not install it")
    return found


@pytest.mark.server
def test_a_phones_browser_shows_it_without_scrolling_sideways(browser, page, tmp_path):
    probed = tmp_path / "probed.html"
    probed.write_text(page.read_text(encoding="utf-8").replace("</body>", PROBE), encoding="utf-8")
    command = [browser, *QUIET, *OFFLINE, f"--user-data-dir={tmp_path / 'profile'}", probed.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    told = json.loads(re.search(r"<title>(.*?)</title>", done.stdout)[1])
    assert told["wide"] <= told["window"] <= 500
    assert told["charts"] == told["drawn"] >= 5
    assert told["loaded"] == 0
