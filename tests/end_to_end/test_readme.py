"""Everything that the README shows is run: its snippets, on the starter project over two days of orders, and its commands."""

from __future__ import annotations

import io
import re
import shutil
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from click.testing import CliRunner

from riskloom.cli import main

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
DECLARE, TRAIN, SCORE = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
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
@pytest.mark.parametrize("command", ["plan", "status", "features"])
def test_the_commands_answer_on_the_loaded_project(starter, command):
    done = CliRunner().invoke(main, [command])
    assert done.exit_code == 0, done.output
    assert "orders" in done.output


@pytest.mark.spark
@pytest.mark.feast
def test_a_new_project_runs_as_it_is(tmp_path, spark, monkeypatch):
    monkeypatch.delenv("RISKLOOM_DATA", raising=False)  # the starter's data, where the tests above have run
    runner = CliRunner()
    assert runner.invoke(main, ["init", str(tmp_path / "shop")]).exit_code == 0
    done = runner.invoke(main, ["--project", str(tmp_path / "shop"), "run"])
    assert done.exit_code == 0, done.output
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
