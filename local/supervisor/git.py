"""Clones a branch of a stranger's repository, trusting nothing in it."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.buildpacks import git
from chalicelib.buildpacks.failures import Failure
from chalicelib.engines.base import Build
from local.supervisor import commands, environment
from local.supervisor.logs import Log
from local.supervisor.places import Places, remove


@dataclass(frozen=True)
class Git:
    """Git as the supervisor runs it: only the given schemes, none of the operator's settings."""

    places: Places
    schemes: Sequence[str]

    async def clone(self, build: Build, log: Log) -> str:
        """Clone the build's branch to its artifact's place; the commit's sha, or Failure."""
        into = self.places.artifact(build.deployment_id)
        into.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        status, said = await self._run(build, log, git.clone(build, str(into)))
        if status != 0:
            raise Failure(await self._why(build, log, said))
        ask = git.command(build, "-C", str(into), "rev-parse", "HEAD")
        _, sha = await self._run(build, log, ask)
        remove(into / ".git")
        return sha.split()[-1]

    async def _why(self, build: Build, log: Log, said: str) -> str:
        if not git.lacks_branch(said):
            return git.why_unreachable(build, said)
        status, heads = await self._run(build, log, git.heads(build))
        return git.why_no_branch(build, is_empty=status == 0 and not heads.strip())

    async def _run(self, build: Build, log: Log, command: Sequence[str]) -> tuple[int, str]:
        said: list[bytes] = []
        status, _ = await commands.run_to_end(
            command,
            run=str(self.places.artifact(build.deployment_id)),
            cwd=self.places.root,
            env=self._environment(build),
            write=lambda lines: _keep(said, lines),
        )
        text = git.redacted(b"".join(said).decode(errors="replace"))
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
            **git.environment(self.schemes),
            "HOME": str(self.places.home(build.deployment_id)),
            "GIT_CONFIG_GLOBAL": str(settings),
        }


def _keep(said: list[bytes], lines: bytes) -> bool:
    room = 64 * 1024 - sum(map(len, said))
    if room > 0:
        said.append(lines[:room])
    return room > 0
