"""Everything that the README shows is run: its snippets, on the starter project over two days of orders, and its commands."""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
from contextlib import redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from riskloom.cli import main

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
DECLARE, TRAIN, SCORE = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
TOO_STRICT = ("user_name IS NOT NULL", "user_name <> 'ben'")
AT = datetime(2026, 1, 3, tzinfo=UTC)
FOLDERS = ("features", "transforms", "expectations", "feature_repo", "dags")


def printed(snippet: str) -> str:
    output = io.StringIO()
    with redirect_stdout(output):
        exec(compile(snippet, "README.md", "exec"), {})  # noqa: S102 - the README's own code
    return output.getvalue()


@pytest.fixture(scope="module")
def starter(tmp_path_factory, spark):
    root = tmp_path_factory.mktemp("starter")
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "riskloom.toml", root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RISKLOOM_DATA", str(ROOT / "demo/data"))
        patch.chdir(root)
        done = CliRunner().invoke(main, ["run", "--interval", "2010-12-01/2010-12-03", "--source", "orders"])
        assert done.exit_code == 0, done.output
        yield root


def test_the_declaration_prints_what_the_readme_says():
    shown = re.search(r"Names are derived.*?```\n(.*?)```", README, re.DOTALL)
    assert printed(DECLARE) == shown[1]


@pytest.mark.spark
@pytest.mark.feast
def test_the_trainers_snippet(starter):
    rows = dict(line.split(maxsplit=1) for line in printed(TRAIN).splitlines()[1:])
    assert rows["customer_id"] == "17850"
    assert int(rows["sold_invoice_no_count_distinct_1d"]) > 0


@pytest.mark.spark
@pytest.mark.feast
def test_the_scorers_snippet(starter):
    lines = printed(SCORE).splitlines()
    assert len(lines) == 15
    assert all(line.rsplit(maxsplit=1)[1] in ("present", "null") for line in lines)


@pytest.mark.spark
@pytest.mark.feast
@pytest.mark.parametrize("command", ["plan", "status", "features", "purge --before 2010-12-02 --dry-run"])
def test_the_commands_answer_on_the_loaded_project(starter, command):
    done = CliRunner().invoke(main, command.split())
    assert done.exit_code == 0, done.output
    assert "orders" in done.output


@pytest.mark.spark
@pytest.mark.feast
def test_a_new_project_runs_as_it_is(tmp_path, spark, monkeypatch):
    monkeypatch.delenv("RISKLOOM_DATA", raising=False)  # the starter's data, where the tests above have run
    runner = CliRunner()
    assert runner.invoke(main, ["init", str(tmp_path / "shop")]).exit_code == 0
    rewrite(tmp_path / "shop", *TOO_STRICT)
    done = runner.invoke(main, ["--project", str(tmp_path / "shop"), "run"])
    assert done.exit_code == 0, done.output
    assert (
        "5 (1 no_timestamp, 4 user_named)"
        in runner.invoke(main, ["--project", str(tmp_path / "shop"), "status"]).output
    )
    replay_of(runner, tmp_path / "shop")
    status = runner.invoke(main, ["--project", str(tmp_path / "shop"), "status"]).output
    assert "1 (1 no_timestamp)" in status
    assert "first_seen" not in status
    # On the next day a field is new, and another is written under another name.
    (tmp_path / "shop/data/logins/2026-01-03.csv").write_text(
        "logged_at,user_name,source,result,client\n2026-01-03T08:00:00Z,ada,192.0.2.10,ok,app\n"
    )
    done = runner.invoke(main, ["--project", str(tmp_path / "shop"), "run", "--interval", "2026-01-03/2026-01-04"])
    assert done.exit_code == 0, done.output
    status = runner.invoke(main, ["--project", str(tmp_path / "shop"), "status"]).output
    drift = [line.split() for line in status.splitlines() if "begins" in line]
    when = "2026-01-03T00:00:00Z"
    assert sorted(drift) == [
        ["logins", "missing", "address", "begins", when, "1", "100.0%", "0.0%"],
        ["logins", "new", "client", "begins", when, "1", "100.0%", "0.0%"],
        ["logins", "new", "source", "begins", when, "1", "100.0%", "0.0%"],
    ]


def rewrite(shop, old, new):
    """Change the suite of the new project, and forget what was imported of it."""
    path = shop / "expectations/logins.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    shutil.rmtree(path.parent / "__pycache__", ignore_errors=True)
    for name in [name for name in sys.modules if name.partition(".")[0] == "expectations"]:
        del sys.modules[name]


def replay_of(runner, shop):
    """Mend the new project's rule, and replay what it had refused, down to the online store."""
    from riskloom import OnlineFeatures

    def count():
        row = OnlineFeatures.connect(shop / "feature_repo").get("login_check_v1", {"user_name": "ben"}, at=AT)
        return row.values["events_count_1h"]

    rewrite(shop, *reversed(TOO_STRICT))
    command = ["--project", str(shop), "replay", "logins", "--reason", "user_named"]
    way = "2026-01-01/2026-01-03  quarantine.logins, bronze.logins -> 4 rejects  (4 user_named)"
    assert f"  1  select       logins       {way}\n" in runner.invoke(main, [*command, "--dry-run"]).output
    assert count() == 0
    done = runner.invoke(main, command)
    assert done.exit_code == 0, done.output
    assert count() == 1
    status = json.loads(runner.invoke(main, ["--project", str(shop), "status", "--json"]).stdout)["sources"][0]
    assert (status["lines"], status["published"], status["quarantined"]) == (11, 8, 1)
