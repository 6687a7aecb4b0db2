from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from riskloom.errors import LakeError
from riskloom.lake import jars


def test_jars_lie_inside_the_environment(monkeypatch):
    monkeypatch.delenv("RISKLOOM_JARS", raising=False)
    assert jars.jars_dir() == Path(sys.prefix) / "riskloom" / "jars" / "4.4.0"


def test_a_folder_of_jars_is_taken_as_it_is(monkeypatch, tmp_path):
    for name in ("b.jar", "a.jar", "notes.txt"):
        (tmp_path / name).touch()
    monkeypatch.setenv("RISKLOOM_JARS", str(tmp_path))
    assert jars.ensure() == [tmp_path / "a.jar", tmp_path / "b.jar"]


@pytest.mark.spark
def test_unreachable_repository_is_named_in_one_line_and_leaves_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("RISKLOOM_JARS", str(tmp_path / "jars"))
    monkeypatch.setenv("DEFAULT_ARTIFACT_REPOSITORY", "http://127.0.0.1:9/")
    with pytest.raises(LakeError) as caught:
        jars.ensure()
    assert str(caught.value) == (
        "Delta's jars (io.delta:delta-spark_4.2_2.13:4.4.0) could not be fetched: "
        "module not found: io.delta#delta-spark_4.2_2.13;4.4.0. Check the network (or DEFAULT_ARTIFACT_REPOSITORY, "
        f"where a mirror is used), or copy them to {tmp_path / 'jars'}."
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_two_processes_resolve_at_once(tmp_path):
    environment = {**os.environ, "RISKLOOM_JARS": str(tmp_path / "jars")}
    command = [sys.executable, "-m", "riskloom.lake.jars"]
    running = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = {process.communicate(timeout=600)[0] for process in running}
    assert said == {f"Delta 4.4.0: 5 jars in {tmp_path / 'jars'}\n"}
    assert [path.name for path in tmp_path.iterdir()] == ["jars"]
