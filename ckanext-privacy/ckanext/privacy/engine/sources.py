"""Where a file comes from: a path, or a URL that fsspec knows (``s3://``, ``gs://``, ``memory://``, ``https://`` …)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from .errors import UnreadableFile
from .sentences import say

#: Bytes copied at a time.
BLOCK = 4 << 20


def is_url(source: str | Path) -> bool:
    """Whether a source is a URL rather than a path."""
    return isinstance(source, str) and "://" in source


def name_of(source: str | Path) -> str:
    """The file's own name, without folders."""
    return PurePosixPath(str(source).split("?", maxsplit=1)[0]).name if is_url(source) else Path(source).name


@contextmanager
def local_copy(source: str | Path, limit: int) -> Iterator[Path]:
    """Give the path of a source; what a URL names is copied for as long as needed. Raises ``UnreadableFile``."""
    if not is_url(source):
        yield Path(source)
        return
    with tempfile.TemporaryDirectory(prefix="scan-") as folder:
        path = Path(folder, "file")
        try:
            with _open(str(source)) as remote, path.open("wb") as file:
                _copy(remote, file, limit, name_of(source))
        except UnreadableFile:
            raise
        except Exception as error:
            # Each file system raises errors of its own.
            raise UnreadableFile(
                say("The file cannot be fetched ({error}: {message}).", error=type(error).__name__, message=error),
                str(source),
            ) from error
        yield path


def _copy(remote: Any, file: Any, limit: int, name: str) -> None:
    while block := remote.read(BLOCK):
        if file.tell() + len(block) > limit:
            raise UnreadableFile(
                say("The file is larger than the limit of {megabytes} MB; split it.", megabytes=limit >> 20), name
            )
        file.write(block)


def read_range(url: str, start: int, end: int) -> bytes:
    """Read some bytes of what a URL names, wherever this runs."""
    with _open(url) as remote:
        remote.seek(start)
        return remote.read(end - start)


def _open(url: str) -> Any:
    try:
        import fsspec
    except ModuleNotFoundError as error:
        raise UnreadableFile(say("URLs need fsspec; install the scanner with its extra dask."), url) from error
    system, path = fsspec.core.url_to_fs(url)
    return system.open(path, "rb")
