"""Work shared out, results in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

#: Tasks that an executor is given before the first is done.
AHEAD = 8


def workers() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(tasks: Iterable[Callable[[], T]], executor: Executor | None = None) -> Iterator[T]:
    """Run tasks by an executor, in threads without one, and yield their results in order.

    No more tasks are begun than can soon be worked on, so that what they hold stays bounded.
    """
    if executor:
        yield from _in_order(tasks, executor, AHEAD)
        return
    with ThreadPoolExecutor(workers()) as pool:
        yield from _in_order(tasks, pool, workers())


def _in_order(tasks: Iterable[Callable[[], T]], executor: Executor, ahead: int) -> Iterator[T]:
    waiting: deque[Future[T]] = deque()
    try:
        for task in tasks:
            waiting.append(executor.submit(task))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for each in waiting:
            each.cancel()
