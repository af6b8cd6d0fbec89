"""The pause between two requests to one host, kept by everybody who asks it from this site.

Plain Python: nothing here knows CKAN.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Protocol

from redis.exceptions import RedisError


class Pace(Protocol):
    """Somebody who knows when it is a request's turn."""

    def wait(self, host: str, pause: float) -> None:
        """Return when ``pause`` seconds have passed since the turn before this one."""
        ...


class ProcessPace:
    """Keeps the turns of one process."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, host: str, pause: float) -> None:
        with self._lock:
            turn = max(time.monotonic(), self._last.get(host, 0) + pause)
            self._last[host] = turn
        time.sleep(max(0.0, turn - time.monotonic()))


#: what a client keeps to that was given nothing else
IN_THIS_PROCESS = ProcessPace()

# Redis' own clock counts, so that the clocks of several machines need not agree.
_TAKE_TURN = """
local now = redis.call('TIME')
local moment = now[1] * 1000 + math.floor(now[2] / 1000)
local turn = math.max(moment, tonumber(redis.call('GET', KEYS[1]) or 0) + tonumber(ARGV[1]))
redis.call('SET', KEYS[1], turn, 'PX', math.max(turn - moment + tonumber(ARGV[1]), 1))
return turn - moment
"""


class SharedPace:
    """Keeps the turns of every process of a site, in Redis; without Redis, those of this process."""

    def __init__(self, connection: Any, prefix: str) -> None:
        self._take_turn = connection.register_script(_TAKE_TURN)
        self._prefix = prefix

    def wait(self, host: str, pause: float) -> None:
        if pause <= 0:
            return
        try:
            milliseconds = int(self._take_turn(keys=[f"{self._prefix}:{host}"], args=[int(pause * 1000)]))
        except RedisError:
            IN_THIS_PROCESS.wait(host, pause)
            return
        time.sleep(milliseconds / 1000)
