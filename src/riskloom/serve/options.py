"""What a server is started with, handed to its workers through the environment."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass

# Where the counts of several workers are kept, as Prometheus' client wants it.
SHARED = "PROMETHEUS_MULTIPROC_DIR"
_VARIABLE = "RISKLOOM_SERVE"


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of a server.

    Attributes:
        repo: Feature repository.
        host: Address to listen on.
        port: Port to listen on.
        workers: Processes.
        keys: File of API keys; empty for those of ``RISKLOOM_API_KEYS`` alone.
        body: Most bytes of a request.
        entities: Most entities of a request.
        features: Most features of a request.
        refresh: Seconds between two looks at the registry.
        lake: Folder of the lake, where a sample of what was served goes.
        served_share: Share of the requests whose answers are kept there; 0 for none.
        served_rows: Most rows, one an entity and view, that a worker holds between two writes.
        served_every: Seconds between two writes.
        deadline: Seconds within which a body must come, and a request is ended when the server stops.

    Example:
        >>> Options(repo="feature_repo").port
        6566
    """

    repo: str
    host: str = "127.0.0.1"
    port: int = 6566
    workers: int = 1
    keys: str = ""
    body: int = 1_048_576
    entities: int = 1_000
    features: int = 1_000
    refresh: float = 5.0
    lake: str = ""
    served_share: float = 0.0
    served_rows: int = 1_000
    served_every: float = 60.0
    deadline: float = 10.0

    def publish(self) -> None:
        """Leave the options where a worker finds them."""
        os.environ[_VARIABLE] = json.dumps(asdict(self))

    @classmethod
    def published(cls) -> Options:
        """Read the options that the server was started with."""
        return cls(**json.loads(os.environ[_VARIABLE]))
