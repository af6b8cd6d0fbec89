"""A careful guest: how this site asks other sites for their catalogues.

Every request has time limits, a size limit, a pause per host, a name of its own, and contacts vetted addresses only.
Servers that are busy are asked again when they say so. What a person reads afterwards is one sentence.
Plain Python: nothing here knows CKAN.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from ckanext.cityportals.addresses import AddressError, check_url, vetted_pools

_CHUNK = 64 * 1024
_BUSY = (429, 500, 502, 503, 504)


class PortalError(Exception):
    """The portal did not give a usable answer. The message is a sentence for the report."""


class NotModified(Exception):  # noqa: N818 - not an error: the portal says nothing has changed
    """The portal answers that its catalogue is what it was last time."""


@dataclass(frozen=True)
class Manners:
    """Limits of a client, all of them settable by the site.

    ``timeout`` seconds for connecting and between two bytes, ``deadline`` seconds for one whole answer,
    ``max_bytes`` of an answer after decompression, ``pause`` seconds between two requests to one host,
    ``retries`` after a busy or broken answer, ``patience`` seconds at most that a Retry-After is obeyed.
    """

    user_agent: str = "ckanext-cityportals"
    timeout: float = 30
    deadline: float = 600
    max_bytes: int = 200_000_000
    pause: float = 0.5
    retries: int = 3
    patience: int = 120
    allowed_hosts: Collection[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Validators:
    """What a server gave us to ask "has it changed since?" with."""

    etag: str = ""
    last_modified: str = ""

    def headers(self) -> dict[str, str]:
        pairs = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in pairs.items() if value}


class _VettedAdapter(HTTPAdapter):
    def __init__(self, manners: Manners) -> None:
        self._pools = vetted_pools(frozenset(manners.allowed_hosts))
        retry = Retry(
            total=manners.retries,
            backoff_factor=manners.pause,
            status_forcelist=_BUSY,
            allowed_methods=frozenset({"GET"}),
            retry_after_max=manners.patience,
            raise_on_status=False,
        )
        super().__init__(max_retries=retry)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools


class Client:
    """Asks portals for JSON. One client serves one run; the pause per host is kept by the whole process."""

    _last_asked: dict[str, float] = {}
    _lock = threading.Lock()

    def __init__(self, manners: Manners | None = None) -> None:
        self.manners = manners or Manners()
        #: validators of every answer, by URL as asked
        self.validators: dict[str, Validators] = {}
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy from the environment would be contacted unvetted
        self._session.max_redirects = 5
        self._session.headers["User-Agent"] = self.manners.user_agent
        self._session.headers["Accept"] = "application/json, */*;q=0.1"
        adapter = _VettedAdapter(self.manners)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def get_json(self, url: str, params: Mapping[str, Any] | None = None, *, unless: Validators | None = None) -> Any:
        """The JSON document at a URL.

        :param unless: validators of the last answer; the server may say that it still holds
        :raises NotModified: when it does
        :raises PortalError: with one sentence saying what is wrong with the answer
        """
        body, response = self._get(url, params, unless)
        try:
            return json.loads(body)
        except RecursionError as error:
            raise PortalError(f"{url} answered with JSON that is nested too deeply to be a catalogue.") from error
        except ValueError as error:
            raise PortalError(f"{url} answered with {_what(body, response)} instead of JSON.") from error

    def _get(
        self, url: str, params: Mapping[str, Any] | None, unless: Validators | None
    ) -> tuple[bytes, requests.Response]:
        try:
            check_url(url, self.manners.allowed_hosts)
            self._wait_for_turn(url)
            with self._session.get(
                url,
                params=params,
                headers=unless.headers() if unless else None,
                timeout=self.manners.timeout,
                stream=True,
            ) as response:
                self._check_status(url, response)
                body = self._read(url, response)
        except AddressError as error:
            raise PortalError(str(error)) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise PortalError(f"{url} {_problem(error)}") from error
        self.validators[url] = Validators(response.headers.get("ETag", ""), response.headers.get("Last-Modified", ""))
        return body, response

    def _wait_for_turn(self, url: str) -> None:
        host = urlsplit(url).netloc
        with self._lock:
            turn = max(time.monotonic(), self._last_asked.get(host, 0) + self.manners.pause)
            self._last_asked[host] = turn
        time.sleep(max(0, turn - time.monotonic()))

    def _check_status(self, url: str, response: requests.Response) -> None:
        if response.status_code == requests.codes.not_modified:
            raise NotModified
        if response.status_code != requests.codes.ok:
            raise PortalError(f"{url} answered with status {response.status_code} {response.reason or ''}".strip())

    def _read(self, url: str, response: requests.Response) -> bytes:
        """The body, decompressed, within the limits of size and time."""
        deadline = time.monotonic() + self.manners.deadline
        body = bytearray()
        # read1 returns what has arrived: a server that sends a byte now and then meets the deadline, not a full buffer
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > self.manners.max_bytes:
                raise PortalError(f"{url} answered with more than {self.manners.max_bytes:,} bytes.")
            if time.monotonic() > deadline:
                raise PortalError(f"{url} was still answering after {self.manners.deadline:g} seconds.")
        return bytes(body)


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


def _problem(error: Exception) -> str:
    """Why a request failed, in plain words."""
    return next((text for kind, text in _PROBLEMS if isinstance(error, kind)), "could not be read.")


def _what(body: bytes, response: requests.Response) -> str:
    """What came instead of JSON, in plain words."""
    start = body.lstrip()[:15].lower()
    if not start:
        return "nothing"
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    if start[:1] in (b"{", b"["):
        return "JSON that is cut off or broken"
    return response.headers.get("Content-Type", "something").partition(";")[0]
