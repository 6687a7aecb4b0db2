"""Pushes events into the recent parts of states, so that each id counts once in whatever order push and batch come."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from riskloom.errors import StoreError
from riskloom.store.hashes import hash_id, hash_values
from riskloom.store.inner.base import Held, Swap, state_key
from riskloom.store.keyed import rings_of, tokenised
from riskloom.store.packed.head import NEWEST
from riskloom.store.recent import EXPIRY, Recent, Record
from riskloom.store.sorting import EVENT_ID
from riskloom.store.state import NEVER, decode_state

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from riskloom.store.evaluate import Plan
    from riskloom.store.state import Mark
    from riskloom.store.views import Views
    from riskloom.tokens import Ring

    Group = list[tuple[int, Record]]

ACCEPTED = "accepted"
REPEATED = "repeated"
TOO_OLD = "too_old"
RECENT_FULL = "recent_full"
NO_KEY = "no_key"
NOT_MATERIALIZED = "not_materialized"
REFUSED = frozenset({TOO_OLD, RECENT_FULL, NOT_MATERIALIZED})
_TRIES = 100
_IDS_KEPT = 65_536


class Outcome(NamedTuple):
    """What became of one event in one view.

    Attributes:
        event: Place of the event among those that were pushed.
        view: Name of the view.
        status: ``accepted``; ``repeated`` for an id that counts already; ``no_key`` for an event that is nobody's; or
            why it was refused: ``too_old`` (the log brings it), ``recent_full`` (the log brings it, and until then the
            values that lack it are saturated), ``not_materialized``.
    """

    event: int
    view: str
    status: str

    @property
    def refused(self) -> bool:
        """Whether the event does not count in the view."""
        return self.status in REFUSED


def push(views: Views, plan: Plan, records: Sequence[Record]) -> list[str]:
    """Put events into the states of one view.

    Args:
        views: The store.
        plan: The view.
        records: The events, as their source has them: identifiers are not tokens yet.

    Returns:
        A status an event.

    Raises:
        StoreError: The store can't be reached, or what it holds is damaged.
        PrivacyError: The keys for tokens are not there.
    """
    name = plan.view.name
    mark = views.read_mark(name)
    for _ in range(_TRIES):
        if mark is None or mark.generation == 0:
            return [NOT_MATERIALIZED] * len(records)
        serving = views.serving(plan, mark)
        if serving.view.partition_keys != plan.view.partition_keys:
            return [NOT_MATERIALIZED] * len(records)
        statuses = _Push(views, serving, mark).run(records)
        # A build that was switched to in this very moment has not seen them: once more, into that one.
        now = views.read_mark(name)
        if now is not None and now.slot == mark.slot:
            return statuses
        mark = now
    raise StoreError.contended(name)


class _Push:
    """One push into the build that serves a view."""

    def __init__(self, views: Views, plan: Plan, mark: Mark) -> None:
        self._states, self._plan, self._mark, self._name = views.states, plan, mark, plan.view.name

    def run(self, records: Sequence[Record]) -> list[str]:
        statuses = [NO_KEY] * len(records)
        waiting = {key: group for key, group in self._groups(records).items() if group}
        for _ in range(_TRIES):
            if not waiting:
                return statuses
            waiting = self._swap(waiting, statuses)
        raise StoreError.contended(self._name)

    def _swap(self, waiting: dict[bytes, Group], statuses: list[str]) -> dict[bytes, Group]:
        """Try to change the states, and give what is left of the groups."""
        swaps = []
        for (key, group), held in zip(waiting.items(), self._states.look(self._name, list(waiting)), strict=True):
            found, recent = _decide(self._plan, self._mark, held, [record for _, record in group])
            for (place, _), status in zip(group, found, strict=True):
                statuses[place] = status
            if recent is not None:
                old = held or Held(0, 0, 0, b"", b"")
                swaps.append(Swap(key, held, old._replace(change=old.change + 1, recent=recent.encode())))
        made = self._states.swap(self._name, swaps) if swaps else []
        return {swap.key: waiting[swap.key] for swap, done in zip(swaps, made, strict=True) if not done}

    def _groups(self, records: Sequence[Record]) -> dict[bytes, Group]:
        """Give the events of each state, under the key for tokens that the state stands under."""
        groups: dict[bytes, Group] = {}
        view = self._plan.view
        rings = rings_of(view) or (None,)
        versions = [self._of_ring(records, ring) for ring in rings]
        there = self._there(versions) if len(versions) > 1 else set()
        for place in range(len(records)):
            found = [(key, record) for key, record in (version[place] for version in versions) if key is not None]
            if found:
                key, record = next((one for one in found if one[0] in there), found[0])
                groups.setdefault(key, []).append((place, record))
        return groups

    def _there(self, versions: Sequence[list[tuple[bytes | None, Record]]]) -> set[bytes]:
        keys = list({key for version in versions for key, _ in version if key is not None})
        found = zip(keys, self._states.look(self._name, keys), strict=True)
        return {key for key, held in found if held is not None}

    def _of_ring(self, records: Sequence[Record], ring: Ring | None) -> list[tuple[bytes | None, Record]]:
        view = self._plan.view
        tokens = [record if ring is None else tokenised(view.source, record, ring) for record in records]
        return [(self._key(record), record) for record in tokens]

    def _key(self, record: Record) -> bytes | None:
        values: list[Any] = [record.columns.get(column) for column in self._plan.view.partition_keys]
        return None if None in values else state_key(self._mark.slot, self._plan.codec.encode(values))


def _decide(plan: Plan, mark: Mark, held: Held | None, records: Iterable[Record]) -> tuple[list[str], Recent | None]:
    """Say what becomes of events of one state, and give its new recent part; None where it stays as it is."""
    name = plan.view.name
    before = recent = Recent.decode(name, held.recent if held else b"")
    horizon, listed = batch_ids(plan, mark, held.body if held else b"")
    horizon = max(horizon, mark.watermark - EXPIRY)
    known = {id_of(record) for record in recent.records}
    statuses = []
    for record in records:
        if record.event_id in known or hash_id(record.event_id) in listed:
            statuses.append(REPEATED)
        elif record.event_ts < horizon:
            statuses.append(TOO_OLD)
        elif len(recent.records) >= plan.view.max_recent:
            recent = recent.refuse(record.event_ts)
            statuses.append(RECENT_FULL)
        else:
            recent = recent._replace(records=(*recent.records, record.encode()))
            known.add(record.event_id)
            statuses.append(ACCEPTED)
    return statuses, None if recent == before else recent


def batch_ids(plan: Plan, mark: Mark, body: bytes) -> tuple[int, frozenset[int]]:
    """Give from when on a state knows the ids of its batch's events, and their hashes.

    An entity without a state has no event in reach of the mark.
    """
    nothing = mark.watermark - plan.reach
    if not body:
        return nothing, frozenset()
    if plan.sided:
        sides = plan.sides_reader(())
        directory = sides.open(body)
        return (nothing, frozenset()) if directory.newest < nothing else sides.listed(directory)
    if plan.packed:
        reader = plan.reader(())
        head = reader.head(body)
        return (nothing, frozenset()) if head[NEWEST] < nothing else reader.listed(body, head)
    state = decode_state(plan.view.name, body, plan.schema, mark, plan.reach)
    if state is None:
        return nothing, frozenset()
    ids = state.events.column(state.events.schema.get_field_index(EVENT_ID))
    return max(state.since, state.truncated_before, NEVER), frozenset(hash_values(ids).tolist())


@lru_cache(maxsize=_IDS_KEPT)
def id_of(record: bytes) -> str:
    """Give the event id of a record."""
    return Record.decode(record).event_id
