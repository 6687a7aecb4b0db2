"""The manifest of a kept training set: all that is needed to compute it again, and to tell whether it is the same."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any

from riskloom.declare.encode import (
    batch_view_from_dict,
    batch_view_to_dict,
    label_from_dict,
    label_to_dict,
    view_from_dict,
    view_to_dict,
)
from riskloom.errors import StoreError
from riskloom.lake import validations
from riskloom.plan.fingerprint import declaration_fingerprint, view_fingerprint
from riskloom.store.parts import BatchPart, LabelPart, WindowPart

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from riskloom.lake.paths import Lake
    from riskloom.store.parts import Part

FORMAT = 1
FILE = "manifest.json"
SPINE, ROWS = "spine.parquet", "rows.parquet"
_LIBRARIES = {
    "in_process": ("riskloom", "pyarrow", "numpy", "numba"),
    "spark": ("riskloom", "pyarrow", "numpy", "numba", "pyspark"),
}


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a manifest says.

    Attributes:
        folder: Folder that it stands in, with the files that it names.
        data: Its content, as JSON has it.
    """

    folder: Path
    data: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Read a manifest, given itself or its folder.

        Raises:
            StoreError: There is none, or it is of another format.
        """
        file = path / FILE if path.is_dir() else path
        if not file.is_file():
            raise StoreError.no_manifest(file)
        try:
            data = json.loads(file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise StoreError.bad_manifest(file, f"it is no JSON: {error}") from error
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise StoreError.bad_manifest(file, f"it is not of format {FORMAT}")
        return cls(file.parent, data)

    def write(self) -> Path:
        """Write the manifest, last of the folder's files: what has one is whole."""
        file = self.folder / FILE
        unfinished = file.with_suffix(".unfinished")
        # Keys keep their order: that of features is the order of the columns.
        unfinished.write_text(json.dumps(self.data, indent=1) + "\n", encoding="utf-8")
        unfinished.replace(file)
        return file

    def checked(self, name: str) -> Path:
        """Give the path of a file that the manifest names.

        Raises:
            StoreError: It is missing, or not what was written.
        """
        path = self.folder / name
        if not path.is_file():
            raise StoreError.bad_manifest(self.folder / FILE, f"{name} is missing beside it")
        if digest(path) != self.data["files"][name]:
            raise StoreError.bad_manifest(self.folder / FILE, f"{name} is not the file that was written with it")
        return path

    def parts(self, lake: Lake) -> tuple[Part, ...]:
        """Give the parts as they were declared and pinned then."""
        return tuple(part_of(lake, data) for data in self.data["parts"])


def digest(path: Path) -> str:
    """Hash a file's bytes (SHA-256, hexadecimal)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def versions(runner: str) -> dict[str, str]:
    """Give the versions of what decides the bytes of a training set."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in _LIBRARIES[runner]}}


def parts_data(lake: Lake, parts: Sequence[Part]) -> list[dict[str, Any]]:
    """Write parts as JSON-ready data: declarations, fingerprints, tables and their versions."""
    return [_part_data(lake, part) for part in parts]


def validation_data(lake: Lake, parts: Sequence[Part]) -> list[dict[str, Any]]:
    """Say how the last gate of each part's source ended."""
    sources = {
        source.name: None
        for part in parts
        if (source := getattr(getattr(part, "view", None) or getattr(part, "label", None), "source", None))
    }
    return [found for source in sources if (found := _validation(lake, source))]


def _validation(lake: Lake, source: str) -> dict[str, Any] | None:
    checks = validations.latest(lake, source).to_pylist()
    if not checks:
        return None
    failed = [f"{check['type']}({check['column'] or ''})" for check in checks if not check["success"]]
    first = checks[0]
    interval = f"{first['interval_start'].isoformat()}/{first['interval_end'].isoformat()}"
    return {"source": source, "run_id": first["run_id"], "interval": interval, "checks": len(checks), "failed": failed}


def _part_data(lake: Lake, part: Part) -> dict[str, Any]:
    path = part.path.relative_to(lake.root).as_posix() if part.path.is_relative_to(lake.root) else str(part.path)
    shared: dict[str, Any] = {"name": part.name, "table": path, "version": part.version}
    if isinstance(part, WindowPart):
        features = {output: feature.name for output, feature in part.features.items()}
        declared, print_ = view_to_dict(part.view), view_fingerprint(part.view)
        return {**shared, "kind": "window", "declaration": declared, "fingerprint": print_, "features": features}
    if isinstance(part, BatchPart):
        features = {output: feature.name for output, feature in part.features.items()}
        declared = batch_view_to_dict(part.view)
        print_ = declaration_fingerprint(declared)
        return {**shared, "kind": "batch", "declaration": declared, "fingerprint": print_, "features": features}
    declared = label_to_dict(part.label)
    print_ = declaration_fingerprint(declared)
    known = {"known_at": part.known_at, "maturity": part.maturity}
    return {**shared, "kind": "label", "declaration": declared, "fingerprint": print_, **known}


def part_of(lake: Lake, data: dict[str, Any]) -> Part:
    """Give a part that was written as data."""
    path, version = lake.root / data["table"], data["version"]
    if data["kind"] == "label":
        label = label_from_dict(data["declaration"])
        return LabelPart(label=label, path=path, version=version, known_at=data["known_at"], maturity=data["maturity"])
    if data["kind"] == "batch":
        batch = batch_view_from_dict(data["declaration"])
        columns = {column.name: column for column in batch.features}
        chosen = {output: columns[name] for output, name in data["features"].items()}
        return BatchPart(view=batch, path=path, version=version, features=chosen)
    view = view_from_dict(data["declaration"])
    features = {feature.name: feature for feature in view.features}
    named = {output: features[name] for output, name in data["features"].items()}
    return WindowPart(view=view, path=path, version=version, features=named)
