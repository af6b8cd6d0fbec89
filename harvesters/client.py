"""A careful guest: how this site asks other sites for their catalogues.

Every request has time limits, a size limit, a pause per host, a name of its own, and contacts vetted addresses only.
Servers that are busy are asked again when they say so. What a person reads afterwards is one sentence.
Plain Python: nothing here knows CKAN.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any
from urllib.parse import urlsplit

import ijson
import requests
import urllib3

from ckanext.cityportals import json_answers, pace, transfer
from ckanext.cityportals.addresses import AddressError, check_url
from ckanext.privacy.engine.sentences import say, to_say

#: answers up to this size stay in memory while they are read, larger ones lie on disk
_SPOOL = 8_000_000
#: enough of an answer to tell a web page from JSON
_PEEK = 64
#: how a file that is compressed begins, which some servers do not say, and bytes of it that are unpacked at a time
_GZIP, _CHUNK = b"\x1f\x8b", 64 * 1024
_TOO_DEEP = to_say("{url} answered with JSON that is nested too deeply to be a catalogue.")
_NO_JSON = to_say("{url} answered with {what} instead of JSON.")
#: how catalogues begin
_DOCUMENTS = (b"{", b"[", b"<")


class PortalError(Exception):
    """The portal did not give a usable answer. The message is a sentence for the report.

    ``busy``: it is there, and may give one later.
    """

    def __init__(self, sentence: str, *, busy: bool = False) -> None:
        super().__init__(sentence)
        self.busy = busy


class NotModified(Exception):  # noqa: N818 - not an error: the portal says nothing has changed
    """The portal answers that its catalogue is what it was last time."""


@dataclass(frozen=True)
class Manners:
    """Limits of a client, all of them settable by the site.

    ``timeout`` seconds for connecting and between two bytes, ``deadline`` seconds for one whole answer,
    ``max_bytes`` of an answer after decompression (``max_bytes_in_memory`` where it cannot be read piece by piece),
    ``pause`` seconds between two requests to one host, ``retries`` after a busy or broken answer, ``patience`` seconds
    at most that a Retry-After is obeyed. ``credentials`` are keys by host: an adapter may send one to that host only.
    """

    user_agent: str = "ckanext-cityportals"
    timeout: float = 30
    deadline: float = 600
    max_bytes: int = 1_000_000_000
    max_bytes_in_memory: int = 100_000_000
    pause: float = 0.5
    retries: int = 3
    patience: int = 120
    allowed_hosts: Collection[str] = field(default_factory=frozenset)
    credentials: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Validators:
    """What a server gave us to ask "has it changed since?" with."""

    etag: str = ""
    last_modified: str = ""

    def headers(self) -> dict[str, str]:
        pairs = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in pairs.items() if value}


@dataclass(frozen=True)
class Question:
    """What is asked beside the address: query, headers, and validators of the last answer."""

    params: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    unless: Validators | None = None


class Client:
    """Asks portals for their catalogues. One client serves one run; the pause per host is kept across all of them."""

    def __init__(self, manners: Manners | None = None, host_pace: pace.Pace | None = None) -> None:
        self.manners = manners or Manners()
        #: validators of every answer, by URL as asked
        self.validators: dict[str, Validators] = {}
        self._pace = host_pace or pace.IN_THIS_PROCESS
        retry = transfer.busy_retry(self.manners.retries, self.manners.pause, self.manners.patience)
        self._session = transfer.vetted_session(self.manners.user_agent, self.manners.allowed_hosts, retry)
        self._session.headers["Accept"] = "application/json, */*;q=0.1"

    def credential(self, url: str) -> str:
        """The key this site has for the host of a URL; empty where it has none."""
        host = urlsplit(url).hostname or ""
        return self.manners.credentials.get(urlsplit(url).netloc, self.manners.credentials.get(host, ""))

    def get_json(
        self,
        url: str,
        params: Mapping[str, Any] | None = None,
        *,
        unless: Validators | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The JSON document at a URL, for answers that come in pages.

        :param unless: validators of the last answer; the server may say that it still holds
        :raises NotModified: when it does
        :raises PortalError: with one sentence saying what is wrong with the answer
        """
        body, response = self._whole(url, Question(params, headers or {}, unless))
        try:
            return json_answers.document_in(body, _charset(response))
        except RecursionError as error:
            raise PortalError(say(_TOO_DEEP, url=url)) from error
        except ValueError as error:
            raise PortalError(say(_NO_JSON, url=url, what=_what(body, response))) from error

    def get_bytes(
        self,
        url: str,
        params: Mapping[str, Any] | None = None,
        *,
        unless: Validators | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[bytes, str]:
        """The bytes at a URL and their media type, for RDF, CSV, sitemaps and web pages. Errors as in ``get_json``."""
        body, response = self._whole(url, Question(params, headers or {}, unless))
        return body, response.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    def get_list(
        self,
        url: str,
        member: str,
        params: Mapping[str, Any] | None = None,
        *,
        unless: Validators | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """The objects in a list of a JSON document, one by one: the document may be larger than memory.

        An answer that is cut off raises after the objects that arrived whole. Errors as in ``get_json``.

        :param member: where the list stands in the document; empty where the document is the list
        """
        question = Question(params, headers or {}, unless)
        with self._answer(url, question, self.manners.max_bytes) as (body, response):
            yield from self._objects(url, member, body, response)

    def _objects(self, url: str, member: str, body: IO[bytes], response: requests.Response) -> Iterator[dict[str, Any]]:
        start, given = _start_of(body), 0
        try:
            for each in json_answers.objects_in(body, member):
                yield each
                given += 1
        except json_answers.NotAList as error:
            raise _no_list(url, member) from error
        except json_answers.TooDeep as error:
            raise PortalError(say(_TOO_DEEP, url=url)) from error
        except (ijson.JSONError, UnicodeError) as error:
            rest = self._not_strict(url, member, body, response)
            if rest is None:
                raise PortalError(say(_NO_JSON, url=url, what=_what(start, response))) from error
            yield from rest[given:]

    def _not_strict(
        self, url: str, member: str, body: IO[bytes], response: requests.Response
    ) -> list[dict[str, Any]] | None:
        """The objects of a document that is JSON by a generous reader's measure; nothing where it is not."""
        body.seek(0)
        content = body.read(self.manners.max_bytes_in_memory + 1)
        if len(content) > self.manners.max_bytes_in_memory:
            return None
        try:
            return json_answers.objects_at_once(content, member, _charset(response))
        except json_answers.NotAList as error:
            raise _no_list(url, member) from error
        except (ValueError, RecursionError):
            return None

    def _whole(self, url: str, question: Question) -> tuple[bytes, requests.Response]:
        with self._answer(url, question, self.manners.max_bytes_in_memory) as (body, response):
            return body.read(), response

    @contextmanager
    def _answer(self, url: str, question: Question, max_bytes: int) -> Iterator[tuple[IO[bytes], requests.Response]]:
        """The body of an answer, in memory or on disk, and what came with it."""
        with tempfile.SpooledTemporaryFile(_SPOOL) as sent, tempfile.SpooledTemporaryFile(_SPOOL) as unpacked:
            try:
                response = self._ask(url, question, sent, max_bytes)
            except urllib3.exceptions.DecodeError as error:  # it may only say that it is compressed
                sent.truncate(0)
                response = self._ask(url, question, sent, max_bytes, decode=False)
                if not _start_of(sent).lstrip().startswith(_DOCUMENTS):
                    raise PortalError(transfer.problem(error, url)) from error
            packed = _start_of(sent).startswith(_GZIP)
            if packed:
                _unpack(url, sent, unpacked, max_bytes)
            body: Any = unpacked if packed else sent
            body.seek(0)
            yield body, response

    def _ask(
        self, url: str, question: Question, sink: transfer.Sink, max_bytes: int, *, decode: bool = True
    ) -> requests.Response:
        """Ask, and bring the answer over into ``sink``."""
        asked_with = {**question.headers, **(question.unless.headers() if question.unless else {})}
        try:
            check_url(url, self.manners.allowed_hosts)
            self._pace.wait(urlsplit(url).netloc, self.manners.pause)
            with self._session.get(
                url, params=question.params, headers=asked_with, timeout=self.manners.timeout, stream=True
            ) as response:
                self._check_status(url, response)
                transfer.copy(response, sink, transfer.Limits(max_bytes, self.manners.deadline), decode=decode)
        except urllib3.exceptions.DecodeError:
            raise
        except AddressError as error:
            raise PortalError(str(error)) from error
        except transfer.TooMuch as error:
            raise PortalError(error.sentence(url)) from error
        except transfer.ERRORS as error:
            raise PortalError(transfer.problem(error, url)) from error
        self.validators[url] = Validators(response.headers.get("ETag", ""), response.headers.get("Last-Modified", ""))
        return response

    def _check_status(self, url: str, response: requests.Response) -> None:
        if response.status_code == requests.codes.not_modified:
            raise NotModified
        if response.status_code != requests.codes.ok:
            status = f"{response.status_code} {response.reason or ''}".strip()
            sentence = say("{url} answered with status {status}", url=url, status=status)
            raise PortalError(sentence, busy=response.status_code in transfer.BUSY)


def _start_of(body: IO[bytes]) -> bytes:
    """The first bytes of an answer, which is at its start afterwards."""
    body.seek(0)
    start = body.read(_PEEK)
    body.seek(3 if start.startswith(b"\xef\xbb\xbf") else 0)
    return start


def _unpack(url: str, packed: IO[bytes], sink: IO[bytes], max_bytes: int) -> None:
    """Write what a gzip file holds into ``sink``, up to a limit."""
    unpacking, size = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16), 0
    try:
        while chunk := packed.read(_CHUNK):
            while chunk and size <= max_bytes:
                size += sink.write(unpacking.decompress(chunk, _CHUNK))
                chunk = unpacking.unconsumed_tail
    except zlib.error as error:
        raise PortalError(say(transfer.BROKEN_COMPRESSION, url=url)) from error
    if size > max_bytes:
        raise PortalError(say(transfer.TOO_LARGE, url=url, limit=f"{max_bytes:,}"))


def _charset(response: requests.Response) -> str:
    """The encoding the server names; empty where it names none."""
    said = response.headers.get("Content-Type", "").casefold().partition("charset=")[2]
    return said.partition(";")[0].strip(" \"'")


def _no_list(url: str, member: str) -> PortalError:
    if not member:
        return PortalError(say("{url} answered with JSON that holds no list of datasets.", url=url))
    return PortalError(
        say("{url} answered with JSON that holds no list of datasets ('{member}' is missing).", url=url, member=member)
    )


def _what(body: bytes, response: requests.Response) -> str:
    """What came instead of JSON, in plain words."""
    start = body.lstrip()[:15].lower()
    if not start:
        return to_say("nothing")
    if start.startswith((b"<!doctype html", b"<html")):
        return to_say("a web page")
    if start[:1] in (b"{", b"["):
        return to_say("JSON that is cut off or broken")
    return response.headers.get("Content-Type", to_say("something")).partition(";")[0]
