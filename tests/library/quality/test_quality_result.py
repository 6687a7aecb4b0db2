from __future__ import annotations

import select
import subprocess
import sys
from pathlib import Path

import pytest

from riskloom.intervals import Interval
from riskloom.quality.gate import _alone
from riskloom.quality.result import Check, GateResult
from riskloom.quality.site import write_index

DAY = Interval.parse("2010-12-01/2010-12-02")


def test_failures_and_warnings_are_told_apart():
    critical = Check(type="expect_a", success=False)
    warning = Check(type="expect_b", severity="warning", success=False)
    result = GateResult(source="logins", interval=DAY, passed=False, checks=(critical, warning, Check(type="expect_c")))
    assert (result.failures, result.warnings) == ((critical,), (warning,))


def test_a_check_is_one_line():
    assert str(Check(type="expect_table_row_count_to_equal", detail="observed 3")) == (
        "expect_table_row_count_to_equal(): observed 3"
    )


def test_the_index_of_no_source_is_a_page(tmp_path):
    (tmp_path / "gx").mkdir()
    page = write_index(tmp_path)
    assert "<ul>" in page.read_text(encoding="utf-8")
    assert [path.name for path in (tmp_path / "gx").iterdir()] == ["index.html"]


def test_gates_of_one_source_wait_for_each_other_across_processes(tmp_path):
    code = (
        "import sys, pathlib; from riskloom.quality.gate import _alone\n"
        "with _alone(pathlib.Path(sys.argv[1])): print('in', flush=True)"
    )
    with _alone(tmp_path):
        other = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(timeout=4)
        assert select.select([other.stdout], [], [], 0)[0] == []
    assert other.communicate(timeout=30)[0] == "in\n"


def test_the_gate_imports_great_expectations_only_when_it_runs():
    code = (
        "import sys, riskloom.quality.gate; "
        "print(sorted({'great_expectations', 'pyspark', 'pandas'} & {name.partition('.')[0] for name in sys.modules}))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert found.stdout.strip() == "[]"
