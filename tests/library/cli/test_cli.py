"""The command line without a JVM: init, plan, features, and errors as one line."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from riskloom.cli import main


@pytest.fixture
def cli(tmp_path):
    runner = CliRunner()
    assert runner.invoke(main, ["init", str(tmp_path / "shop")]).exit_code == 0

    def call(*arguments: str):
        return runner.invoke(main, ["--project", str(tmp_path / "shop"), *arguments])

    return call


def test_init_says_what_it_wrote_and_what_comes_next(tmp_path):
    done = CliRunner().invoke(main, ["init", str(tmp_path / "shop")])
    assert "  features/logins.py\n" in done.output
    assert done.output.endswith(
        f"Wrote a project to {tmp_path}/shop. Next: cd {tmp_path}/shop && riskloom plan && riskloom run\n"
    )


def test_plan_prints_the_whole_span_where_no_interval_is_given(cli):
    done = cli("plan")
    assert done.exit_code == 0
    assert "  1  extract      logins       2026-01-01/2026-01-03  logins/{date}.csv -> bronze.logins\n" in done.output


def test_a_full_run_writes_all_states_anew(cli):
    lines = cli("plan", "--full").output.splitlines()
    assert any(line.endswith("gold.user_logins -> online.user_logins  (all anew)") for line in lines)


def test_plan_as_json_is_one_object(cli):
    plan = json.loads(cli("plan", "--interval", "2026-01-01/2026-01-02", "--json").output)
    assert [step["interval"] for step in plan["steps"][:2]] == ["2026-01-01/2026-01-02"] * 2


def test_features_lists_type_window_and_entity(cli):
    lines = cli("features").output.splitlines()
    assert lines[0].split() == ["feature", "type", "unit", "window", "entity", "view", "owner", "services"]
    assert lines[1].split() == [
        "events_count_1h",
        "int64",
        "events",
        "1h",
        "user",
        "user_logins",
        "-",
        "login_check_v1",
    ]
    rows = json.loads(cli("features", "--json").output)
    assert len(rows) == 10
    assert (rows[0]["keys"], rows[0]["description"]) == (["user_name"], "number of events in the last 1h")


def test_features_of_a_risk_that_no_view_serves_get_one_line(cli):
    done = cli("features", "--risk", "robbery")
    assert (done.exit_code, done.stdout, done.stderr) == (
        1,
        "",
        "error: there is no risk 'robbery'. None is declared yet.\n",
    )


def test_status_before_the_first_run(cli):
    done = cli("status")
    assert done.exit_code == 0, done.output
    assert "logins" in done.output
    assert "never" in done.output


def test_a_replay_of_nothing_says_so(cli):
    done = cli("replay", "logins", "--reason", "no_timestamp")
    nothing = "nothing of logins that a replay could load is quarantined as 'no_timestamp'."
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", f"left out: {nothing}\n")
    assert json.loads(cli("replay", "logins", "--dry-run", "--json").stdout)["steps"] == []


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ("plan", "--interval", "2026-01-03/2026-01-01"),
            "error: interval 2026-01-03/2026-01-01 is reversed: it ends before it starts. Swap the two.\n",
        ),
        (("run", "--source", "login"), "error: there is no source 'login'. Did you mean 'logins'?\n"),
        (("replay", "login"), "error: there is no source 'login'. Did you mean 'logins'?\n"),
    ],
)
def test_an_error_is_one_line_without_a_traceback(cli, arguments, text):
    done = cli(*arguments)
    assert (done.exit_code, done.stderr) == (1, text)


def test_a_folder_that_is_no_project_is_one_line(tmp_path):
    done = CliRunner().invoke(main, ["--project", str(tmp_path), "plan"])
    assert (done.exit_code, done.stderr) == (
        1,
        f"error: {tmp_path} is not a Riskloom project: it has no riskloom.toml. Run `riskloom init DIR`, or pass --project DIR.\n",
    )
