"""Bringing bytes over from another site: vetted addresses, retries, limits of size and time.

Used for catalogues (:mod:`ckanext.cityportals.client`) and for the files of linked resources
(``ckanext.privacy.remote``). Plain Python: nothing here knows CKAN.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from ckanext.cityportals.addresses import vetted_pools
from ckanext.privacy.engine.sentences import say, to_say

_CHUNK = 64 * 1024
#: statuses of a server that may answer later
BUSY = (429, 500, 502, 503, 504)
TOO_LARGE = to_say("{url} is larger than {limit} bytes, the most that is fetched.")
TOO_SLOW = to_say("{url} was still answering after {limit} seconds.")
BROKEN_COMPRESSION = to_say("{url} sent a compressed answer that is broken.")
#: what may go wrong between asking and the last byte; ``problem`` says it in words
ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, UnicodeError)


class TooMuch(Exception):  # noqa: N818 - it says what happened
    """The answer goes beyond a limit."""

    def __init__(self, template: str, limit: str) -> None:
        super().__init__(template)
        self._template, self._limit = template, limit

    def sentence(self, url: str) -> str:
        """What to say of the address that was asked."""
        return say(self._template, url=url, limit=self._limit)


class Sink(Protocol):
    """Anything bytes can be written to."""

    def write(self, chunk: bytes, /) -> Any: ...


@dataclass(frozen=True)
class Limits:
    """``max_bytes`` of an answer after decompression, ``seconds`` for the whole of it."""

    max_bytes: int
    seconds: float


class _VettedAdapter(HTTPAdapter):
    def __init__(self, allowed_hosts: Collection[str], retry: Retry) -> None:
        self._pools = vetted_pools(frozenset(allowed_hosts))
        super().__init__(max_retries=retry)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools


def busy_retry(times: int, pause: float, patience: int) -> Retry:
    """Ask a busy server again, after the time it names but at most ``patience`` seconds; 0: never wait for it."""
    return Retry(
        total=times,
        backoff_factor=pause,
        status_forcelist=BUSY,
        allowed_methods=frozenset({"GET"}),
        respect_retry_after_header=patience > 0,
        retry_after_max=max(patience, 1),
        raise_on_status=False,
    )


def vetted_session(user_agent: str, allowed_hosts: Collection[str], retry: Retry, redirects: int = 5) -> Any:
    """A session that contacts vetted addresses only, redirects included."""
    session = requests.Session()
    session.trust_env = False  # a proxy from the environment would be contacted unvetted
    session.max_redirects = redirects
    session.headers["User-Agent"] = user_agent
    adapter = _VettedAdapter(allowed_hosts, retry)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def copy(response: requests.Response, sink: Sink, limits: Limits, *, decode: bool = True) -> tuple[str, int]:
    """Write the body, decompressed unless ``decode`` says otherwise, into ``sink``; its SHA-256 and size in bytes.

    :raises TooMuch: when it goes beyond a limit
    """
    deadline, digest, size = time.monotonic() + limits.seconds, hashlib.sha256(), 0
    # read1 returns what has arrived: a server that sends a byte now and then meets the deadline, not a full buffer
    while chunk := response.raw.read1(_CHUNK, decode_content=decode):
        size += len(chunk)
        if size > limits.max_bytes:
            raise TooMuch(TOO_LARGE, f"{limits.max_bytes:,}")
        if time.monotonic() > deadline:
            raise TooMuch(TOO_SLOW, f"{limits.seconds:g}")
        digest.update(chunk)
        sink.write(chunk)
    return digest.hexdigest(), size


_PROBLEMS: tuple[tuple[type[Exception], str], ...] = (  # the more special ones first
    (requests.exceptions.SSLError, to_say("{url} has no valid certificate.")),
    (requests.exceptions.ConnectTimeout, to_say("{url} could not be reached in time.")),
    (requests.exceptions.ReadTimeout, to_say("{url} stopped answering.")),
    (requests.exceptions.TooManyRedirects, to_say("{url} redirects in a circle.")),
    (requests.exceptions.InvalidSchema, to_say("{url} redirects to something that is not a web address.")),
    (urllib3.exceptions.ReadTimeoutError, to_say("{url} stopped answering.")),
    (urllib3.exceptions.DecodeError, BROKEN_COMPRESSION),
    (urllib3.exceptions.ProtocolError, to_say("{url} broke off in the middle of its answer.")),
    (requests.exceptions.ConnectionError, to_say("{url} could not be reached.")),
)


def problem(error: Exception, url: str) -> str:
    """Why a request failed, in a sentence that begins with the address."""
    template = next((text for kind, text in _PROBLEMS if isinstance(error, kind)), to_say("{url} could not be read."))
    return say(template, url=url)
