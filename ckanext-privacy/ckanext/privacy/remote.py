"""Fetching a file that somebody else serves, within limits of size and time.

Plain Python. Which addresses may be contacted is decided in one place for the whole suite
(:mod:`ckanext.cityportals.addresses`): on the very address a connection is opened to, redirects included.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from typing import IO, Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from ckanext.cityportals.addresses import AddressError, check_url, vetted_pools

MB = 1_000_000
_CHUNK = 64 * 1024
_BUSY = (429, 500, 502, 503, 504)


class FetchError(Exception):
    """The file could not be fetched; the message is one sentence with the reason."""


@dataclass(frozen=True)
class Limits:
    """What a fetch may use. ``seconds`` bounds the whole of it, ``timeout`` each wait for the server (seconds).

    ``allowed_hosts`` are the private hosts (``host`` or ``host:port``) that the site itself trusts.
    """

    max_bytes: int = 500 * MB
    seconds: float = 300
    timeout: float = 20
    redirects: int = 5
    retries: int = 2
    allowed_hosts: frozenset[str] = field(default_factory=frozenset)
    user_agent: str = "ckanext-privacy"


@dataclass(frozen=True)
class Fetched:
    """What came: the address it came from in the end, its bytes and what the server said about them."""

    url: str
    sha256: str
    bytes: int
    etag: str | None
    content_type: str | None


class _VettedAdapter(HTTPAdapter):
    def __init__(self, limits: Limits) -> None:
        self._pools = vetted_pools(limits.allowed_hosts)
        retry = urllib3.Retry(
            total=limits.retries,
            backoff_factor=0.5,
            status_forcelist=_BUSY,
            respect_retry_after_header=False,
            raise_on_status=False,
        )
        super().__init__(max_retries=retry)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools


def fetch(url: str, target: IO[bytes], limits: Limits | None = None) -> Fetched:
    """Write what ``url`` serves into ``target``; raise ``FetchError`` when it cannot be had."""
    limits = limits or Limits()
    deadline = time.monotonic() + limits.seconds
    try:
        check_url(url, limits.allowed_hosts)
        with _session(limits) as session, session.get(url, stream=True, timeout=limits.timeout) as response:
            if response.status_code != requests.codes.ok:
                raise FetchError(f"{_shown(url)} answers with status {response.status_code} instead of the file.")
            return _save(response, target, limits, deadline)
    except AddressError as error:
        raise FetchError(str(error)) from error
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, UnicodeError) as error:
        raise FetchError(f"{_shown(url)} {_problem(error)}") from error


def _session(limits: Limits) -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # a proxy from the environment would be contacted unvetted
    session.max_redirects = limits.redirects
    session.headers["User-Agent"] = limits.user_agent
    adapter = _VettedAdapter(limits)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _save(response: requests.Response, target: IO[bytes], limits: Limits, deadline: float) -> Fetched:
    digest, size, shown = hashlib.sha256(), 0, _shown(response.url)
    # read1 returns after one read from the socket: a server that drips cannot stretch the time limit.
    while chunk := response.raw.read1(_CHUNK, decode_content=True):
        size += len(chunk)
        if size > limits.max_bytes:
            raise FetchError(f"{shown} is larger than {limits.max_bytes // MB} MB, the most that is fetched.")
        if time.monotonic() > deadline:
            raise FetchError(f"{shown} did not finish within {limits.seconds:.0f} seconds.")
        digest.update(chunk)
        target.write(chunk)
    headers = response.headers
    return Fetched(response.url, digest.hexdigest(), size, headers.get("ETag"), headers.get("Content-Type"))


#: Why a request failed, in plain words; the more special ones first.
_PROBLEMS: tuple[tuple[type[Exception], str], ...] = (
    (requests.exceptions.SSLError, "has no valid certificate."),
    (requests.exceptions.Timeout, "does not answer in time."),
    (urllib3.exceptions.ReadTimeoutError, "stopped answering."),
    (requests.exceptions.TooManyRedirects, "redirects in a circle."),
    (requests.exceptions.InvalidSchema, "redirects to something that is not a web address."),
    (urllib3.exceptions.DecodeError, "sends a compressed answer that is broken."),
    (urllib3.exceptions.ProtocolError, "broke off in the middle of the file."),
)


def _problem(error: Exception) -> str:
    return next((text for kind, text in _PROBLEMS if isinstance(error, kind)), "could not be reached.")


def _shown(url: str) -> str:
    """The address without what may be secret in it: log-in and query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "The address"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:200]
