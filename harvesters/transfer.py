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

_CHUNK = 64 * 1024
#: statuses of a server that may answer later
BUSY = (429, 500, 502, 503, 504)
#: what may go wrong between asking and the last byte; ``problem`` says it in words
ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, UnicodeError)


class TooMuch(Exception):  # noqa: N818 - it says what happened
    """The answer goes beyond a limit; the message ends the sentence that begins with the address."""


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
            raise TooMuch(f"is larger than {limits.max_bytes:,} bytes, the most that is fetched.")
        if time.monotonic() > deadline:
            raise TooMuch(f"was still answering after {limits.seconds:g} seconds.")
        digest.update(chunk)
        sink.write(chunk)
    return digest.hexdigest(), size


_PROBLEMS: tuple[tuple[type[Exception], str], ...] = (  # the more special ones first
    (requests.exceptions.SSLError, "has no valid certificate."),
    (requests.exceptions.ConnectTimeout, "could not be reached in time."),
    (requests.exceptions.ReadTimeout, "stopped answering."),
    (requests.exceptions.TooManyRedirects, "redirects in a circle."),
    (requests.exceptions.InvalidSchema, "redirects to something that is not a web address."),
    (urllib3.exceptions.ReadTimeoutError, "stopped answering."),
    (urllib3.exceptions.DecodeError, "sent a compressed answer that is broken."),
    (urllib3.exceptions.ProtocolError, "broke off in the middle of its answer."),
    (requests.exceptions.ConnectionError, "could not be reached."),
)


def problem(error: Exception) -> str:
    """Why a request failed, in plain words; the rest of a sentence that begins with the address."""
    return next((text for kind, text in _PROBLEMS if isinstance(error, kind)), "could not be read.")
