from __future__ import annotations

import os
import subprocess
import sys

import pytest

from riskloom.lake.spark import classes


def test_sessions_have_no_options_until_an_archive_is_made(monkeypatch, tmp_path):
    monkeypatch.setenv("RISKLOOM_JARS", str(tmp_path))
    assert classes.java_options() == ""
    classes.archive().touch()
    assert classes.java_options() == f"-Xlog:cds*=error -XX:SharedArchiveFile={tmp_path / 'classes.jsa'}"


def test_why_there_is_no_archive_is_told_and_nothing_is_left(monkeypatch, tmp_path):
    (tmp_path / "delta.jar").touch()
    monkeypatch.setenv("RISKLOOM_JARS", str(tmp_path))
    monkeypatch.setattr(classes.sys, "executable", "/bin/false")
    assert classes.make() == (
        "Spark's classes are not archived (it ended without a word): sessions start slower, and work."
    )
    assert [path.name for path in tmp_path.iterdir()] == ["delta.jar"]


@pytest.mark.spark
def test_a_session_goes_on_without_an_archive_that_is_not_its_own(tmp_path, monkeypatch):
    from riskloom.lake import jars

    for jar in jars.ensure():
        (tmp_path / jar.name).symlink_to(jar)
    (tmp_path / "classes.jsa").write_bytes(b"of another Java")
    program = "from riskloom.lake.spark.session import session; print(session().range(3).count())"
    environment = {**os.environ, "RISKLOOM_JARS": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, timeout=300
    )
    assert done.stdout == "3\n"
