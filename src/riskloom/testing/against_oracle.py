"""The kernel beside the slow oracle, on as many random streams as there is patience for.

``python -m riskloom.testing.against_oracle --cases 1000000 --seed 1`` compares that many, says how far it has come, and
ends with 1 at the first stretch that differs.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from riskloom.testing import generators, naive
from riskloom.testing.rows import events_table, normalise, spine_table
from riskloom.testing.samples import every_feature
from riskloom.windows import compute

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from riskloom.declare import Feature, FeatureView
    from riskloom.testing.rows import Row

FEATURES_A_CASE = 3
CASES_AT_ONCE = 10_000
KINDS: dict[str, dict[str, Any]] = {
    "one key": {},
    "composite key": {"keys": ("user", "account")},
    "delayed": {"delay": "10s"},
}


class Difference(NamedTuple):
    """A cell that the kernel and the oracle read differently.

    Attributes:
        row: The spine row.
        feature: Name of the feature.
        found: The kernel's value.
        wanted: The oracle's.
    """

    row: Row
    feature: str
    found: Any
    wanted: Any


def differences(
    view: FeatureView, events: Sequence[Row], spine: Sequence[Row], chosen: Sequence[Sequence[Feature]] | None = None
) -> Iterator[Difference]:
    """Compare the kernel with the oracle, cell by cell.

    Args:
        view: The view.
        events: Events of its source.
        spine: Key columns and ``at`` in microseconds.
        chosen: The features to compare, for each row of the spine; all of the view's where None.

    Yields:
        Cells that differ by more than the oracle's tolerance; integers, texts and lists by anything.
    """
    found = compute(view, events_table(view, events), spine_table(view, spine))
    asked: dict[Feature, list[int]] = defaultdict(list)
    for place in range(len(spine)):
        for feature in view.features if chosen is None else chosen[place]:
            asked[feature].append(place)
    keys = view.entity.key_columns
    streams, wider = (_by_key(normalise(view, events), names) for names in (keys, view.partition_keys))
    for feature, places in asked.items():
        for place, value in zip(places, found[feature.name].take(pa.array(places)).to_pylist(), strict=True):
            row, names = spine[place], view.partition_keys if feature.of_others else keys
            rows = (wider if feature.of_others else streams)[tuple(row[name] for name in names)]
            key = {name: row[name] for name in keys}
            wanted = naive.feature_value(feature, rows, key, row["at"])
            if not naive.agree(value, wanted, partial(naive.tolerance, feature, rows, key, row["at"])):
                yield Difference(row, feature.name, value, wanted)


def _by_key(rows: Sequence[Row], names: Sequence[str]) -> dict[tuple[Any, ...], list[Row]]:
    streams: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        streams[tuple(row[name] for name in names)].append(row)
    return streams


def random_differences(view: FeatureView, seed: int, cases: range) -> list[Difference]:
    """Compare random streams, each with a key and an instant of its own and with features drawn for it.

    Args:
        view: The view whose features are drawn.
        seed: The same seed gives the same streams and features.
        cases: Numbers of the streams.
    """
    random = Random(seed)
    chosen = [random.sample(view.features, FEATURES_A_CASE) for _ in cases]
    return list(differences(view, *generators.random_cases(view, seed, cases), chosen))


def main(arguments: Sequence[str]) -> int:
    """Compare as many random streams as asked for; give the exit code."""
    parser = argparse.ArgumentParser(prog="riskloom.testing.against_oracle", description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1, help="that of the first stretch; the next has the next one")
    options = parser.parse_args(arguments)
    views = {name: every_feature(**declared) for name, declared in KINDS.items()}
    done, begun = 0, time.process_time()
    while done < options.cases:
        stretch, count = done // CASES_AT_ONCE, min(CASES_AT_ONCE, options.cases - done)
        name = list(KINDS)[stretch % len(KINDS)]
        found = random_differences(views[name], options.seed + stretch, range(count))
        if found:
            _say(f"seed {options.seed + stretch}, {name}: {len(found)} cells differ, the first one {found[0]}")
            return 1
        done += count
        spent = time.process_time() - begun
        _say(f"seed {options.seed + stretch}, {name}: {done:,} cases agree, {spent:.0f} CPU s")
    _say(f"{done:,} random streams, {done * FEATURES_A_CASE:,} cells: the kernel and the oracle agree in all.")
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
