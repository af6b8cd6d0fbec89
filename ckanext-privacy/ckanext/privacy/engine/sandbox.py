"""Untrusted files are parsed in a child process with limits on memory and time.

A bomb, a crash of a parser or a file that takes for ever ends the child; the caller gets a file that is held. The child
stays for further files, because starting one costs more than most scans. What it sends back is JSON, never code.
"""

from __future__ import annotations

import atexit
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe
from typing import Any

from .errors import EngineError, InvalidPolicy, UnreadableFile

#: What the child runs.
START = f"from {__name__} import main; main()"

Progress = Callable[[float], None]
Message = dict[str, Any]


class Worker:
    """A child process that scans one file after another; it is started when first needed."""

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._lock = threading.Lock()
        self._owner = os.getpid()

    def ask(self, request: Message, seconds: float, progress: Progress) -> Message:
        """Have a request worked on. Raises ``UnreadableFile`` when the child dies or is too slow, then starts anew."""
        with self._lock:
            pipe = self._running()
            try:
                pipe.send_bytes(json.dumps(request).encode())
                return self._wait(pipe, time.monotonic() + seconds, progress)
            except (EOFError, OSError) as error:
                self.stop()
                reason = "The file broke its reader, or needs more memory than the limit; split it."
                raise UnreadableFile(reason, request["name"]) from error
            except BaseException:
                self.stop()
                raise

    def _wait(self, pipe: Connection, deadline: float, progress: Progress) -> Message:
        while pipe.poll(max(0.0, deadline - time.monotonic())):
            message = json.loads(pipe.recv_bytes())
            if "progress" not in message:
                return message
            progress(message["progress"])
        raise UnreadableFile("Looking at the file took longer than the limit; split it or save it in a plainer form.")

    def _running(self) -> Connection:
        if self._owner != os.getpid():
            # A forked process must not talk into its parent's pipe.
            self._process, self._pipe, self._owner = None, None, os.getpid()
        if self._process is None or self._process.poll() is not None or self._pipe is None:
            self.stop()
            ours, theirs = Pipe()
            command = [sys.executable, "-c", START, str(theirs.fileno()), str(self._memory)]
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()])  # noqa: S603 - our own module
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
        self._process, self._pipe = None, None


_shared: dict[int, Worker] = {}


def shared_worker(memory: int) -> Worker:
    """Return the worker that scans of this process share."""
    if memory not in _shared:
        _shared[memory] = Worker(memory)
        atexit.register(_shared[memory].stop)
    return _shared[memory]


def raise_error(message: Message) -> None:
    """Raise the error that the child sent, if it is one."""
    if "unreadable" in message:
        raise UnreadableFile(message["unreadable"], message["where"])
    if "invalid" in message:
        raise InvalidPolicy(message["invalid"])


def _serve(pipe: Connection) -> None:
    from .examine import answer

    while True:
        try:
            request = json.loads(pipe.recv_bytes())
        except EOFError:
            return
        pipe.send_bytes(json.dumps(_answer(request, pipe, answer)).encode())


def _answer(request: Message, pipe: Connection, answer: Callable[[Message, Progress], Message]) -> Message:
    try:
        return answer(request, lambda share: pipe.send_bytes(json.dumps({"progress": share}).encode()))
    except UnreadableFile as error:
        return {"unreadable": error.reason, "where": error.where}
    except EngineError as error:
        return {"invalid": str(error)}
    except MemoryError:
        return {"unreadable": "The file needs more memory than the limit; split it.", "where": request["name"]}


def main() -> None:
    """Serve requests on the inherited pipe until it closes."""
    descriptor, memory = int(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _serve(Connection(descriptor))
