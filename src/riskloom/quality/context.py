"""Context: a source's own folder of Great Expectations, quiet, and without values of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import great_expectations as gx
from great_expectations.data_context.types.base import DataContextConfig, ProgressBarsConfig

from riskloom.quality.counts import CountsOnlyStore
from riskloom.quality.site import SITE_FOLDER

if TYPE_CHECKING:
    from pathlib import Path

    from great_expectations.data_context import FileDataContext

SITE = "local_site"
_LATEST = 200
"""Runs that a source's index page lists: it reads each of them again, at every run."""


def open_context(folder: Path) -> FileDataContext:
    """Open a source's context, and create it where there is none.

    Args:
        folder: Folder of the context: one a source, so that sources gated at once never share a file.

    Returns:
        A file context with one Data Docs site and without analytics and progress bars.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return gx.get_context(mode="file", context_root_dir=folder, project_config=_config())


def _config() -> DataContextConfig:
    return DataContextConfig(
        config_version=4.0,
        expectations_store_name="expectations",
        validation_results_store_name="validations",
        checkpoint_store_name="checkpoints",
        stores={
            "expectations": {"class_name": "ExpectationsStore", "store_backend": _files("expectations")},
            "validations": {
                "class_name": CountsOnlyStore.__name__,
                "module_name": CountsOnlyStore.__module__,
                "store_backend": _files("validations"),
            },
            "checkpoints": {
                "class_name": "CheckpointStore",
                "store_backend": {**_files("checkpoints"), "suppress_store_backend_id": True},
            },
            "validation_definition_store": {
                "class_name": "ValidationDefinitionStore",
                "store_backend": _files("validation_definitions"),
            },
        },
        data_docs_sites={
            SITE: {
                "class_name": "SiteBuilder",
                "show_how_to_buttons": False,
                "store_backend": _files(SITE_FOLDER),
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder", "validation_results_limit": _LATEST},
            }
        },
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
    )


def _files(folder: str) -> dict[str, str]:
    return {"class_name": "TupleFilesystemStoreBackend", "base_directory": f"{folder}/"}
