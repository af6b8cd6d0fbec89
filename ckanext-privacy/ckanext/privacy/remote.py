"""Fetching a file that somebody else serves, within limits of size and time.

Plain Python. Which addresses may be contacted is decided in one place for the whole suite
(:mod:`ckanext.cityportals.addresses`): on the very address a connection is opened to, redirects included.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO, TypeVar
from urllib.parse import urlsplit

import requests

from ckanext.cityportals import transfer
from ckanext.cityportals.addresses import AddressError, PrivateAddressError, check_url

MB = 1_000_000
#: The option that names the private hosts whose files may be fetched.
ALLOWED_HOSTS = "ckanext.privacy.allowed_private_hosts"


_Answer = TypeVar("_Answer")


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
    last_modified: str | None
    content_type: str | None


@dataclass(frozen=True)
class Known:
    """What a server said of bytes that are known; None where it said nothing, or nothing is known any more."""

    etag: str | None = None
    last_modified: str | None = None


def fetch(url: str, target: IO[bytes], limits: Limits | None = None) -> Fetched:
    """Write what ``url`` serves into ``target``; raise ``FetchError`` when it cannot be had."""
    limits = limits or Limits()
    return _ask(url, {}, limits, lambda response: _save(response, target, limits))


def fetch_if_changed(url: str, known: Known, target: IO[bytes], limits: Limits | None = None) -> Fetched | None:
    """Do the same where it may be something else than what is ``known``; return None when the server says it is not.

    No date goes along with the question: to one, a server says "unchanged" of every older file too.
    """
    limits = limits or Limits()
    headers = {"If-None-Match": known.etag} if known.etag else {}

    def take(response: requests.Response) -> Fetched | None:
        if _is_known(response, known):
            response.close()
            return None
        return _save(response, target, limits)

    return _ask(url, headers, limits, take)


def _is_known(response: requests.Response, known: Known) -> bool:
    if response.status_code == requests.codes.not_modified:
        return known.etag is not None
    if response.status_code != requests.codes.ok:
        return False
    said = response.headers.get("ETag"), response.headers.get("Last-Modified")
    return any(said) and said == (known.etag, known.last_modified)


def _ask(url: str, headers: Mapping[str, str], limits: Limits, take: Callable[[requests.Response], _Answer]) -> _Answer:
    """Ask for a file and hand on the answer while the connection is open; what fails is a ``FetchError``."""
    retry = transfer.busy_retry(limits.retries, 0.5, patience=0)
    try:
        check_url(url, limits.allowed_hosts)
        with transfer.vetted_session(limits.user_agent, limits.allowed_hosts, retry, limits.redirects) as session:
            return take(session.get(url, stream=True, timeout=limits.timeout, headers=headers))
    except PrivateAddressError as error:
        raise FetchError(error.sentence(ALLOWED_HOSTS)) from error
    except AddressError as error:
        raise FetchError(str(error)) from error
    except transfer.TooMuch as error:
        raise FetchError(error.sentence(_shown(url))) from error
    except transfer.ERRORS as error:
        raise FetchError(transfer.problem(error, _shown(url))) from error


def _save(response: requests.Response, target: IO[bytes], limits: Limits) -> Fetched:
    with response:
        if response.status_code != requests.codes.ok:
            shown = _shown(response.url)
            raise FetchError(f"{shown} answers with status {response.status_code} instead of the file.")
        sha256, size = transfer.copy(response, target, transfer.Limits(limits.max_bytes, limits.seconds))
    headers = response.headers
    said = (headers.get(name) for name in ("ETag", "Last-Modified", "Content-Type"))
    return Fetched(response.url, sha256, size, *said)


def _shown(url: str) -> str:
    """The address without what may be secret in it: log-in and query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "The address"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:200]
