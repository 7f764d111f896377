"""The egress guard refuses every spelling of every address that is not public."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.security import egress
from chalicelib.security.egress import UnresolvedHost, UnsafeUrl, check_url

from .test_addresses import NOT_PUBLIC, PUBLIC

Resolver = Callable[..., None]


@pytest.fixture
def resolves(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    """Makes every name lead to these addresses; to none of them, it is not found."""

    def _resolves(*addresses: str) -> None:
        def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
            if not addresses:
                raise socket.gaierror(socket.EAI_NONAME, "not known")
            return [(0, 0, 0, "", (address, port)) for address in addresses]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    return _resolves


@pytest.fixture(autouse=True)
def no_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*_: object, **__: object) -> None:
        pytest.fail("nothing should be looked up")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def check(url: str, *, loopback: bool = False, resolve: bool = True) -> egress.Target:
    return check_url(url, schemes=["https", "http"], allow_loopback=loopback, resolve=resolve)


def test_a_public_name(resolves: Resolver) -> None:
    resolves("8.8.8.8", "2001:4860:4860::8888", "8.8.8.8")
    target = check("https://Example.COM.:8443/hook?a=1#b")
    assert target == egress.Target(
        url="https://example.com:8443/hook?a=1#b",
        host="example.com",
        port=8443,
        addresses=("8.8.8.8", "2001:4860:4860::8888"),
    )


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("https://8.8.8.8", 443),
        ("http://8.8.8.8", 80),
        ("https://8.8.8.8:", 443),
        ("https://8.8.8.8:1/", 1),
        ("https://8.8.8.8:65535/", 65535),
        ("HTTPS://8.8.8.8/", 443),
    ],
)
def test_ports(url: str, port: int) -> None:
    assert check(url).port == port


@pytest.mark.parametrize(
    "port", ["0", "00", "65536", "99999999999", "-1", "+80", "8o", "٨٠", "1:2"]
)
def test_impossible_ports(port: str) -> None:
    with pytest.raises(UnsafeUrl):
        check(f"https://8.8.8.8:{port}/")


def _url(address: str) -> str:
    return f"https://[{address}]/" if ":" in address else f"https://{address}/"


@pytest.mark.parametrize("address", NOT_PUBLIC)
@pytest.mark.parametrize("resolve", [True, False])
def test_literal_addresses_that_are_not_public(address: str, resolve: bool) -> None:
    with pytest.raises(UnsafeUrl):
        check(_url(address), resolve=resolve)


@pytest.mark.parametrize("address", PUBLIC)
def test_literal_addresses_that_are_public(address: str) -> None:
    assert check(_url(address)).addresses == (address.removeprefix("::ffff:"),)


LOOPBACK_SPELLINGS = [
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "2130706433",
    "017700000001",
    "0177.0.0.1",
    "0177.0.0.01",
    "0x7f000001",
    "0x7F.1",
    "0X7f.0x0.0x0.0x1",
    "127.0.0.0x1",
    "\uff11\uff12\uff17.\uff10.\uff10.\uff11",  # fullwidth digits
    "127\u30020\u30020\u30021",  # ideographic full stops
    "\u2460\u2461\u2466.\u24ea.\u24ea.\u2460",  # circled digits
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "\uff4cocalhost",
    "app.localhost",
]


@pytest.mark.parametrize("host", LOOPBACK_SPELLINGS)
@pytest.mark.parametrize("resolve", [True, False])
def test_every_spelling_of_loopback_is_refused(host: str, resolve: bool) -> None:
    with pytest.raises(UnsafeUrl, match="public address"):
        check(f"http://{host}/", resolve=resolve)


@pytest.mark.parametrize("host", LOOPBACK_SPELLINGS)
def test_every_spelling_of_loopback_is_allowed_where_the_operator_says_so(
    host: str, resolves: Resolver
) -> None:
    resolves()
    target = check(f"http://{host}:8080/x", loopback=True)
    assert target.addresses in [("127.0.0.1",), ("::1",)]
    assert target.url.endswith(":8080/x")


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "2852039166", "0251.0376.0251.0376", "0xa9fea9fe", "169.254.43518"],
)
def test_every_spelling_of_the_metadata_address(host: str) -> None:
    with pytest.raises(UnsafeUrl, match="public address"):
        check(f"http://{host}/latest/meta-data/", loopback=True)


@pytest.mark.parametrize(
    "address", [address for address in NOT_PUBLIC if address not in ("::1", "::ffff:127.0.0.1")]
)
def test_allowing_loopback_allows_nothing_else(address: str) -> None:
    if not address.startswith("127."):
        with pytest.raises(UnsafeUrl):
            check(_url(address), loopback=True)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_one_bad_address_among_good_ones(address: str, resolves: Resolver) -> None:
    resolves("8.8.8.8", address)
    for loopback in (False, True):
        with pytest.raises(UnsafeUrl, match="public address"):
            check("https://example.com/", loopback=loopback)


def test_names_that_lead_to_loopback_only(resolves: Resolver) -> None:
    resolves("127.0.0.1", "::1")
    assert check("http://dev.example.com/", loopback=True).addresses == ("127.0.0.1", "::1")
    with pytest.raises(UnsafeUrl, match="public address"):
        check("http://dev.example.com/")


def test_localhost_that_leads_elsewhere(resolves: Resolver) -> None:
    resolves("10.0.0.1")
    with pytest.raises(UnsafeUrl, match="public address"):
        check("http://app.localhost/", loopback=True)


def test_names_without_an_address(resolves: Resolver) -> None:
    resolves()
    with pytest.raises(UnresolvedHost):
        check("https://example.com/")


def test_without_resolving() -> None:
    target = check("https://example.com/", resolve=False)
    assert (target.host, target.addresses) == ("example.com", ())


@pytest.mark.parametrize(
    "host",
    [
        "",
        ".",
        "..",
        "a..b",
        ".example.com",
        "example.com..",
        "-option.example.com",
        "example-.com",
        "exam!ple.com",
        "127%2e0%2e0%2e1",
        "example.com%00",
        "256.1.1.1",
        "1.2.3.4.5",
        "08.1.1.1",
        "4294967296",
        "example.123",
        "[::1",
        "[::1]evil.com",
        "evil.com[::1]",
        "[127.0.0.1]",
        "[v1.x]",
        "::1",
        "a" * 64 + ".com",
        "a." * 130 + "com",
    ],
)
def test_hosts_that_are_none(host: str) -> None:
    with pytest.raises(UnsafeUrl):
        check(f"https://{host}/", loopback=True, resolve=False)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com/",
        "https:example.com",
        "https:/example.com",
        "https:///example.com",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "javascript:alert(1)",
        " https://example.com/",
        "https://example.com/a b",
        "https://exam\tple.com/",
        "https://example.com/\r\nHost: evil",
        "https://example.com/\x00",
        "https://example.com\\@127.0.0.1/",
        "https://example.com/\u202e",
        "https://example.com/\u200b",
        "https://a@b@example.com/",
        "https://127.0.0.1:80@example.com@10.0.0.1/",
        "https://example.com\uff0f@127.0.0.1/",
        "https://example.com/" + "a" * 2048,
    ],
)
def test_urls_that_are_none(url: str) -> None:
    with pytest.raises(UnsafeUrl):
        check(url, resolve=False)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://evil.com#@8.8.8.8/", "evil.com"),
        ("https://evil.com?@8.8.8.8/", "evil.com"),
        ("https://8.8.8.8:80@evil.com/", "evil.com"),
        ("https://faß.example/", "fass.example"),
        ("https://bücher.example/", "xn--bcher-kva.example"),
        ("https://my_bucket.example/", "my_bucket.example"),
    ],
)
def test_the_host_is_the_one_that_is_connected_to(url: str, host: str) -> None:
    target = check(url, resolve=False)
    assert target.host == host
    assert host in target.url


def test_http_only_where_it_is_allowed() -> None:
    with pytest.raises(UnsafeUrl, match=r"^must begin with https://$"):
        check_url("http://8.8.8.8/", schemes=["https"], allow_loopback=False)
