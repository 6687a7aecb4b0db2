"""Errors of the feature store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from riskloom.errors.base import RiskloomError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class StoreError(RiskloomError):
    """A feature store request that cannot be answered.

    Attributes:
        away: Whether the store does not answer, so that the same request may be answered later.
        nothing: Whether there is nothing to compare.
    """

    away = nothing = False

    @classmethod
    def no_table(cls, view: str, path: object) -> Self:
        """Build the error for a view whose gold table is not there."""
        return cls(f"view {view!r} has no table at {path}. Run `riskloom run` first.")

    @classmethod
    def no_batch_table(cls, view: str, path: object) -> Self:
        """Build the error for a batch view whose table is not there."""
        return cls(
            f"view {view!r} has no Delta table at {path}. Run the job that writes it, or correct the view's table=."
        )

    @classmethod
    def no_label_table(cls, label: str, source: str, path: object) -> Self:
        """Build the error for a label whose source has published nothing."""
        return cls(f"label {label!r}: its source {source!r} has no table at {path}. Run `riskloom run` first.")

    @classmethod
    def no_column(cls, view: str, path: object, column: str, available: Iterable[str]) -> Self:
        """Build the error for a table without a column that a view declares."""
        return cls(f"view {view!r}: the table {path} has no column {column!r}.{nearest(column, available)}")

    @classmethod
    def column_type(cls, view: str, path: object, column: str, found: str, wanted: str) -> Self:
        """Build the error for a table's column of another type than declared."""
        return cls(f"view {view!r}: column {column!r} of the table {path} is {found}, but {wanted} is needed.")

    @classmethod
    def other_type(cls, why: str) -> Self:
        """Build the error for values that are not what a view declares, in the words of whoever found it."""
        return cls(why)

    @classmethod
    def label_instant(cls) -> Self:
        """Build the error for labels without one instant by which they must be known."""
        return cls(
            "labels need the instant by which they must have been available, and nothing else does. Give labels= with "
            "label_as_of=INSTANT (one for all rows) or label_maturity=DURATION (after each row's own instant)."
        )

    @classmethod
    def no_repo(cls, path: object) -> Self:
        """Build the error for a folder that is no Feast repository."""
        return cls(
            f"{path} holds no feature_store.yaml. Give the project's feature repository, such as 'feature_repo'."
        )

    @classmethod
    def unknown_option(cls, option: str, value: object, available: Iterable[str]) -> Self:
        """Build the error for an option that has no such value."""
        return cls(f"{option}={value!r} is not one of {', '.join(available)}.")

    @classmethod
    def no_folder(cls, output: str) -> Self:
        """Build the error for files that have nowhere to go."""
        return cls(f"output={output!r} is written to disk. Give the folder as out=PATH.")

    @classmethod
    def folder_taken(cls, folder: object, files: Iterable[str]) -> Self:
        """Build the error for a folder that holds something other than a training set."""
        return cls(f"{folder} holds other files ({', '.join(files)}). Give a new folder, or one of a training set.")

    @classmethod
    def no_manifest(cls, path: object) -> Self:
        """Build the error for a manifest that is not there."""
        return cls(f"there is no manifest {path}. Give manifest.json of a training set that was kept with out=.")

    @classmethod
    def bad_manifest(cls, path: object, why: str) -> Self:
        """Build the error for a manifest that cannot be used."""
        return cls(f"manifest {path}: {why}. Restore the folder from a copy, or build the training set anew.")

    @classmethod
    def table_gone(cls, name: str, path: object) -> Self:
        """Build the error for a table that a manifest names and that is not there."""
        return cls(f"{name!r}: its table {path} is gone, so the training set cannot be computed again. Restore it.")

    @classmethod
    def unnamed_events(cls, source: str) -> Self:
        """Build the error for pushed events of which nobody can tell which line of the log they are."""
        return cls(
            f"source {source!r} names its events by their place in a file, so a pushed one and its line would count "
            "twice. Declare event_id= as the columns that name an event."
        )

    @classmethod
    def redacted_push(cls, view: str, column: str) -> Self:
        """Build the error for pushed free text."""
        return cls(
            f"view {view!r} reads {column!r}, from which extraction takes out personal data, so its events cannot be "
            "pushed. Let them come by the log."
        )

    @classmethod
    def unknown_event_column(cls, source: str, place: int, column: str, available: Iterable[str]) -> Self:
        """Build the error for a pushed event with a column that its source does not have."""
        return cls(f"source {source!r}, event {place}: there is no column {column!r}.{nearest(column, available)}")

    @classmethod
    def bad_event(cls, source: str, place: int, why: str) -> Self:
        """Build the error for a pushed event that is not what its source declares."""
        return cls(f"source {source!r}, event {place}: {why}. Nothing was stored.")

    @classmethod
    def no_push_target(cls, name: str, available: Iterable[str]) -> Self:
        """Build the error for a push to something that is neither a source nor a view."""
        return cls(f"{name!r} is no event source and no windowed view of the registry.{nearest(name, available)}")

    @classmethod
    def not_a_number(cls, service: str, feature: str, dtype: str) -> Self:
        """Build the error for a feature that no array of doubles can hold."""
        return cls(
            f"service {service!r}: {feature!r} is {dtype}, and an array holds numbers and booleans. Use to_arrow."
        )

    @classmethod
    def no_keys(cls, view: str, path: object) -> Self:
        """Build the error for a table without any entity."""
        return cls(f"view {view!r}: the table {path} has no key to compare. Run `riskloom run` first.")

    @classmethod
    def nothing_to_compare(cls, service: str) -> Self:
        """Build the error for a comparison at an instant that nobody says."""
        return cls(
            f"service {service!r}: the clock of the online store is the views' watermark, and none has one. "
            "Run `riskloom run` first, or give the instant."
        )

    @classmethod
    def nothing_served(cls, service: str, left_out: int) -> Self:
        """Build the error for a comparison of answers of which none was kept."""
        why = f"its {left_out} rows are of older declarations" if left_out else "it holds none of its windowed views"
        error = cls(
            f"service {service!r}: ops.served says nothing of it: {why}. Start `riskloom serve` with --served-share, and "
            "let it answer."
        )
        error.nothing = True
        return error

    @classmethod
    def contended(cls, view: str) -> Self:
        """Build the error for a state that others change all the time."""
        return cls(f"view {view!r}: a state was changed by others again and again. Push the events once more.")

    @classmethod
    def plain_view(cls, view: str, action: str) -> Self:
        """Build the error for a Feast view that is not one of Riskloom's."""
        return cls(
            f"view {view!r} is neither of Riskloom's sources (DeltaSource, DeltaTableSource) nor of a Feast FileSource, so it cannot be {action} here. "
            "Declare it under features/."
        )

    @classmethod
    def write_refused(cls, view: str) -> Self:
        """Build the error for feature values written to a windowed view."""
        return cls(
            f"view {view!r} is computed from events when it is read: values cannot be written to it. "
            "Add the events to its source, and materialize."
        )

    @classmethod
    def offline_only(cls, action: str) -> Self:
        """Build the error for an operation of Feast's that windowed views have no use for."""
        return cls(
            f"{action} is not supported for windowed views: they are computed from events. Use get_historical_features."
        )

    @classmethod
    def persist_refused(cls) -> Self:
        """Build the error for a retrieval that should persist itself."""
        return cls(
            "a retrieval is not persisted by Feast's own storages: they lose a table's log. "
            "Give a riskloom.store.table_source.DeltaSavedDatasetStorage, or write to_arrow() where you want it."
        )

    @classmethod
    def log_refused(cls, destination: str) -> Self:
        """Build the error for logged features that should go to one of Feast's own destinations."""
        return cls(
            f"served features are not logged to a {destination}: Feast's own lose a table's log. "
            "Give a riskloom.store.table_source.DeltaLoggingDestination."
        )

    @classmethod
    def not_registered(cls, view: str, available: Iterable[str]) -> Self:
        """Build the error for a view that the registry does not hold."""
        return cls(f"view {view!r} is not registered. Run `feast apply` or `riskloom run`.{nearest(view, available)}")

    @classmethod
    def key_type(cls, entity: str, column: str, dtype: str) -> Self:
        """Build the error for an entity key that Feast cannot serve."""
        return cls(
            f"entity {entity!r}: key {column!r} is {dtype}, which Feast cannot serve exactly. Use string or int64."
        )

    @classmethod
    def key_conflict(cls, column: str, first: str, second: str) -> Self:
        """Build the error for one key column with two types."""
        return cls(
            f"key {column!r} is {first} in one entity and {second} in another, but Feast knows a key by its name. Rename one."
        )

    @classmethod
    def bad_clock(cls, clock: str) -> Self:
        """Build the error for an online clock that is no instant."""
        return cls(
            f"online_store.clock: {clock!r} is not 'wall', 'watermark' or an instant such as 2010-12-24T00:00:00Z."
        )

    @classmethod
    def unknown_inner(cls, kind: str) -> Self:
        """Build the error for a store that keeps no states."""
        return cls(f"online_store.inner: {kind!r} keeps no states of windowed views. Use sqlite, redis or postgres.")

    @classmethod
    def unreachable(cls, where: str, why: str) -> Self:
        """Build the error for a store that does not answer, or not as it should."""
        error = cls(f"the online store, {where}, failed: {why}. Nothing is lost: try again once it is back.")
        error.away = True
        return error

    @classmethod
    def corrupt(cls, view: str, what: str, why: str) -> Self:
        """Build the error for bytes in the online store that are not what was written."""
        return cls(f"view {view!r}: {what} in the online store is damaged ({why}). Materialize the view again.")

    @classmethod
    def other_declaration(cls, view: str, what: str) -> Self:
        """Build the error for a state that was written under another declaration."""
        return cls(
            f"view {view!r}: {what} in the online store was written under another declaration of the view. "
            "Materialize the view again, and connect again."
        )

    @classmethod
    def bad_results(cls, path: Path, why: Exception) -> Self:
        """Build the error for a file of models' results that does not hold them."""
        found = f"{type(why).__name__}: {why}"
        return cls(f"{path}: this is no file of models' results ({found}). Write it again, or take it away.")

    @classmethod
    def overtaken(cls, view: str) -> Self:
        """Build the error for a materialization that a later one has overtaken."""
        return cls(f"view {view!r}: a later materialization has begun, so this one stopped. Run one at a time.")

    @classmethod
    def unknown_service(cls, service: str, available: Iterable[str]) -> Self:
        """Build the error for a service that the registry does not hold."""
        return cls(f"there is no service {service!r}.{nearest(service, available)}")

    @classmethod
    def computed_view(cls, view: str) -> Self:
        """Build the error for a view of a service that Feast computes of other views and of a request's own values."""
        return cls(
            f"view {view!r} is an on-demand view of Feast's, which takes values of the request. Read its service by "
            "FeatureStore.get_online_features: the views below it are read from the same states."
        )

    @classmethod
    def foreign_type(cls, view: str, column: str, kind: str, known: Iterable[str]) -> Self:
        """Build the error for a column of a plain view whose type the client does not give."""
        names = ", ".join(sorted(known))
        return cls(f"view {view!r}: {column!r} is {kind}, which the client does not give. Declare one of {names}.")

    @classmethod
    def unknown_key(cls, service: str, key: str, available: Iterable[str]) -> Self:
        """Build the error for a key that no view of the service has."""
        return cls(f"service {service!r} has no key {key!r}.{nearest(key, available)}")

    @classmethod
    def missing_key(cls, service: str, key: str) -> Self:
        """Build the error for a request without a key's value."""
        return cls(f"service {service!r} needs a value for key {key!r}; none was given.")

    @classmethod
    def null_key(cls, key: str) -> Self:
        """Build the error for a key whose value is null."""
        return cls(f"a value of key {key!r} is null. Give one for each row.")

    @classmethod
    def wrong_key_type(cls, service: str, key: str, found: str, wanted: str) -> Self:
        """Build the error for a key value of another type."""
        return cls(f"service {service!r}: key {key!r} is {wanted}, but {found} was given.")
