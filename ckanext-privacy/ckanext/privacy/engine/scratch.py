"""Files for the time being: all in one folder of this account, so that what a killed process leaves behind is found.

The folder lies where temporary files go (``TMPDIR``). Whoever makes something in it holds a lock on it (flock(2)),
which ends with the process however that ends; what is older than :data:`AGE` and locked by nobody is removed by whoever
makes the next one, and by :func:`sweep`.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

#: Between making something and locking it lies less than this, in seconds.
AGE = 600


def home() -> Path:
    """Return the folder; made when it is not there. Raises ``PermissionError`` when it is somebody else's."""
    path = Path(tempfile.gettempdir(), f"privacy-scan-{os.geteuid()}")
    path.mkdir(mode=0o700, exist_ok=True)
    facts = path.lstat()
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid() or stat.S_IMODE(facts.st_mode) & 0o077:
        raise PermissionError(f"{path} is open to others: remove it, or set TMPDIR to a folder of your own.")
    return path


class Folder:
    """A folder that goes by :meth:`cleanup`, or with the object."""

    def __init__(self) -> None:
        sweep()
        self.path = Path(tempfile.mkdtemp(dir=home()))
        lock = os.open(self.path, os.O_RDONLY)
        _locks(lock)
        self.cleanup = weakref.finalize(self, _remove_folder, self.path, lock, os.getpid())


def _remove_folder(path: Path, lock: int, owner: int) -> None:
    if os.getpid() == owner:  # a forked process has a copy of the object, and the folder is its parent's
        shutil.rmtree(path, ignore_errors=True)
    os.close(lock)


@contextmanager
def folder() -> Iterator[Path]:
    """Lend a folder, which goes when the ``with`` block ends."""
    lent = Folder()
    try:
        yield lent.path
    finally:
        lent.cleanup()


@contextmanager
def file(suffix: str = "") -> Iterator[IO[bytes]]:
    """Lend a file with a name, which goes when the ``with`` block ends."""
    sweep()
    with tempfile.NamedTemporaryFile(dir=home(), suffix=suffix) as lent:
        _locks(lent.fileno())
        yield lent


def sweep() -> int:
    """Remove what killed processes left behind; return how many things that were."""
    border = time.time() - AGE
    return sum(_remove_if_left(entry) for entry in os.scandir(home()) if _made(entry) < border)


def _made(entry: os.DirEntry[str]) -> float:
    with suppress(FileNotFoundError):
        return entry.stat(follow_symlinks=False).st_ctime
    return time.time()


def _remove_if_left(entry: os.DirEntry[str]) -> bool:
    try:
        lock = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return False  # gone meanwhile
    try:
        if not _locks(lock):
            return False
        remove: Any = shutil.rmtree if entry.is_dir(follow_symlinks=False) else os.unlink
        remove(entry.path)
    except OSError:
        return False  # whoever makes the next one tries again
    finally:
        os.close(lock)
    return True


def _locks(descriptor: int) -> bool:
    """Lock an open file or folder until it is closed; say whether nobody else had."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
