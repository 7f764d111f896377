"""Repository URLs, local paths and the credentials in them."""

import pytest

from chalicelib.security import egress
from chalicelib.security.egress import UnsafeUrl, check_git_url


def check_git(url: str, *schemes: str, loopback: bool = False) -> egress.Target:
    schemes = schemes or ("https",)
    return check_git_url(url, schemes=schemes, allow_loopback=loopback, resolve=False)


SECRETS = [
    "https://me:s3cret@127.0.0.1/",
    "https://s3cret@localhost/",
    "https://me:s3/cret@example.com/",
    "https://me:s3cret@example.com:99999/",
    "https://me:s3cret@exam!ple.com/",
    "https://me:s3cret@a@example.com/",
    "ssh://me:s3cret@example.com/",
    "s3cret://example.com/",
    "me:s3cret@example.com:repo",
    "s3cret@example.com:repo",
    "ext::https://me:s3cret@example.com/",
    "https://me:s3cret@example.com/%0a",
    "https://me:s3cret@[::1/",
]


@pytest.mark.parametrize("url", SECRETS)
def test_credentials_are_not_in_the_message(url: str) -> None:
    with pytest.raises(UnsafeUrl) as caught:
        check_git(url)
    assert "s3" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_credentials_reach_the_caller_but_not_the_repr() -> None:
    target = check_git("https://me:s3cret@github.com/a/b.git")
    assert target.url == "https://me:s3cret@github.com/a/b.git"
    assert "s3cret" not in repr(target)


@pytest.mark.parametrize(
    "url",
    [
        "--upload-pack=touch /tmp/x",
        "-u",
        "ext::sh -c id",
        "ext::https://example.com/",
        "fd::17",
        "https::https://example.com/",
        "ssh://git@github.com/a/b",
        "git+ssh://git@github.com/a/b",
        "git@github.com:a/b.git",
        "github.com:a/b.git",
        "git://github.com/a/b",
        "http://github.com/a/b",
        "file:///srv/repo",
        "/srv/repo",
        "../repo",
        "rsync://example.com/a",
        "https://-oProxyCommand=id/x",
        "https://github.com/a%0ab",
        "https://github.com/a%0Db",
        "https://github.com/a%00b",
        "https://169.254.169.254/a",
        "https://localhost/a",
    ],
)
def test_repositories_that_are_refused(url: str) -> None:
    with pytest.raises(UnsafeUrl):
        check_git(url)


def test_scp_like_addresses_are_told_what_to_use() -> None:
    with pytest.raises(UnsafeUrl, match="https:// address of the repository"):
        check_git("git@github.com:a/b.git")


def test_repositories_where_the_operator_allows_them() -> None:
    assert check_git("git://github.com/a/b", "git").port == 9418
    assert check_git("http://127.0.0.1:3000/a/b", "http", loopback=True).port == 3000


def test_local_repositories() -> None:
    target = check_git("file:///srv/my%20repo.git", "https", "file")
    assert target == egress.Target("file:///srv/my%20repo.git", "", 0, ())


@pytest.mark.parametrize(
    "url",
    [
        "file://localhost/srv/repo",
        "file://server/srv/repo",
        "file:/srv/repo",
        "file:srv/repo",
        "file://./repo",
        "file:///srv/my repo",
        "file:///srv\\repo",
        "file:///srv/%00",
    ],
)
def test_local_repositories_that_are_refused(url: str) -> None:
    with pytest.raises(UnsafeUrl):
        check_git(url, "https", "file")


@pytest.mark.parametrize(
    ("url", "redacted"),
    [
        ("https://example.com/a?b#c", "https://example.com/a?b#c"),
        ("https://me:s3cret@example.com/a", "https://example.com/a"),
        ("https://s3cret@example.com:8443/a", "https://example.com:8443/a"),
        ("https://me:s3@cret@example.com/a", "https://example.com/a"),
        ("https://me:s3/cret@example.com/a", "https://example.com/a"),
        ("https://me:s3#cret@example.com/a", "https://example.com/a"),
        ("https://me:s3?cret@example.com", "https://example.com"),
        ("https://registry.example.com/@scope/a", "https://registry.example.com/@scope/a"),
        ("https://[::1]:80/@scope/a", "https://[::1]:80/@scope/a"),
        ("me:s3cret@example.com:a/b", "example.com:a/b"),
        ("ext::https://me:s3cret@example.com/a", "ext::https://example.com/a"),
        ("", ""),
        ("nonsense", "nonsense"),
    ],
)
def test_redact(url: str, redacted: str) -> None:
    assert egress.redact(url) == redacted
