"""Delta's jars for Spark: resolved once, then handed to every session.

Ivy costs seconds at each start of a session that names packages, and needs the
network. Sessions are started from the files that `ensure` gives instead:

    spark.jars = ",".join(map(str, ensure()))
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import click

from riskloom.errors import LakeError

VERSION = "4.4.0"
PACKAGE = f"io.delta:delta-spark_4.2_2.13:{VERSION}"
# Spark ships what Delta's other dependencies give, in newer versions; the catalogue client is loaded on use alone.
_EXCLUDED = ("org.*:*", "com.*:*", "commons-*:*", "io.airlift:*", "io.unitycatalog:*", "javax.*:*")
_PATIENCE_S = 600


def jars_dir() -> Path:
    """Tell where the resolved jars are kept.

    Returns:
        The folder named by `RISKLOOM_JARS`, else one inside the Python environment.

    Example:
        >>> jars_dir().is_absolute()
        True
    """
    override = os.environ.get("RISKLOOM_JARS")
    return Path(override).absolute() if override else Path(sys.prefix) / "riskloom" / "jars" / VERSION


def ensure() -> list[Path]:
    """Give the jars, resolving them first where they are missing.

    Safe to call from several processes at once, and to kill: the folder appears
    whole or not at all.

    Returns:
        The jars, sorted by name.

    Raises:
        LakeError: They are missing and cannot be fetched; says which and why.
    """
    found = _jars(jars_dir())
    return found or _resolve(jars_dir())


def _jars(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jar"))


def _resolve(target: Path) -> list[Path]:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".resolving-", dir=target.parent) as scratch:
        fetched = _fetch(Path(scratch), target)
        # Another process may have been first: its jars are the same ones.
        with suppress(OSError):
            fetched.rename(target)
    found = _jars(target)
    if not found:
        raise LakeError.jars_not_fetched(PACKAGE, f"{target} holds other files", target)
    return found


def _fetch(scratch: Path, target: Path) -> Path:
    """Run Spark's own resolver on a program that does nothing, and give its folder of jars."""
    spark = importlib.util.find_spec("pyspark")
    if spark is None or spark.origin is None:
        raise LakeError.jars_not_fetched(PACKAGE, "pyspark is not installed (pip install 'riskloom[spark]')", target)
    home = Path(spark.origin).parent
    program = scratch / "nothing.py"
    program.touch()
    settings = {
        "spark.jars.packages": PACKAGE,
        "spark.jars.excludes": ",".join(_EXCLUDED),
        "spark.jars.ivy": str(scratch / "ivy"),
    }
    command = [str(home / "bin" / "spark-submit")]
    for key, value in settings.items():
        command += ["--conf", f"{key}={value}"]
    python = dict.fromkeys(("PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON"), sys.executable)
    environment = {**os.environ, "SPARK_HOME": str(home), **python}
    try:
        done = subprocess.run(  # noqa: S603 - the command is spark-submit of the installed pyspark
            [*command, str(program)], env=environment, capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise LakeError.jars_not_fetched(PACKAGE, f"no answer in {_PATIENCE_S} s", target) from None
    jars = scratch / "ivy" / "jars"
    if done.returncode != 0 or not _jars(jars):
        raise LakeError.jars_not_fetched(PACKAGE, _reason(done.stderr), target)
    return jars


def _reason(output: str) -> str:
    r"""Pick the line that tells most from the resolver's hundreds.

    Example:
        >>> _reason("a\n\t\tmodule not found: io.delta#delta-spark;1\n\tat java.lang.Thread.run\n")
        'module not found: io.delta#delta-spark;1'
    """
    lines = [line.strip(" \t:") for line in output.splitlines()]
    for sign in ("module not found", "JAVA_HOME", "No such file", "UnsupportedClassVersionError", "Exception"):
        for line in lines:
            if sign in line:
                return line
    return next((line for line in reversed(lines) if line), "the resolver ended without a word")


def main() -> None:
    """Resolve the jars for `python -m riskloom.lake.jars`, and say where they are."""
    try:
        jars = ensure()
    except LakeError as error:
        sys.exit(str(error))
    click.echo(f"Delta {VERSION}: {len(jars)} jars in {jars_dir()}")


if __name__ == "__main__":
    main()
