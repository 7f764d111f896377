"""What git is told, and what its answers mean: nothing in a stranger's repository is trusted."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from ..engines.base import Build

_OPTIONS = (
    "core.hooksPath=/dev/null",
    "core.symlinks=true",
    "credential.helper=",
    "protocol.ext.allow=never",
    "http.followRedirects=false",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=60",
    "advice.detachedHead=false",
)


def command(build: Build, *arguments: str) -> list[str]:
    """The git command with these arguments, led to the addresses that were checked."""
    pinned = [f"http.curloptResolve={build.pinned}"] if build.pinned else []
    return [
        "git",
        *(part for option in (*_OPTIONS, *pinned) for part in ("-c", option)),
        *arguments,
    ]


def clone(build: Build, into: str) -> list[str]:
    """The command that clones the build's branch."""
    return command(
        build,
        "clone", "--quiet", "--depth=1", "--single-branch", "--no-tags",
        "--no-recurse-submodules", "--template=", f"--branch={build.branch}",
        "--", _led(build), into,
    )  # fmt: skip


def heads(build: Build) -> list[str]:
    """The command that lists the repository's branches."""
    return command(build, "ls-remote", "--heads", "--", _led(build))


def environment(schemes: Sequence[str]) -> dict[str, str]:
    """The variables that keep git to these schemes, and from asking anybody."""
    return {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ALLOW_PROTOCOL": ":".join(schemes),
        "GIT_LFS_SKIP_SMUDGE": "1",
    }


def lacks_branch(said: str) -> bool:
    """Whether git says that the repository has no such branch."""
    return re.search(r"Remote branch .* not found", said) is not None


def why_no_branch(build: Build, *, is_empty: bool) -> str:
    """Why there is no such branch in a repository that can be reached."""
    url = redacted(build.git_url)
    if is_empty:
        return f"The repository {url} is empty; push a branch to it."
    return (
        f'The branch "{build.branch}" does not exist in {url}; push it, or deploy another branch.'
    )


def why_unreachable(build: Build, said: str) -> str:
    """Why the repository could not be cloned, from what git said."""
    url = redacted(build.git_url)
    if re.search(r"could not read Username|Authentication failed|error: 40[13]", said):
        return f"The repository {url} does not exist or is private; make it public, or correct it."
    if re.search(r"[Nn]ot found|does not appear to be a git repository|does not exist", said):
        return f"There is no repository at {url}; correct the address, or push it there."
    if "not allowed" in said:
        return f"Repositories cannot be cloned over this protocol: {url}; use an https address."
    if "unable to update url base from redirection" in said or "error: 30" in said:
        return f"The repository {url} has moved; use its new address (often with .git at its end)."
    if re.search(r"unable to access|Could not read from remote|Could not resolve", said):
        return f"The repository {url} could not be reached ({_last(said)}); check it and try again."
    return f"The repository {url} could not be cloned ({_last(said)}); check it and try again."


def redacted(text: str) -> str:
    """The text without the credentials of the URLs in it."""
    return re.sub(r"(?<=://)[^/\s]*@", "", text)


def _led(build: Build) -> str:
    """The URL that git is given. Over git:// nothing but the URL leads it to a checked address."""
    if not build.pinned or not build.git_url.startswith("git://"):
        return build.git_url
    _, port, addresses = build.pinned.split(":", 2)
    address = addresses.split(",")[0]
    return urlsplit(build.git_url)._replace(netloc=f"{address}:{port}").geturl()


def _last(said: str) -> str:
    errors = [line for line in said.splitlines() if line.startswith(("fatal:", "error:"))]
    return errors[0] if errors else "git said nothing"
