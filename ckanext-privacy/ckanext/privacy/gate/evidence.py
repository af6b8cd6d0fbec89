"""Evidence of an agreement (a scan of signatures, a recording): kept privately, next to the released bytes and apart
from them, each piece under a random name. Its SHA-256 stands in the record and in the audit log.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Any, cast

from ckan.lib import files
from ckan.plugins import toolkit as tk

from ckanext.privacy import config
from ckanext.privacy.gate import store

_NAME = re.compile(r"[0-9a-f]{32}")


def put(source: IO[bytes]) -> dict[str, Any]:
    """Store a piece of evidence; return ``{id, sha256, bytes}``. ``ValidationError`` when it is empty or too big."""
    store.being_filled()
    most, digest, size = config.evidence_bytes(), hashlib.sha256(), 0
    with tempfile.TemporaryFile() as spool:
        for chunk in store.chunks(source):
            size += len(chunk)
            if size > most:
                raise _refused(tk._("The file is larger than {n} MB; send a smaller one.").format(n=most >> 20))
            digest.update(chunk)
            spool.write(chunk)
        if not size:
            raise _refused(tk._("The file is empty; choose another one."))
        spool.seek(0)
        name = uuid.uuid4().hex
        upload = files.Upload(cast("Any", spool), name, size, "application/octet-stream")
        with store.answering():
            store.storage().upload(_location(name), upload)
    return {"id": name, "sha256": digest.hexdigest(), "bytes": size}


def stream(name: str) -> Iterator[bytes]:
    """Yield a piece of evidence bit by bit; raise ``NotStored`` when it is gone."""
    try:
        with store.answering():
            yield from store.chunks(store.storage().stream(files.FileData(_location(name))))
    except files.exc.MissingFileError as error:
        raise store.NotStored(name) from error


def remove(name: str) -> None:
    """Erase a piece of evidence for good; nothing happens when it is gone already."""
    with store.answering(), suppress(files.exc.MissingFileError):
        store.storage().remove(files.FileData(_location(name)))


def _location(name: str) -> files.Location:
    if not _NAME.fullmatch(name):
        raise ValueError(f"Not the name of a piece of evidence: {name!r}.")
    return files.Location(f"{store.EVIDENCE}/{name}")


def _refused(sentence: str) -> tk.ValidationError:
    return tk.ValidationError({"upload": [sentence]})
