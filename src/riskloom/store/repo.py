"""Opens a Feast repository from wherever the process stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from feast import FeatureStore
from feast.repo_config import load_repo_config

from riskloom.errors import StoreError

_SQLITE = "sqlite:///"


def open_store(path: Path | str) -> FeatureStore:
    """Open a Feast repository.

    Feast takes a relative SQLite registry from the working folder; here it is taken from the repository, as the
    online store's path is.

    Args:
        path: Folder that holds ``feature_store.yaml``.

    Raises:
        StoreError: There is no such file.
    """
    repo = Path(path).resolve()
    settings = repo / "feature_store.yaml"
    if not settings.is_file():
        raise StoreError.no_repo(repo)
    config = load_repo_config(repo, settings)
    config.registry_config = _absolute(config.registry_config, repo)
    return FeatureStore(repo_path=str(repo), config=config)


def _absolute(registry: Any, repo: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    location = registry.get("path", "") if isinstance(registry, dict) else ""
    relative = location.removeprefix(_SQLITE)
    if not location.startswith(_SQLITE) or relative.startswith("/"):
        return registry
    file = (repo / relative).resolve()
    file.parent.mkdir(parents=True, exist_ok=True)
    return {**registry, "path": f"{_SQLITE}{file}"}
