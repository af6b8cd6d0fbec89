"""Match the records of one run with the datasets that earlier runs left behind.

Nothing is decided on a single identifier: what is left over after matching by identifier is matched by the other
aliases, the strongest first, one record to one dataset. Only what matches nothing at all is new or missing.
Plain Python: nothing here knows CKAN or a network.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import TypeVar


@dataclass(frozen=True, slots=True)
class Known:
    """A dataset this source brought earlier.

    ``remote_ids`` are all identifiers it ever had, the newest first; ``missing_since`` is the ISO time of the first
    complete run that did not list it; ``doubted``: so many went missing at once that a person must say that it is true;
    ``deleted``: a person deleted it here, so it is neither changed nor missed.
    """

    dataset_id: str
    remote_ids: tuple[str, ...]
    aliases: frozenset[str]
    digest: str = ""
    missing_since: str | None = None
    missing_runs: int = 0
    withdrawn: bool = False
    doubted: bool = False
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


Entry = TypeVar("Entry", Seen, Known)
#: of some aliases, those that several datasets of the source carry; they tell nobody from anybody
Shared = Callable[[Collection[str]], Collection[str]]


def reconcile(seen: Iterable[Seen], known: Iterable[Known], shared: Shared = lambda _aliases: ()) -> Reconciliation:
    """Match records with datasets; a second record under the same identifier is set aside as ``repeated``.

    :param shared: asked about the datasets of the source that are not among ``known``, when there is nothing better to
        go by than one address
    """
    result = Reconciliation()
    records: dict[str, Seen] = {}
    for record in seen:
        if record.remote_id in records:
            result.repeated.append(record)
        else:
            records[record.remote_id] = record
    pool = _Pool(list(records.values()), list(known), result.matches)
    carried = Counter(each for dataset in pool.datasets for each in dataset.aliases if each.startswith(_ADDRESSES))
    for fingerprint in _FINGERPRINTS:
        pool.pair(fingerprint)
    pool.datasets, withdrawn = parted(pool.datasets, lambda each: not each.withdrawn)
    pool.pair(_of_kind("undated"))
    if not any(match.renamed and _ROW_NUMBER.fullmatch(match.seen.remote_id) for match in result.matches):
        pool.pair(_row_number)
    pool.pair_by_address(lambda aliases: {each for each in aliases if carried[each] > 1}.union(shared(aliases)))
    pool.pair(pool.alone(_title_and_day))
    result.added = pool.records
    result.missing = [each for each in [*pool.datasets, *withdrawn] if not each.deleted]
    return result


_Fingerprint = Callable[[Seen | Known], list[str]]
#: A portal that counts its records gives these numbers to other records as soon as one is put in between.
_ROW_NUMBER = re.compile(r"\d{1,5}")
_DAY = len("2019-04-02")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
#: any one address, where no other record has it
_ADDRESSES = ("doi:", "item:", "path:", "file:")


def _identifier(entry: Seen | Known) -> list[str]:
    """The exact identifier, the current one only: it settles nearly everything, at no risk."""
    identifier = entry.remote_id if isinstance(entry, Seen) else entry.remote_ids[0]
    return [] if _ROW_NUMBER.fullmatch(identifier) else [identifier]


def _of_kind(kind: str) -> _Fingerprint:
    prefix = f"{kind}:"
    return lambda entry: [alias for alias in entry.aliases if alias.startswith(prefix)]


def _identifiers(entry: Seen | Known) -> list[str]:
    return [alias for alias in _of_kind("id")(entry) if not _ROW_NUMBER.fullmatch(alias.removeprefix("id:"))]


def _row_number(entry: Seen | Known) -> list[str]:
    """The bare number a record has now, and a dataset that was there last time: good where such numbers do not move."""
    if isinstance(entry, Seen):
        return [entry.remote_id]
    return [] if entry.missing_since else [entry.remote_ids[0]]


def _both(first: str, second: str) -> _Fingerprint:
    """Two weak signs together. One service carries several datasets, and one title several layers."""
    firsts, seconds = _of_kind(first), _of_kind(second)
    return lambda entry: [f"{one}+{other}" for one in firsts(entry) for other in seconds(entry)]


# Title and issue date come before page name and service address: when a map service gains a layer, the numbers at
# the end of the other two move on to the neighbouring dataset.
_FINGERPRINTS: tuple[_Fingerprint, ...] = (
    _identifier,
    _both("id", "name"),
    _identifiers,
    *map(_of_kind, ("hub", "4x4", "uuid")),
    *(_both(kind, "work") for kind in ("service", "slug", "path", "file", "item", "page")),
    _of_kind("work"),
    *(_both(kind, "name") for kind in ("service", "slug", "path", "file", "item")),
    *map(_of_kind, ("slug", "service")),
)


@dataclass(slots=True)
class _Pool:
    """The records and datasets that are not paired yet, and the pairs."""

    records: list[Seen]
    datasets: list[Known]
    matches: list[Match]

    def pair(self, fingerprint: _Fingerprint) -> None:
        """Pair what shares a fingerprint. Datasets that are not missing are served first."""
        if not self.records or not self.datasets:
            return
        by_print: dict[str, list[Known]] = defaultdict(list)
        for dataset in sorted(
            self.datasets, key=lambda each: (each.missing_since is not None, each.missing_since or "")
        ):
            for value in fingerprint(dataset):
                by_print[value].append(dataset)
        taken: set[str] = set()
        left: list[Seen] = []
        for record in self.records:
            candidates = (each for value in fingerprint(record) for each in by_print.get(value, ()))
            found = next((each for each in candidates if each.dataset_id not in taken), None)
            if found is None:
                left.append(record)
                continue
            taken.add(found.dataset_id)
            self.matches.append(Match(record, found))
        self.records, self.datasets = left, [each for each in self.datasets if each.dataset_id not in taken]

    def pair_by_address(self, shared: Shared) -> None:
        """Pair by any one address that one record and one dataset have, and nobody else.

        Records that say when they were issued are told apart by that: another date, another dataset. Of the others
        those are that have other years in their titles.
        """
        if not self.records or not self.datasets:
            return
        named = Counter(each for record in self.records for each in record.aliases if each.startswith(_ADDRESSES))
        held = {each for dataset in self.datasets for each in dataset.aliases} & named.keys()
        telling = {each for each in held if named[each] == 1} - set(shared(held))
        self.pair(
            lambda entry: [f"{each} {years}" for each in entry.aliases if each in telling for years in _years(entry)]
        )

    def alone(self, fingerprint: _Fingerprint) -> _Fingerprint:
        """The same fingerprint, as far as no two records and no two datasets have it."""
        several = {
            each
            for entries in (self.records, self.datasets)
            for each, count in Counter(print_ for entry in entries for print_ in set(fingerprint(entry))).items()
            if count > 1
        }
        return lambda entry: [each for each in fingerprint(entry) if each not in several]


def _title_and_day(entry: Seen | Known) -> list[str]:
    """Title and day of issue, whatever the hour and however the moment is written."""
    works = (each.removeprefix("work:").rpartition("|") for each in entry.aliases if each.startswith("work:"))
    return [f"{title}|{issued[:_DAY]}" for title, _, issued in works]


def _years(entry: Seen | Known) -> set[str]:
    """The years its titles named, each title's in one text; none for what says when it was issued."""
    if any(each.startswith("work:") for each in entry.aliases):
        return set()
    return {" ".join(sorted(set(_YEAR.findall(each)))) for each in entry.aliases if each.startswith("name:")} or {""}


def parted(entries: Iterable[Entry], wanted: Callable[[Entry], bool]) -> tuple[list[Entry], list[Entry]]:
    """Those that are wanted, and the others."""
    parts: tuple[list[Entry], list[Entry]] = [], []
    for each in entries:
        parts[not wanted(each)].append(each)
    return parts
