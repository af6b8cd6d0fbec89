"""Which network addresses a harvest may contact.

A source's URL is typed in by a user and answered from this machine, inside its network. So only public addresses are
contacted, whatever the name says, and the check is made on the very address the connection is opened to: a name that
resolves to something else a moment later (DNS rebinding) gains nothing, and neither does a redirect.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util import connection

from ckanext.privacy.engine.sentences import say

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressError(ValueError):
    """The address is not one a harvest may contact."""


class PrivateAddressError(AddressError):
    """The address is inside of a private network. ``named`` says which it is, for people."""

    def __init__(self, host: str, address: str) -> None:
        self.named = host if host == address else f"{host} ({address})"
        super().__init__(self.sentence("ckanext.cityportals.allowed_private_hosts"))

    def sentence(self, option: str) -> str:
        """What to tell people, with the option of the site in which the host can be allowed."""
        return say(
            "{host} is a private address and is not contacted. A site administrator can allow it in {option}.",
            host=self.named,
            option=option,
        )


def check_url(url: str, allowed_hosts: Collection[str] = ()) -> None:
    """Refuse what can be refused without asking DNS: other schemes, credentials in the URL, private addresses.

    :raises AddressError: with a sentence for the person who typed the URL
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressError(say("'{url}' is not a web address.", url=url)) from error
    if parts.scheme not in ("http", "https") or not host:
        raise AddressError(say("'{url}' is not a web address: it must start with http:// or https://.", url=url))
    if parts.username or parts.password:
        raise AddressError(say("A source's address must not hold a user name or password."))
    if is_allowed(host, port, allowed_hosts):
        return
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
            raise PrivateAddressError(host, host) from None
        return
    if not is_public(address):
        raise PrivateAddressError(host, host)


def is_allowed(host: str, port: int | None, allowed_hosts: Collection[str]) -> bool:
    """Whether the site's configuration names this host, or this host with this port."""
    return host in allowed_hosts or (port is not None and f"{host}:{port}" in allowed_hosts)


def is_public(address: _Address) -> bool:
    """Whether an address belongs to the public internet; addresses wrapped in IPv6 are unwrapped first."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


def _public_addresses(host: str, port: int, allowed_hosts: Collection[str]) -> list[str]:
    """Every address of a host, all of them vetted: one private address among public ones refuses the host."""
    answers = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    found = list(dict.fromkeys(str(answer[4][0]) for answer in answers))
    if not is_allowed(host.strip("[]"), port, allowed_hosts):
        for address in found:
            if not is_public(ipaddress.ip_address(address.split("%")[0])):
                raise PrivateAddressError(host, address)
    return found


class _VettedConnection(HTTPConnection):
    """Resolves the name itself and connects to an address it has vetted."""

    allowed_hosts: Collection[str] = ()

    def _new_conn(self) -> socket.socket:
        try:
            found = _public_addresses(self._dns_host, self.port, self.allowed_hosts)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        try:
            return self._first_answering(found)
        except TimeoutError as error:
            raise ConnectTimeoutError(self, f"{self.host} did not answer.") from error
        except OSError as error:
            raise NewConnectionError(self, f"{self.host} could not be reached: {error}") from error

    def _first_answering(self, found: list[str]) -> socket.socket:
        """A socket to the first address that answers; the last one's error when none does."""
        *first, last = found
        for address in first:
            with contextlib.suppress(OSError):
                return self._open(address)
        return self._open(last)

    def _open(self, address: str) -> socket.socket:
        return connection.create_connection(
            (address, self.port), self.timeout, self.source_address, self.socket_options
        )


class _VettedTLSConnection(_VettedConnection, HTTPSConnection):
    """The same over TLS. The certificate is checked against the host's name, not its address."""


def vetted_pools(allowed_hosts: Collection[str]) -> dict[str, Any]:
    """Connection pools for urllib3's ``PoolManager.pool_classes_by_scheme`` that contact vetted addresses only."""
    plain = type("VettedConnection", (_VettedConnection,), {"allowed_hosts": allowed_hosts})
    secure = type("VettedTLSConnection", (_VettedTLSConnection,), {"allowed_hosts": allowed_hosts})
    return {
        "http": type("VettedPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("VettedTLSPool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }
