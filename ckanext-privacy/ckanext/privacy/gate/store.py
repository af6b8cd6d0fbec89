"""The release store: released bytes, each under its own SHA-256, apart from CKAN's working files.

It is one of CKAN's file storages, never a public one: the local disk unless the site names another
(``ckanext.privacy.release_store``). Bytes are written once and never changed, so a name can be trusted to be its hash.
"""

from __future__ import annotations

import hashlib
import logging
import re
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, cast

import file_keeper as fk
import sqlalchemy as sa
from ckan import model
from ckan.common import config as ckan_config
from ckan.exceptions import CkanConfigurationException
from ckan.lib import files
from ckan.plugins import toolkit as tk
from file_keeper.default.adapters.fs import FsStorage

from ckanext.privacy import config
from ckanext.privacy.engine import scratch

log = logging.getLogger(__name__)

CHUNK = 1 << 20
#: Key of PostgreSQL's advisory lock: who puts something in shares it, who takes something out has it alone.
LOCK = 0x70726977
#: Folder in which bytes arrive where the storage does not write a file as a whole.
INCOMING = "incoming"
#: Folder of what shows that people agreed (:mod:`ckanext.privacy.gate.evidence`).
EVIDENCE = "evidence"
#: What :func:`listing` calls released bytes.
BYTES = "bytes"
_SHA256 = re.compile(r"[0-9a-f]{64}")


class NotStored(LookupError):  # noqa: N818 - says what is wrong, as CKAN's own ObjectNotFound does
    """Raised when bytes that should be in the store are not there."""

    def __init__(self, sha256: str) -> None:
        super().__init__(f"The release store has no bytes with the SHA-256 {sha256}; ask for a new release.")


class StoreDown(tk.ValidationError):
    """Raised when the storage behind the store does not answer, or refuses. What was under way has not happened."""

    def __init__(self) -> None:
        self.sentence = tk._(
            "The store of released files does not answer just now. Nothing was changed; try again soon."
        )
        super().__init__({"release_store": [self.sentence]})


@contextmanager
def answering() -> Iterator[None]:
    """Tell "not there" and "there already" from every other failure, which is ``StoreDown`` whatever the storage."""
    try:
        yield
    except (files.exc.LocationError, CkanConfigurationException):
        raise
    except Exception as error:
        log.exception("The storage of the release store failed.")
        raise StoreDown from error


def being_filled() -> None:
    """Keep what is put in from now on from being pruned as unneeded until the caller's transaction ends."""
    model.Session.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(LOCK)))


@dataclass(frozen=True)
class Stored:
    """What was stored: SHA-256 in hex, and the number of bytes."""

    sha256: str
    bytes: int


def storage() -> fk.Storage:
    """Return the storage behind the store; a storage without a log-in in front of it is refused."""
    name = config.release_store()
    found = _named_storage(name) if name else _local_storage(ckan_config["ckan.storage_path"])
    if getattr(found.settings, "public", False):
        raise CkanConfigurationException(
            f"The storage '{found.settings.name}' serves files without a log-in, so it cannot keep releases: "
            f"set {config.RELEASE_STORE} to a storage that is not public."
        )
    return found


def _named_storage(name: str) -> fk.Storage:
    try:
        return files.get_storage(name)
    except files.exc.UnknownStorageError as error:
        raise CkanConfigurationException(
            f"{config.RELEASE_STORE} names the storage '{name}', and there is none: set ckan.files.storage.{name}.type "
            "(for the type privacy:s3 install the package boto3)."
        ) from error


@lru_cache(maxsize=4)
def _local_storage(root: str) -> fk.Storage:
    if not root:
        raise CkanConfigurationException(
            f"There is no place for released files: set ckan.storage_path, or {config.RELEASE_STORE} to a storage."
        )
    settings = {"type": "ckan:fs", "path": str(Path(root) / "privacy" / "releases"), "initialize": True}
    return files.make_storage("privacy_releases", settings)


def location(sha256: str) -> files.Location:
    """Return where in the storage bytes lie."""
    if not _SHA256.fullmatch(sha256):
        raise ValueError(f"Not a SHA-256 in hex: {sha256!r}.")
    return files.Location(f"{sha256[:2]}/{sha256}")


def exists(sha256: str) -> bool:
    """Say whether bytes are in the store."""
    with answering():
        return storage().exists(files.FileData(location(sha256)))


def size(sha256: str) -> int:
    """Return how many bytes are stored under a hash; 0 when there are none."""
    with answering():
        try:
            return storage().size(location(sha256))
        except files.exc.MissingFileError:
            return 0


def listing() -> Iterator[tuple[str, str]]:
    """Yield kind and name of everything in the store: ``bytes``, ``evidence``, and what is ``incoming``."""
    with answering():
        for place in storage().scan():
            folder, _, name = str(place).partition("/")
            if folder in (INCOMING, EVIDENCE) or _SHA256.fullmatch(name):
                yield (folder if folder in (INCOMING, EVIDENCE) else BYTES), name


def put(source: IO[bytes] | Iterable[bytes]) -> Stored:
    """Store what ``source`` yields, once. Two processes may put the same bytes at the same time."""
    being_filled()
    with tempfile.TemporaryFile() as spool:
        stored = _spool(source, spool)
        if not exists(stored.sha256):
            spool.seek(0)
            with answering():
                _write(stored, spool)
    return stored


def put_path(path: str | Path) -> Stored:
    """Store the bytes of a file."""
    with Path(path).open("rb") as source:
        return put(source)


def measure(source: IO[bytes] | Iterable[bytes]) -> Stored:
    """Return what :func:`put` would, and store nothing."""
    digest, size = hashlib.sha256(), 0
    for chunk in chunks(source):
        digest.update(chunk)
        size += len(chunk)
    return Stored(digest.hexdigest(), size)


def _spool(source: IO[bytes] | Iterable[bytes], spool: IO[bytes]) -> Stored:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks(source):
        digest.update(chunk)
        size += len(chunk)
        _write_out(spool, chunk)
    return Stored(digest.hexdigest(), size)


def _write_out(spool: IO[bytes], chunk: bytes) -> None:
    """Write to a file on this machine; a disk that is full is a store that does not answer."""
    with answering():
        spool.write(chunk)
        spool.flush()


def chunks(source: IO[bytes] | Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes of a stream or of an iterable of bytes, piece by piece."""
    read = getattr(source, "read", None)
    if read is None:
        yield from cast("Iterable[bytes]", source)
        return
    while chunk := read(CHUNK):
        yield chunk


def _write(stored: Stored, spool: IO[bytes]) -> None:
    """Put spooled bytes under their name. Nobody ever sees half of them: they arrive elsewhere and are renamed."""
    place = storage()
    upload = files.Upload(cast("Any", spool), stored.sha256, stored.bytes, "application/octet-stream")
    if getattr(place, "writes_whole", False) or not place.supports(files.Capability.MOVE):
        place.upload(location(stored.sha256), upload)
        return
    arrived = place.upload(files.Location(f"{INCOMING}/{uuid.uuid4().hex}"), upload)
    try:
        place.move(location(stored.sha256), arrived)
    except files.exc.ExistingFileError:
        place.remove(arrived)


def stream(sha256: str) -> Iterator[bytes]:
    """Yield stored bytes piece by piece; raise ``NotStored`` when there are none."""
    try:
        with answering():
            yield from chunks(storage().stream(files.FileData(location(sha256))))
    except files.exc.MissingFileError as error:
        raise NotStored(sha256) from error


@contextmanager
def local_path(sha256: str) -> Iterator[Path]:
    """Lend a path on this machine to stored bytes, for as long as the ``with`` block runs. Read only."""
    place = storage()
    if not exists(sha256):
        raise NotStored(sha256)
    if isinstance(place, FsStorage):
        yield Path(place.full_path(location(sha256)))
        return
    with scratch.file() as copy:
        for chunk in stream(sha256):
            _write_out(copy, chunk)
        yield Path(copy.name)


def remove(sha256: str) -> None:
    """Erase bytes for good; nothing happens when they are gone already."""
    with answering(), suppress(files.exc.MissingFileError):
        storage().remove(files.FileData(location(sha256)))


def remove_arrival(name: str) -> None:
    """Erase what a process that died left half written."""
    with answering(), suppress(files.exc.MissingFileError):
        storage().remove(files.FileData(files.Location(f"{INCOMING}/{name}")))
