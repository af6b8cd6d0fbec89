"""What every record of a source said last time, in as little memory as it takes to notice a change.

Plain Python: nothing here knows CKAN or a network.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

_SETTLED = b""


def _short(text: str) -> bytes:
    """Sixteen bytes that stand for a text: enough that no two of a billion records are taken for each other."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class LastTime:
    """The datasets of a source whose records were there last time, by identifier and digest.

    :param digests: pairs of a dataset's current remote identifier and its record's digest
    """

    def __init__(self, digests: Iterable[tuple[str, str]]) -> None:
        self._digests = {_short(remote_id): _short(digest) for remote_id, digest in digests}

    def __len__(self) -> int:
        return len(self._digests)

    def settle(self, remote_id: str, digest: str) -> bool:
        """Whether a record says what it said last time; if so its dataset is settled for this run."""
        key = _short(remote_id)
        if self._digests.get(key) != _short(digest):
            return False
        self._digests[key] = _SETTLED
        return True

    def is_settled(self, remote_id: str) -> bool:
        """Whether the dataset with this identifier was settled."""
        return self._digests.get(_short(remote_id)) == _SETTLED

    @property
    def all_settled(self) -> bool:
        """Whether every record of last time is there and says the same."""
        return all(digest == _SETTLED for digest in self._digests.values())

    def settle_all(self) -> int:
        """Settle every dataset, as the portal says that nothing changed; how many there are."""
        self._digests = dict.fromkeys(self._digests, _SETTLED)
        return len(self._digests)
