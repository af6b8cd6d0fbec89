"""Match the records of one run with the datasets that earlier runs left behind.

Nothing is decided on a single identifier: what is left over after matching by identifier is matched by the other
aliases, the strongest first, one record to one dataset. Only what matches nothing at all is new or missing.
Plain Python: nothing here knows CKAN or a network.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Known:
    """A dataset this source brought earlier.

    ``remote_ids`` are all identifiers it ever had, the newest first; ``missing_since`` is the ISO time of the first
    complete run that did not list it; ``deleted``: a person deleted it here, so it is neither changed nor missed.
    """

    dataset_id: str
    remote_ids: tuple[str, ...]
    aliases: frozenset[str]
    digest: str = ""
    missing_since: str | None = None
    missing_runs: int = 0
    withdrawn: bool = False
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """A record of this run, reduced to what matching needs. ``key`` is the caller's handle for the whole of it."""

    key: str
    remote_id: str
    aliases: tuple[str, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Match:
    """One record and the dataset it belongs to."""

    seen: Seen
    known: Known

    @property
    def renamed(self) -> bool:
        return self.seen.remote_id != self.known.remote_ids[0]

    @property
    def returned(self) -> bool:
        return self.known.missing_since is not None

    @property
    def changed(self) -> bool:
        return self.seen.digest != self.known.digest and not self.known.deleted


@dataclass(slots=True)
class Reconciliation:
    """What a run means for the datasets of its source. Every ``Seen`` and every living ``Known`` stands in it once."""

    matches: list[Match] = field(default_factory=list)
    added: list[Seen] = field(default_factory=list)
    missing: list[Known] = field(default_factory=list)
    repeated: list[Seen] = field(default_factory=list)


def reconcile(seen: Iterable[Seen], known: Iterable[Known]) -> Reconciliation:
    """Match records with datasets; a second record under the same identifier is set aside as ``repeated``."""
    result = Reconciliation()
    records: dict[str, Seen] = {}
    for record in seen:
        if record.remote_id in records:
            result.repeated.append(record)
        else:
            records[record.remote_id] = record
    open_records = list(records.values())
    open_datasets = list(known)
    for fingerprint in _FINGERPRINTS:
        if not open_records or not open_datasets:
            break
        open_records, open_datasets = _pair(open_records, open_datasets, fingerprint, result.matches)
    result.added = open_records
    result.missing = [dataset for dataset in open_datasets if not dataset.deleted]
    return result


_Fingerprint = Callable[[Seen | Known], list[str]]


def _identifier(entry: Seen | Known) -> list[str]:
    """The exact identifier, the current one only: it settles nearly everything, at no risk."""
    return [entry.remote_id] if isinstance(entry, Seen) else [entry.remote_ids[0]]


def _of_kind(kind: str) -> _Fingerprint:
    prefix = f"{kind}:"
    return lambda entry: [alias for alias in entry.aliases if alias.startswith(prefix)]


def _both(first: str, second: str) -> _Fingerprint:
    """Two weak signs together. One service carries several datasets, and one title several layers."""
    firsts, seconds = _of_kind(first), _of_kind(second)
    return lambda entry: [f"{one}+{other}" for one in firsts(entry) for other in seconds(entry)]


# Title and issue date come before page name and service address: when a map service gains a layer, the numbers at
# the end of the other two move on to the neighbouring dataset.
_FINGERPRINTS: tuple[_Fingerprint, ...] = (
    _identifier,
    _of_kind("id"),
    _of_kind("hub"),
    _of_kind("4x4"),
    _both("service", "work"),
    _both("slug", "work"),
    _of_kind("work"),
    _of_kind("slug"),
    _of_kind("service"),
)


def _pair(
    records: list[Seen], datasets: list[Known], fingerprint: _Fingerprint, matches: list[Match]
) -> tuple[list[Seen], list[Known]]:
    """Pair what shares a fingerprint; return what is left. Datasets that are not missing are served first."""
    by_print: dict[str, list[Known]] = defaultdict(list)
    for dataset in sorted(datasets, key=lambda each: (each.missing_since is not None, each.missing_since or "")):
        for value in fingerprint(dataset):
            by_print[value].append(dataset)
    taken: set[str] = set()
    left: list[Seen] = []
    for record in records:
        candidates = (each for value in fingerprint(record) for each in by_print.get(value, ()))
        found = next((each for each in candidates if each.dataset_id not in taken), None)
        if found is None:
            left.append(record)
            continue
        taken.add(found.dataset_id)
        matches.append(Match(record, found))
    return left, [each for each in datasets if each.dataset_id not in taken]
