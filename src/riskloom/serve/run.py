"""Starts the server."""

from __future__ import annotations

import ipaddress
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from riskloom.errors import ServeError, StoreError
from riskloom.serve.keys import Keys
from riskloom.serve.options import SHARED
from riskloom.tokens import Ring

if TYPE_CHECKING:
    from riskloom.serve.options import Options


def serve(options: Options) -> None:
    """Serve until the process is told to stop; requests that have begun are answered first.

    Args:
        options: What to serve, and how.

    Raises:
        StoreError: There is no feature repository.
        ServeError: The keys cannot be read, or others can reach a server without keys.
        PrivacyError: A sample of what is served is to be kept, and there are no keys for tokens.
    """
    repo = Path(options.repo)
    if not (repo / "feature_store.yaml").is_file():
        raise StoreError.no_repo(repo.resolve())
    if not Keys.load(options.keys) and not _is_loopback(options.host):
        raise ServeError.no_keys(options.host)
    if options.served_share:
        Ring.required("the sample of what is served")
    options.publish()
    shared = tempfile.mkdtemp(prefix="riskloom-metrics-") if options.workers > 1 else ""
    if shared:
        os.environ[SHARED] = shared
    try:
        uvicorn.run(
            "riskloom.serve.app:create",
            factory=True,
            host=options.host,
            port=options.port,
            workers=options.workers,
            loop="uvloop",
            http="httptools",
            lifespan="on",
            access_log=False,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=int(options.deadline),
        )
    finally:
        if shared:
            shutil.rmtree(shared, ignore_errors=True)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
