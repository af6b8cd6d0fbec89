"""What a process that parses untrusted files takes away from itself before it sees the first one.

Always: address space, processor time, size of written files, open files, core dumps; Python's own sockets, and programs
started by it; it ends with its parent. On Linux with Landlock (5.13, TCP from 6.7): writing anywhere but to its own
folder, TCP. Where the kernel lets it: all of the network. None of it can be taken back.

Source: landlock(7), setrlimit(2), unshare(2).
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import sys
import threading
import time
from pathlib import Path
from typing import Any

#: Open files: enough for archives and workbooks, too few to starve a machine.
OPEN_FILES = 512
#: System calls with the same number on every architecture, and their constants.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
PATH_BENEATH, VERSION = 1, 1
NO_NEW_PRIVILEGES = 38
NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000
#: Rights to change files, by the version of Landlock that knows them: write, remove, make; link and rename; truncate.
WRITING = ((1, 0x1FF2), (2, 1 << 13), (3, 1 << 14))
#: Rights to bind and connect.
TCP_VERSION, TCP = 4, 3
#: Calls that Python code may not make, as audit hooks name them.
REFUSED = frozenset({
    "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "os.system",
    "os.exec", "os.posix_spawn", "subprocess.Popen",
})  # fmt: skip
#: Seconds between two looks whether the parent is still there.
LOOK = 2.0
#: What little of the environment the child is given: no password, no key, no settings of the caller.
ENVIRONMENT = (
    "PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "PYTHONHASHSEED",
    "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "LD_LIBRARY_PATH", "XDG_CACHE_HOME", "POLARS_MAX_THREADS",
    "OMP_NUM_THREADS", "PRIVACY_SCAN_CACHE",
)  # fmt: skip

#: Polars keeps what it freed for its next batch, for seconds: to have it paged in anew takes an eighth of a scan.
MEMORY = {"_RJEM_MALLOC_CONF": "dirty_decay_ms:10000,muzzy_decay_ms:10000"}


class _Ruleset(ctypes.Structure):
    _fields_ = [("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32)]


def environment(folder: Path) -> dict[str, str]:
    """The environment of the child, whose temporary files go to a folder of its own."""
    kept = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    # Pydantic would look through all that is installed for plugins, which takes longer than to load it.
    return {**kept, **MEMORY, "TMPDIR": str(folder), "PYDANTIC_DISABLE_PLUGINS": "1"}


def confine(memory: int) -> None:
    """Take from this process what parsing does not need; ``memory`` is in bytes. Call it before all imports."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    files = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    _leave_network()
    sys.addaudithook(_refuse)
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()


def limit_request(seconds: int, written: int) -> None:
    """Limit what one request may use: processor seconds on every core, and bytes in one file."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    allowed = int(used.ru_utime + used.ru_stime) + seconds * (os.cpu_count() or 1) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (written, resource.RLIM_INFINITY))


def _refuse(event: str, _arguments: tuple[Any, ...]) -> None:
    if event in REFUSED:
        raise PermissionError(f"{event} is not for a process that reads untrusted files")


def _end_with_parent(parent: int) -> None:
    """A parent that was killed cannot end its child."""
    while os.getppid() == parent:
        time.sleep(LOOK)
    os._exit(1)


def _system() -> Any:
    return ctypes.CDLL(None, use_errno=True) if platform.system() == "Linux" else None


def _leave_network() -> None:
    """Enter a network that has no other machine; refused in some containers, where the other walls still stand."""
    system, own = _system(), os.geteuid()
    if system and system.unshare(NEW_NETWORK) != 0 and system.unshare(NEW_USER | NEW_NETWORK) == 0:
        # Who the process is stays as it was.
        Path("/proc/self/uid_map").write_text(f"{own} {own} 1", "ascii")


def write_only_to(*folders: Path) -> None:
    """Let this process change no file but those under some folders; does nothing on a kernel without Landlock."""
    system = _system()
    version = system.syscall(CREATE_RULESET, None, 0, VERSION) if system else 0
    if version < 1:
        return
    writing = sum(rights for since, rights in WRITING if version >= since)
    rules = _Ruleset(writing, TCP if version >= TCP_VERSION else 0, 0)
    size = 16 if version >= TCP_VERSION else 8
    ruleset = system.syscall(CREATE_RULESET, ctypes.byref(rules), size, 0)
    if ruleset < 0:
        return
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    for path, rights in (*((folder, writing) for folder in folders), (Path("/dev/null"), writing & 0x4002)):
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        beneath = _Beneath(rights, place)
        system.syscall(ADD_RULE, ruleset, PATH_BENEATH, ctypes.byref(beneath), 0)
        os.close(place)
    system.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    system.syscall(RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
