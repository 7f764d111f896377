"""Clones a branch of a stranger's repository, trusting nothing in it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from chalicelib.engines.base import Build
from local.supervisor import commands, environment
from local.supervisor.failures import Failure
from local.supervisor.logs import Log
from local.supervisor.places import Places, remove

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


@dataclass(frozen=True)
class Git:
    """Git as the supervisor runs it: only the given schemes, none of the operator's settings."""

    places: Places
    schemes: Sequence[str]

    async def clone(self, build: Build, log: Log) -> str:
        """Clone the build's branch to its artifact's place; the commit's sha, or Failure."""
        into = self.places.artifact(build.deployment_id)
        into.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        status, said = await self._run(
            build, log,
            "clone", "--quiet", "--depth=1", "--single-branch", "--no-tags",
            "--no-recurse-submodules", "--template=", f"--branch={build.branch}",
            "--", _led(build), str(into),
        )  # fmt: skip
        if status != 0:
            raise Failure(await self._why(build, log, said))
        _, sha = await self._run(build, log, "-C", str(into), "rev-parse", "HEAD")
        remove(into / ".git")
        return sha.split()[-1]

    async def _why(self, build: Build, log: Log, said: str) -> str:
        url = redacted(build.git_url)
        if re.search(r"Remote branch .* not found", said):
            status, heads = await self._run(build, log, "ls-remote", "--heads", "--", _led(build))
            if status == 0 and not heads.strip():
                return f"The repository {url} is empty; push a branch to it."
            return (
                f'The branch "{build.branch}" does not exist in {url}; '
                "push it, or deploy another branch."
            )
        return _why_unreachable(url, said)

    async def _run(self, build: Build, log: Log, *arguments: str) -> tuple[int, str]:
        pinned = [f"http.curloptResolve={build.pinned}"] if build.pinned else []
        options = [part for option in (*_OPTIONS, *pinned) for part in ("-c", option)]
        said: list[bytes] = []
        status, _ = await commands.run_to_end(
            ["git", *options, *arguments],
            run=str(self.places.artifact(build.deployment_id)),
            cwd=self.places.root,
            env=self._environment(build),
            write=lambda lines: _keep(said, lines),
        )
        text = redacted(b"".join(said).decode(errors="replace"))
        if status != 0:
            log.write(text.encode() or b"git said nothing\n")
        return status, text

    def _environment(self, build: Build) -> dict[str, str]:
        # A file:// repository may be another user's; git hands this setting on to the process
        # that reads that repository only when it stands in a file.
        settings = self.places.root / "gitconfig"
        settings.write_text("[safe]\n\tdirectory = *\n")
        return {
            **environment.operator(),
            "HOME": str(self.places.home(build.deployment_id)),
            "LC_ALL": "C",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": str(settings),
            "GIT_ALLOW_PROTOCOL": ":".join(self.schemes),
            "GIT_LFS_SKIP_SMUDGE": "1",
        }


def _led(build: Build) -> str:
    """The URL that git is given. Over git:// nothing but the URL leads it to a checked address."""
    if not build.pinned or not build.git_url.startswith("git://"):
        return build.git_url
    _, port, addresses = build.pinned.split(":", 2)
    address = addresses.split(",")[0]
    return urlsplit(build.git_url)._replace(netloc=f"{address}:{port}").geturl()


def redacted(text: str) -> str:
    """The text without the credentials of the URLs in it."""
    return re.sub(r"(?<=://)[^/\s]*@", "", text)


def _why_unreachable(url: str, said: str) -> str:
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


def _last(said: str) -> str:
    errors = [line for line in said.splitlines() if line.startswith(("fatal:", "error:"))]
    return errors[0] if errors else "git said nothing"


def _keep(said: list[bytes], lines: bytes) -> bool:
    room = 64 * 1024 - sum(map(len, said))
    if room > 0:
        said.append(lines[:room])
    return room > 0
