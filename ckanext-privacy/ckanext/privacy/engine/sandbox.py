"""Untrusted files are parsed in a child process that has little to lose and little to reach.

A bomb, a crash of a parser or a file that takes for ever ends the child; the caller gets a file that is held. The child
stays for further files, because starting one costs more than most scans. What it sends back is JSON, never code; files
that it makes lie in its own folder, which is emptied after every request.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from importlib import import_module
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any

from . import scratch
from .confinement import confine, environment, limit_request, write_only_to
from .errors import EngineError, InvalidPlan, InvalidPolicy, UnreadableFile
from .sentences import say
from .settings import Limits

#: What the child runs.
START = f"from {__name__} import main; main()"

#: What the child can be asked for: module and function, which take a request and a function that is told the progress.
HANDLERS = {
    "scan": ("examine", "answer"),
    "quality": ("quality", "answer"),
    "preview": ("remediation.isolated", "answer_preview"),
    "clean": ("remediation.isolated", "answer_clean"),
}
#: Errors that the child names and the caller raises again.
ERRORS = {error.__name__: error for error in (InvalidPlan, InvalidPolicy, EngineError)}
FAILED = frozenset({"unreadable", "invalid"})
#: Whether this process is such a child: what it parses needs no other one.
inside = False

Progress = Callable[[float], None]
Message = dict[str, Any]
Collect = Callable[[Path, Message], None]


class Worker:
    """A child process that scans one file after another; it is started when first needed."""

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._folder: scratch.Folder | None = None
        self._checkpoint: str | None = None
        self._asked = False
        self._lock = threading.Lock()
        self._owner = os.getpid()

    def ask(self, request: Message, seconds: float, progress: Progress, collect: Collect | None = None) -> Message:
        """Have a request worked on. Raises ``UnreadableFile`` when the child dies or is too slow, then starts anew.

        ``collect`` is given the child's folder and its answer, unless that is an error, before the folder is emptied.
        """
        with self._lock:
            if request.get("checkpoint") != self._checkpoint:
                # Where a child may write is settled once, with its first request.
                if self._asked:
                    self.stop()
                self._checkpoint = request.get("checkpoint")
            pipe = self._running()
            self._asked = True
            try:
                pipe.send_bytes(json.dumps(request).encode())
                message = self._wait(pipe, time.monotonic() + seconds, progress)
                if collect and self._folder and not FAILED & message.keys():
                    collect(self._folder.path, message)
                self._empty_folder()
            except (EOFError, OSError) as error:
                self.stop()
                reason = say("The file broke its reader, or needs more memory than the limit; split it.")
                raise UnreadableFile(reason, request["name"]) from error
            except BaseException:
                self.stop()
                raise
            return message

    def start(self) -> None:
        """Start the child, so that it loads its libraries while the caller does something else."""
        with self._lock:
            self._running()

    def _empty_folder(self) -> None:
        for path in self._folder.path.iterdir() if self._folder else ():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def _wait(self, pipe: Connection, deadline: float, progress: Progress) -> Message:
        while pipe.poll(max(0.0, deadline - time.monotonic())):
            message = json.loads(pipe.recv_bytes())
            if "progress" not in message:
                return message
            progress(message["progress"])
        raise UnreadableFile(
            say("Looking at the file took longer than the limit; split it or save it in a plainer form.")
        )

    def _running(self) -> Connection:
        if self._owner != os.getpid():
            # A forked process must not talk into its parent's pipe.
            self._process, self._pipe, self._folder, self._owner = None, None, None, os.getpid()
        if self._process is None or self._process.poll() is not None or self._pipe is None:
            self.stop()
            ours, theirs = Pipe()
            self._folder = scratch.Folder()
            folder = self._folder.path
            command = [sys.executable, "-c", START, str(theirs.fileno()), str(self._memory), str(folder)]
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                command,
                pass_fds=[theirs.fileno()],
                env=environment(folder),
                # Libraries complain there, and quote what they read.
                stderr=subprocess.DEVNULL,
            )
            theirs.close()
            self._pipe = ours
        return self._pipe

    def stop(self) -> None:
        """End the child, if it runs."""
        if self._owner != os.getpid():
            return
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._pipe is not None:
            self._pipe.close()
        if self._folder is not None:
            self._folder.cleanup()
        self._process, self._pipe, self._folder, self._asked = None, None, None, False


_shared: dict[int, Worker] = {}


def shared_worker(memory: int) -> Worker:
    """Return the worker that scans of this process share."""
    if memory not in _shared:
        _shared[memory] = Worker(memory)
        atexit.register(_shared[memory].stop)
    return _shared[memory]


def isolated(request: Message, limits: Limits | None = None, collect: Collect | None = None) -> Message:
    """Have a file worked on by the shared child process; ``request`` has a ``kind`` of :data:`HANDLERS` and a ``name``.

    Raises ``UnreadableFile``, ``InvalidPlan`` or ``InvalidPolicy`` as the work itself would.
    """
    limits = limits or Limits()
    request = {**request, "limits": asdict(limits)}
    message = shared_worker(limits.memory).ask(request, limits.seconds, lambda _share: None, collect)
    raise_error(message)
    return message


def raise_error(message: Message) -> None:
    """Raise the error that the child sent, if it is one."""
    if "unreadable" in message:
        raise UnreadableFile(message["unreadable"], message["where"])
    if "invalid" in message:
        raise ERRORS[message["error"]](message["invalid"])


def _serve(pipe: Connection, folder: Path) -> None:
    walled = False
    # What nearly all requests need is loaded before the first one comes, and stays for good.
    gc.disable()
    import_module(".examine", __package__)
    while True:
        try:
            request = json.loads(pipe.recv_bytes())
        except EOFError:
            return
        if not walled:
            # What is kept on disk for later scans is written before any file of others is seen, and never after.
            _prepare(request)
            gc.freeze()
            gc.enable()
            checkpoint = request.get("checkpoint")
            write_only_to(folder, *([Path(checkpoint)] if checkpoint else []))
            walled = True
        pipe.send_bytes(json.dumps(_answer(request, pipe)).encode())


def _prepare(request: Message) -> None:
    if request["kind"] == "scan":
        from .examine import prepare

        with suppress(EngineError):
            prepare(request)


def _answer(request: Message, pipe: Connection) -> Message:
    limits = Limits(**request["limits"])
    limit_request(limits.seconds, limits.archive)
    module, function = HANDLERS[request["kind"]]
    try:
        handler = getattr(import_module(f".{module}", __package__), function)
        return handler(request, lambda share: pipe.send_bytes(json.dumps({"progress": share}).encode()))
    except UnreadableFile as error:
        return {"unreadable": error.reason, "where": error.where}
    except EngineError as error:
        name = type(error).__name__
        return {"invalid": str(error), "error": name if name in ERRORS else "EngineError"}
    except MemoryError:
        return {"unreadable": say("The file needs more memory than the limit; split it."), "where": request["name"]}
    except Exception as error:  # noqa: BLE001 - the child lives on, and the file is held
        # An exception's text may quote the data; its kind cannot.
        reason = say("The file broke its reader ({error}); save it in a plainer form.", error=type(error).__name__)
        return {"unreadable": reason, "where": request["name"]}


def main() -> None:
    """Serve requests on the inherited pipe until it closes."""
    global inside  # noqa: PLW0603 - a process is a child for life
    inside = True
    descriptor, memory, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    confine(memory)
    _serve(Connection(descriptor), folder)
