"""Settings: where a project's data, tables and state are, from ``riskloom.toml`` and the environment."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskloom.errors import ProjectError, TimeError, nearest
from riskloom.intervals import parse_duration

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = "riskloom.toml"
_DEFAULTS = {"lake": ".riskloom/lake", "data": "data", "feature_repo": "feature_repo", "state": ".riskloom"}
# The keys of [spark] are Spark's own.
_SECTIONS: dict[str, tuple[str, ...]] = {
    "project": ("name",),
    "paths": tuple(_DEFAULTS),
    "tables": ("retention",),
    "spark": (),
}
RETENTION = "400d"
_ENVIRONMENT = {"lake": "RISKLOOM_LAKE", "data": "RISKLOOM_DATA", "state": "RISKLOOM_STATE"}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where things are, each path absolute.

    Attributes:
        name: Name of the project.
        lake: Folder of the Delta tables; ``RISKLOOM_LAKE`` goes before the file.
        data: Folder of the raw files; ``RISKLOOM_DATA`` goes before the file.
        feature_repo: Folder of ``feature_store.yaml``.
        state: Folder of what is neither data nor table, such as Data Docs; ``RISKLOOM_STATE`` goes before the file.
        retention: How long the versions of a table are kept, so that a training set can be reproduced.
        spark: Spark options that go before Riskloom's own.
    """

    name: str
    lake: Path
    data: Path
    feature_repo: Path
    state: Path
    retention: str = RETENTION
    spark: Mapping[str, str] = field(default_factory=dict, hash=False)

    @classmethod
    def read(cls, root: Path) -> Settings:
        """Read a project's settings.

        Args:
            root: Folder that holds ``riskloom.toml``.

        Raises:
            ProjectError: The file is missing, is no TOML, or has an unknown section or key.
        """
        path = root / FILE
        if not path.is_file():
            raise ProjectError.not_a_project(root)
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise ProjectError.bad_settings(path, f"it is no TOML: {error}.") from error
        _check(path, data)
        places = {key: _place(root, key, data.get("paths", {})) for key in _DEFAULTS}
        spark = {key: str(value) for key, value in data.get("spark", {}).items()}
        name = str(data.get("project", {}).get("name", root.name))
        return cls(name=name, retention=_retention(path, data), spark=spark, **places)


def _place(root: Path, key: str, paths: Mapping[str, Any]) -> Path:
    given = os.environ.get(_ENVIRONMENT.get(key, ""), "") or str(paths.get(key, _DEFAULTS[key]))
    return (root / Path(given).expanduser()).resolve()


def _retention(path: Path, data: Mapping[str, Any]) -> str:
    given = str(data.get("tables", {}).get("retention", RETENTION))
    try:
        parse_duration(given)
    except TimeError as error:
        raise ProjectError.bad_settings(path, f"[tables] retention: {error}") from error
    return given


def _check(path: Path, data: Mapping[str, Any]) -> None:
    for section, content in data.items():
        if section not in _SECTIONS:
            raise ProjectError.bad_settings(path, f"there is no section [{section}].{nearest(section, _SECTIONS)}")
        known = _SECTIONS[section]
        for key in content if known else {}:
            if key not in known:
                raise ProjectError.bad_settings(path, f"[{section}] has no key {key!r}.{nearest(key, known)}")
