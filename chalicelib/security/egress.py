"""The egress guard: every URL a user gives us to call or clone passes here first."""

import re
import socket
from collections.abc import Collection
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

from . import addresses

PORTS = {"https": 443, "http": 80, "git": 9418}
LONGEST = 2048

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")
_SCP_LIKE = re.compile(r"[^/:]+@[^/:]+:")
_ESCAPED_CONTROL = re.compile(r"%([01][0-9a-f]|7f)", re.IGNORECASE)
_HOST_AND_PORT = re.compile(r"(\[[^\]]*\]|[^:\[\]@]*)(:[0-9]*)?")


class UnsafeUrl(ValueError):
    """A URL we do not follow. The message says why and repeats no part of the URL."""


class UnresolvedHost(UnsafeUrl):
    """The host has no address just now; another try may find one."""


@dataclass(frozen=True)
class Target:
    """Where a URL leads. Connect to one of ``addresses``: they are what was judged.

    ``url`` names the host in its plain spelling and keeps credentials, so it is left out of the
    repr. ``addresses`` is empty for ``file://`` and for a name that was not resolved.
    """

    url: str = field(repr=False)
    host: str
    port: int
    addresses: tuple[str, ...]

    @property
    def pinned(self) -> str | None:
        """``host:port:address,…`` as curl's ``--resolve`` takes it; None for a literal address."""
        if not self.addresses or self.host.strip("[]") in self.addresses:
            return None
        bracketed = [f"[{one}]" if ":" in one else one for one in self.addresses]
        return f"{self.host}:{self.port}:{','.join(bracketed)}"


def check_url(
    url: str, *, schemes: Collection[str], allow_loopback: bool, resolve: bool = True
) -> Target:
    """Where a URL leads, or ``UnsafeUrl`` when that is nowhere a user may send us.

    ``allow_loopback`` lets hosts through that lead to this machine only. Without ``resolve`` no
    name is looked up, yet literal addresses and the names of loopback are judged.
    Raises ``UnresolvedHost`` when the look-up finds nothing.
    """
    parts = _split(url, schemes)
    host, port = _host(parts), _port(parts)
    if _names_loopback(host) and not allow_loopback:
        raise UnsafeUrl("must lead to a public address")
    found = _addresses(host, port, resolve=resolve)
    if not _may_reach(found, allow_loopback=allow_loopback):
        raise UnsafeUrl("must lead to a public address")
    return Target(_rebuilt(parts, host), host, port, found)


def check_git_url(
    url: str, *, schemes: Collection[str], allow_loopback: bool, resolve: bool = True
) -> Target:
    """Where a repository is, or ``UnsafeUrl``; ``file`` in ``schemes`` allows local paths.

    Git takes more for a URL than a URL: options, ``ext::`` commands and ``git@host:path``. None
    of them passes. Otherwise like ``check_url``.
    """
    if _SCP_LIKE.match(url) and "://" not in url:
        raise UnsafeUrl("must be the https:// address of the repository, not the SSH one")
    if _ESCAPED_CONTROL.search(url):
        raise UnsafeUrl("must not contain escaped control characters")
    if "file" in schemes and url.startswith("file:"):
        return _local_repository(url)
    return check_url(url, schemes=schemes, allow_loopback=allow_loopback, resolve=resolve)


def redact(url: str) -> str:
    """The URL without its user name and password; safe for malformed ones too."""
    scheme, slashes, rest = url.partition("//") if "//" in url else ("", "", url)
    authority = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    if "@" in authority:
        kept = authority.rpartition("@")[2] + rest[len(authority) :]
    elif _HOST_AND_PORT.fullmatch(authority):
        kept = rest
    else:  # a password with a slash in it: whatever ends in "@" may belong to it
        kept = rest.rpartition("@")[2]
    return scheme + slashes + kept


def is_public(address: str) -> bool:
    """Whether a canonical IPv4 or IPv6 address may be reached by what users give us."""
    try:
        return addresses.is_public(ip_address(address))
    except ValueError:
        return False


def _split(url: str, schemes: Collection[str]) -> SplitResult:
    _refuse_strange_characters(url)
    try:
        parts = urlsplit(url)
    except ValueError:
        raise UnsafeUrl("must be a valid URL") from None
    allowed = parts.scheme in PORTS and parts.scheme in schemes
    if not allowed or not url[len(parts.scheme) :].startswith("://"):
        raise UnsafeUrl("must begin with " + " or ".join(f"{name}://" for name in schemes))
    if parts.netloc.count("@") > 1:  # programs differ in which of them ends the credentials
        raise UnsafeUrl("must not contain more than one @ before its path")
    return parts


def _refuse_strange_characters(url: str) -> None:
    if len(url) > LONGEST:
        raise UnsafeUrl(f"must not be longer than {LONGEST} characters")
    if any(sign.isspace() or sign == "\\" or not sign.isprintable() for sign in url):
        raise UnsafeUrl("must not contain spaces, backslashes or control characters")


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise UnsafeUrl("must have a port between 1 and 65535")
    return port or PORTS[parts.scheme]


def _host(parts: SplitResult) -> str:
    """The host in its one plain spelling: lower-case ASCII, addresses canonical, no final dot."""
    literal = parts.netloc.rpartition("@")[2]
    if literal.startswith("["):
        return _ipv6(literal)
    try:
        name = (parts.hostname or "").encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError:
        raise UnsafeUrl("must name a valid host") from None
    labels = name.split(".")
    if len(name) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise UnsafeUrl("must name a valid host")
    return _ipv4(name) if _NUMERIC.fullmatch(labels[-1]) else name


def _ipv4(spelling: str) -> str:
    """127.1, 0177.0.0.1, 0x7f000001 and 2130706433 all are 127.0.0.1 to the resolver."""
    try:
        return socket.inet_ntoa(socket.inet_aton(spelling))
    except OSError:
        raise UnsafeUrl("must name a valid host") from None


def _ipv6(bracketed: str) -> str:
    inside, _, after = bracketed[1:].partition("]")
    try:
        found = IPv6Address(inside)
    except AddressValueError:
        raise UnsafeUrl("must name a valid host") from None
    if after and not after.startswith(":"):
        raise UnsafeUrl("must name a valid host")
    if found.scope_id is not None:
        raise UnsafeUrl("must lead to a public address")
    return str(found.ipv4_mapped or found)


def _addresses(host: str, port: int, *, resolve: bool) -> tuple[str, ...]:
    if _literal(host):
        return (host,)
    return _look_up(host, port) if resolve else ()


def _look_up(host: str, port: int) -> tuple[str, ...]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        if _names_loopback(host):  # RFC 6761 makes it so; not every resolver knows
            return ("127.0.0.1",)
        raise UnresolvedHost("must name a host that can be found") from None
    return tuple(dict.fromkeys(str(address[4][0]) for address in found))


def _may_reach(found: tuple[str, ...], *, allow_loopback: bool) -> bool:
    if allow_loopback and all(map(_is_loopback, found)):
        return True
    return all(map(is_public, found))


def _names_loopback(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost")


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_loopback(address: str) -> bool:
    found = _literal(address)
    return found is not None and found.is_loopback


def _rebuilt(parts: SplitResult, host: str) -> str:
    credentials, at, _ = parts.netloc.rpartition("@")
    name = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port else ""
    return parts._replace(netloc=f"{credentials}{at}{name}{port}").geturl()


def _local_repository(url: str) -> Target:
    _refuse_strange_characters(url)
    if not url.startswith("file:///"):
        raise UnsafeUrl("must be an absolute path after file://")
    return Target(url, "", 0, ())
