"""The compute engine: plain `feast materialize` writes one state an entity and view, then the view's mark.

A view stays in service all the while. Readers go by the mark, which is written last, and a state that is written
before holds what both the old mark and the new one need. A materialization that was killed can simply be run again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from feast.infra.common.materialization_job import MaterializationJob, MaterializationJobStatus, MaterializationTask
from feast.infra.compute_engines.base import ComputeEngine
from feast.infra.compute_engines.local.compute import LocalComputeEngine
from feast.repo_config import FeastConfigBaseModel

from riskloom.errors import StoreError
from riskloom.intervals import to_micros
from riskloom.store.online import RiskloomOnlineStore, windowed
from riskloom.store.table_source import readable
from riskloom.store.write import record, write_view

if TYPE_CHECKING:
    from feast.infra.registry.base_registry import BaseRegistry

_LOG = logging.getLogger(__name__)


class RiskloomComputeEngineConfig(FeastConfigBaseModel):
    """What ``batch_engine`` may hold: its type alone."""

    type: Literal["riskloom.store.engine.RiskloomComputeEngine"] = "riskloom.store.engine.RiskloomComputeEngine"


@dataclass
class RiskloomMaterializationJob(MaterializationJob):
    """A materialization that has ended."""

    task: MaterializationTask
    failure: BaseException | None = None

    def status(self) -> MaterializationJobStatus:
        """Say how it ended."""
        return MaterializationJobStatus.ERROR if self.failure else MaterializationJobStatus.SUCCEEDED

    def error(self) -> BaseException | None:
        """Give what went wrong."""
        return self.failure

    def should_be_retried(self) -> bool:
        """Leave a retry to the caller."""
        return False

    def job_id(self) -> str:
        """Name the job after its view and end."""
        return f"{self.task.feature_view.name}-{self.task.end_time}"

    def url(self) -> str | None:
        """Have no page."""
        return None


class RiskloomComputeEngine(ComputeEngine):
    """Writes the states of windowed views.

    It takes all views in one call and records itself what is materialized. Feast then leaves each view's lifecycle
    state alone, which would take a view out of service while it is materialized, and for good after a crash.
    """

    @property
    def supports_batch(self) -> bool:
        """Take all views in one call."""
        return True

    @property
    def applies_materialization(self) -> bool:
        """Record what is materialized."""
        return True

    def materialize(
        self,
        registry: BaseRegistry,
        tasks: MaterializationTask | list[MaterializationTask],
        **kwargs: Any,  # noqa: ANN401 - Feast's
    ) -> list[MaterializationJob]:
        """Materialize views up to the end of the time range; each state reaches back as far as its view does.

        Args:
            registry: The registry.
            tasks: A view and a time range each.
            **kwargs: What Feast passes on to engines with lineage.

        Returns:
            A job a view; one that failed carries its error, and leaves its view as it was.
        """
        listed = [tasks] if isinstance(tasks, MaterializationTask) else tasks
        return [self._run(registry, task) for task in listed]

    def _run(self, registry: BaseRegistry, task: MaterializationTask) -> MaterializationJob:
        view = task.feature_view
        try:
            if readable(view.batch_source) is not None:
                return self._run_plain(registry, task)
            if not windowed(view) or not isinstance(self.online_store, RiskloomOnlineStore):
                raise StoreError.plain_view(view.name, "materialized")  # noqa: TRY301 - becomes the job's error
            mark = write_view(self.repo_config, self.online_store, view, to_micros(task.end_time))
            record(registry, task.project, view, mark, view.batch_source.view.reach)
        except Exception as error:  # noqa: BLE001 - the job carries it to Feast, which raises it
            _LOG.debug("materializing %s failed", view.name, exc_info=True)
            return RiskloomMaterializationJob(task, error)
        return RiskloomMaterializationJob(task)

    def _run_plain(self, registry: BaseRegistry, task: MaterializationTask) -> MaterializationJob:
        """Write the latest rows of a plain view, as Feast's own engine does."""
        feasts = LocalComputeEngine(
            repo_config=self.repo_config, offline_store=self.offline_store, online_store=self.online_store
        )
        (job,) = feasts.materialize(registry, [task])
        if job.error() is None:
            registry.apply_materialization(task.feature_view, task.project, task.start_time, task.end_time)
        return job

    def update(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Feast's
        """Need nothing prepared."""

    def teardown_infra(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Feast's
        """Leave nothing behind."""
