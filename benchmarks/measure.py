"""Measures a plan in a process of its own: CPU seconds and memory of the whole tree, JVM and Python workers included.

A plan is a function of the benchmark that prepares what is not to be measured (it starts its Spark session there), and
returns what is. The CPU seconds are user and system time of every process below, also of those that have ended.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

GIB = 2**30
_EVERY_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a plan cost.

    Attributes:
        plan: Its name.
        rows: Size of its input.
        cpu_s: CPU seconds of the process tree.
        wall_s: Seconds by the clock.
        peak_gib: Largest memory of the tree at once, each page counted once.
        worker_gib: Largest memory of one Python worker; 0 where there is none.
        parts: CPU seconds of its parts, by name.
        lower_bound: Whether it was stopped at the limit, so that it would have cost more.
    """

    plan: str
    rows: int
    cpu_s: float
    wall_s: float
    peak_gib: float = 0.0
    worker_gib: float = 0.0
    parts: Mapping[str, float] = field(default_factory=dict)
    lower_bound: bool = False


class Clock:
    """Reads the CPU time of this process and of all below it; a plan marks the parts of its work.

    Attributes:
        parts: CPU seconds of each part so far.
    """

    def __init__(self) -> None:
        self.parts: dict[str, float] = {}
        self._cpu, self._wall = tree_cpu(psutil.Process()), time.perf_counter()
        self._last = self._cpu
        self._stopped: tuple[float, float] | None = None

    def mark(self, part: str) -> None:
        """Say that a part ends here."""
        now = tree_cpu(psutil.Process())
        self.parts[part] = now - self._last
        self._last = now

    def stop(self) -> None:
        """Say that what follows, such as keeping the answers for comparison, is not part of the work."""
        self._stopped = self._read()

    def _read(self) -> tuple[float, float]:
        return tree_cpu(psutil.Process()) - self._cpu, time.perf_counter() - self._wall

    def total(self) -> tuple[float, float]:
        """Give CPU seconds and seconds by the clock from the beginning to the end, or to where it was stopped."""
        return self._stopped or self._read()


def tree(root: psutil.Process) -> list[psutil.Process]:
    """Give a process and all below it."""
    try:
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def tree_cpu(root: psutil.Process) -> float:
    """Add up user and system time of a tree; what a process has waited for counts with it."""
    total = 0.0
    for process in tree(root):
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def memory(process: psutil.Process) -> int:
    """Give the bytes of a process, a page that several share divided among them."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


class Watch(threading.Thread):
    """Looks at a tree several times a second.

    Attributes:
        peak: Most bytes of the tree at once.
        worker: Most bytes of one Python process below the first.
        cpu: The tree's CPU seconds when it was looked at last.
    """

    def __init__(self, root: psutil.Process) -> None:
        super().__init__(daemon=True)
        self._root, self._ended = root, threading.Event()
        self.peak = self.worker = 0
        self.cpu = 0.0

    def run(self) -> None:
        """Look until told to stop."""
        while not self._ended.wait(_EVERY_S):
            processes = tree(self._root)
            sizes = {process: memory(process) for process in processes}
            self.peak = max(self.peak, sum(sizes.values()))
            workers = [size for process, size in sizes.items() if process != self._root and is_python(process)]
            self.worker = max(self.worker, *workers, 0)
            self.cpu = max(self.cpu, tree_cpu(self._root))

    def stop(self) -> None:
        """Stop looking."""
        self._ended.set()
        self.join()


def is_python(process: psutil.Process) -> bool:
    """Say whether a process is a Python worker."""
    try:
        return process.name().startswith("python")
    except psutil.Error:
        return False


def run_plan(plans: Mapping[str, Callable[[Path, int], Callable[[Clock], None]]], arguments: Sequence[str]) -> None:
    """Run a plan in this process, which ``measured`` started, and write what it cost.

    Args:
        plans: The benchmark's plans by name: each prepares, and returns the work to measure.
        arguments: Name, folder of the data, rows, file for the answer.
    """
    name, data, rows, answer = arguments
    work = plans[name](Path(data), int(rows))
    clock = Clock()
    Path(answer).with_suffix(".begun").write_text(str(tree_cpu(psutil.Process())))
    work(clock)
    cpu, wall = clock.total()
    done = Measured(plan=name, rows=int(rows), cpu_s=cpu, wall_s=wall, parts=clock.parts)
    Path(answer).write_text(json.dumps(asdict(done)))
    os._exit(0)  # a session's own farewell is no part of the plan


def measured(module: str, plan: str, data: Path, rows: int, *, limit_s: float = 3600) -> Measured:
    """Run a plan in a process of its own.

    Args:
        module: The benchmark's module.
        plan: Name of the plan.
        data: Folder of the data.
        rows: Size of the input.
        limit_s: Seconds by the clock after which it is stopped. What it had cost by then is a lower bound.

    Raises:
        RuntimeError: The plan failed.
    """
    print(f"  {plan}, {rows:,} rows ...", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        command = [sys.executable, "-m", module, "--plan", plan, str(data), str(rows), str(answer)]
        child = subprocess.Popen(command, start_new_session=True, stdout=sys.stderr)  # noqa: S603 - this program
        watch = Watch(psutil.Process(child.pid))
        watch.start()
        begun = time.perf_counter()
        try:
            status = child.wait(limit_s)
        except subprocess.TimeoutExpired:
            watch.stop()
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            before = answer.with_suffix(".begun")
            spent = watch.cpu - (float(before.read_text()) if before.exists() else watch.cpu)
            wall = time.perf_counter() - begun
            peak = watch.peak / GIB
            return Measured(plan=plan, rows=rows, cpu_s=spent, wall_s=wall, peak_gib=peak, lower_bound=True)
        watch.stop()
        if status or not answer.exists():
            message = f"plan {plan} failed with status {status}"
            raise RuntimeError(message)
        # Looked at from outside: adding up the pages of a JVM costs CPU seconds that are no part of the plan.
        seen = {"peak_gib": watch.peak / GIB, "worker_gib": watch.worker / GIB}
        return replace(Measured(**json.loads(answer.read_text())), **seen)


class Runs:
    """Runs of a benchmark's plans. Each is kept as soon as it has ended, so that a call that was cut short can go on.

    Args:
        module: The benchmark's module.
        data: Folder of the data; the runs are kept below it.
        resume: Take what an earlier call measured, and measure what is missing.
    """

    def __init__(self, module: str, data: Path, *, resume: bool) -> None:
        self._module, self._data = module, data
        self._folder = data / "runs" / module
        self._count: dict[tuple[str, int], int] = {}
        if not resume:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, exist_ok=True)

    def one(self, plan: str, rows: int, *, limit_s: float = 3600) -> Measured:
        """Run a plan once; see ``measured``."""
        number = self._count[plan, rows] = self._count.get((plan, rows), 0) + 1
        file = self._folder / f"{plan}-{rows}-{number}.json"
        if file.exists():
            return Measured(**json.loads(file.read_text()))
        run = measured(self._module, plan, self._data, rows, limit_s=limit_s)
        file.write_text(json.dumps(asdict(run)))
        return run

    def several(self, plans: Sequence[str], rows: int, repeats: int) -> list[Measured]:
        """Run plans in turns, and give the median run of each."""
        turns = [[self.one(plan, rows) for plan in plans] for _ in range(repeats)]
        return [medians(runs) for runs in zip(*turns, strict=True)]


def medians(runs: Sequence[Measured]) -> Measured:
    """Give the run whose CPU time is the median of several."""
    middle = statistics.median_low(run.cpu_s for run in runs)
    return next(run for run in runs if run.cpu_s == middle)


def shown(run: Measured, ours: Measured | None = None) -> dict[str, object]:
    """Write a run as a row of the table."""
    sign = ">" if run.lower_bound else ""
    return {
        "plan": run.plan,
        "rows": run.rows,
        "cpu_s": f"{sign}{run.cpu_s:.1f}",
        "wall_s": f"{sign}{run.wall_s:.1f}",
        "us_row": f"{sign}{run.cpu_s / run.rows * 1e6:.2f}",
        "peak_gib": f"{run.peak_gib:.2f}",
        "parts": ", ".join(f"{name} {cpu:.1f}" for name, cpu in run.parts.items()),
        "times_ours": "" if ours is None else f"{sign}{run.cpu_s / ours.cpu_s:.2f}",
    }
