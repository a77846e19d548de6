"""The one client for requests that leave the desk: nobody can make it call the inside of the network.

A name is resolved once, every address is checked, and the connection goes to a checked address, so that a name
that answers differently a second time gains nothing. Redirects are not followed. Five seconds to connect, ten
seconds in all however slowly the other side drips, 64 KB read (PROMISES section 2). Plain HTTP and private
addresses only for targets named in DESK_ALLOWED_TARGETS. What is raised names the host and never the path, which
is a secret with most webhooks.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from threading import Event, Timer
from time import monotonic
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 10.0
MOST_BYTES = 64 * 1024
LONGEST_URL = 2_000
USER_AGENT = "servicedesk"
# Not private to Python's ipaddress, and yet ways to the inside: NAT64, 6to4 and its relays, IETF protocol assignments,
# documentation (ADR 11).
CLOSED_NETWORKS = [
    ipaddress.ip_network(text)
    for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "192.0.0.0/24", "192.88.99.0/24", "3fff::/20")
]
# All that IANA has given out for the Internet. Outside of it Python calls global what holds an IPv4 address (::7f00:1,
# ::ffff:0:a00:1) and what was once a site's own (fec0::1).
UNICAST = ipaddress.IPv6Network("2000::/3")


class Blocked(ValueError):
    """This address is none that the desk calls; the sentence says why."""


class Unreachable(OSError):
    """The other side could not be reached or did not answer in time; it may later."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes. `named` targets stand in DESK_ALLOWED_TARGETS and are called wherever they are."""

    host: str
    port: int
    path: str
    tls: bool
    named: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers in lower case, and at most 64 KB of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def target(url: str) -> Target:
    """Read an address as far as that goes without resolving it. Raises Blocked."""
    if len(url) > LONGEST_URL or not url.isascii() or any(ord(mark) < 33 or ord(mark) == 127 for mark in url):
        raise Blocked("An address has no spaces, only ASCII, and at most 2,000 characters.")
    parts, port = _parts(url)
    if parts.username is not None or parts.password is not None:
        raise Blocked("Leave the user name and password out of the address.")
    host = (parts.hostname or "").rstrip(".")
    named = f"{host}:{port}" in settings.ALLOWED_TARGETS or host in settings.ALLOWED_TARGETS
    if parts.scheme != "https" and not named:
        raise Blocked("The address must start with https://.")
    _refuse_inside(host, named)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(host, port, path, parts.scheme == "https", named)


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """POST and read the answer. Raises Blocked for what is never called, Unreachable for what may work later."""
    return _Call(target(url)).post(body, headers)


def look_up(to: Target) -> None:
    """Refuse a name that leads inside as of now. Raises Blocked; a name without any address passes."""
    with suppress(OSError):
        _Call(to).addresses()


def is_public(address: str) -> bool:
    """Whether an IP address lies on the public Internet."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if isinstance(found, ipaddress.IPv6Address) and found not in UNICAST:
        return False
    inside = any(found in network for network in CLOSED_NETWORKS if network.version == found.version)
    return found.is_global and not found.is_multicast and not inside


def _parts(url: str) -> tuple[SplitResult, int]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Blocked("This is no address; it looks like https://hooks.example.com/path.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Blocked("This is no address; it looks like https://hooks.example.com/path.")
    return parts, port or (443 if parts.scheme == "https" else 80)


def _refuse_inside(host: str, named: bool) -> None:
    try:
        public = is_public(host)
    except ValueError:
        return  # a name: its addresses are checked when it is resolved
    if not public and not named:
        raise Blocked(f"{host} is not on the public Internet.")


class _Call:
    """One request with one deadline over all its parts."""

    def __init__(self, to: Target) -> None:
        self.to = to
        self.deadline = monotonic() + TOTAL_SECONDS
        self.late = Event()

    def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        try:
            with closing(self._connected(self.addresses())) as link:
                timer = Timer(self._left(), self._cut, [link])
                timer.daemon = True
                timer.start()
                try:
                    return self._exchange(link, body, headers)
                finally:
                    timer.cancel()
        except (OSError, HTTPException) as error:
            if isinstance(error, Unreachable):
                raise
            raise Unreachable(f"{self.to.host}: {self._why(error)}.") from None

    def addresses(self) -> list[tuple[socket.AddressFamily, str]]:
        """Every address of the name, once; one bad address among them blocks the call.

        The system's resolver has time limits of its own, which no deadline of ours can shorten.
        """
        found = socket.getaddrinfo(self.to.host, self.to.port, type=socket.SOCK_STREAM)
        addresses: list[tuple[socket.AddressFamily, str]] = list(
            dict.fromkeys((family, str(where[0])) for family, _, _, _, where in found)
        )
        if not self.to.named and not all(is_public(address) for _, address in addresses):
            raise Blocked(f"{self.to.host} leads to an address that is not on the public Internet.")
        return addresses

    def _connected(self, addresses: list[tuple[socket.AddressFamily, str]]) -> socket.socket:
        """A connection to the first checked address that takes one; TLS is checked against the name."""
        error: OSError = OSError("it has no address")
        for family, address in addresses:
            link = socket.socket(family, socket.SOCK_STREAM)
            link.settimeout(min(CONNECT_SECONDS, self._left()))
            try:
                link.connect((address, self.to.port))
                return self._encrypted(link)
            except OSError as failed:
                link.close()
                error = failed
        raise error

    def _encrypted(self, link: socket.socket) -> socket.socket:
        if not self.to.tls:
            return link
        return ssl.create_default_context().wrap_socket(link, server_hostname=self.to.host)

    def _exchange(self, link: socket.socket, body: bytes, headers: Mapping[str, str]) -> Answer:
        http = HTTPConnection(self.to.host, self.to.port)
        if self.to.tls:
            http.default_port = 443  # what the Host header leaves out
        http.sock = link
        link.settimeout(self._left())
        http.request("POST", self.to.path, body, {"User-Agent": USER_AGENT, **headers, "Connection": "close"})
        with closing(http.getresponse()) as response:
            content = response.read(MOST_BYTES)
            if self.late.is_set():
                raise TimeoutError
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, content)

    def _cut(self, link: socket.socket) -> None:
        """Time is up: end the connection under whoever waits on it, however slowly bytes still drip."""
        self.late.set()
        try:
            socket.socket.shutdown(link, socket.SHUT_RDWR)
        except OSError:
            return  # it is over already

    def _left(self) -> float:
        return max(self.deadline - monotonic(), 0.001)

    def _why(self, error: Exception) -> str:
        if self.late.is_set() or isinstance(error, TimeoutError):
            return "no answer in time"
        if isinstance(error, socket.gaierror):
            return "the name has no address"
        if isinstance(error, ssl.SSLError):
            return f"no safe connection ({getattr(error, 'verify_message', '') or error.reason or 'TLS'})"
        return error.strerror or type(error).__name__ if isinstance(error, OSError) else type(error).__name__
