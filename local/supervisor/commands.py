"""The one place where commands are spawned, and ended with everything they started.

Git and all of the users' code comes through ``spawn``, the latter in a sandbox.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path

import psutil

from chalicelib.buildpacks.failures import explain
from local.supervisor.cgroups import Group
from local.supervisor.limits import Allowance
from local.supervisor.logs import Lines
from local.supervisor.network import Network
from local.supervisor.sandbox import Launch, Sandbox

# Every process of a run carries its name in this variable: one that leaves its process group or
# loses its parent is found by it, also by the next supervisor when this one was killed.
MARK = "ORBITRA_RUN"
_TAIL = 4096
_PAUSE_SECONDS = 0.2  # a process left behind may hold the pipe open
_LAST_WORDS_SECONDS = 5  # nobody holds it any more: on a busy machine, reading takes its time

Write = Callable[[bytes], bool]


class Command:
    """A spawned command and all of its processes."""

    def __init__(
        self,
        run: str,
        process: asyncio.subprocess.Process,
        allowed: Allowance | None,
        group: Group | None,
        network: Network | None,
    ) -> None:
        self.run = run
        self._allowed = allowed
        self.verdict: str | None = None
        self._process = process
        self._group = group
        self._network = network
        self._output: asyncio.Task[None] | None = None
        self._tail = b""

    @property
    def tail(self) -> str:
        """The end of what it has printed."""
        return self._tail.decode(errors="replace")

    def members(self) -> list[psutil.Process]:
        """Its living processes; may look at every process of the machine: call it in a thread."""
        if self._group:
            return self._group.members()
        leader = self._process.pid
        return [each for each in psutil.process_iter() if _belongs(each, self.run, leader)]

    @property
    def is_over(self) -> bool:
        """Whether the command itself has ended."""
        return self._process.returncode is not None

    def excess(self) -> str | None:
        """What the kernel has seen it take too much of, in words."""
        if not (self._allowed and self._group):
            return None
        if self._group.ran_out_of_memory():
            return self._allowed.too_much_memory
        return self._allowed.too_many_tasks if self._group.was_full() else None

    def why(self, what: str, status: int) -> str:
        """Why it ended: the verdict for which it was killed, or else its status and last words."""
        return self.verdict or explain(what, status, self.tail)

    async def wait(self) -> int:
        """Its exit status, once it has ended and its output was read; negative for a signal."""
        status = _signalled(await self._process.wait())
        self.verdict = self.verdict or self.excess()
        if self._output:
            await asyncio.wait([self._output], timeout=_PAUSE_SECONDS)
        return status

    async def stop(self, grace: float) -> None:
        """Ask it to end, and kill what is left after ``grace`` seconds."""
        await asyncio.to_thread(self._ask_to_end)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self._process.wait()
                while await asyncio.to_thread(self.members):
                    await asyncio.sleep(0.1)
        await self.kill()

    def _ask_to_end(self) -> None:
        """Signal its process group, but not the sandbox: that would end the app at once."""
        for each in self.members():
            with contextlib.suppress(psutil.Error, ProcessLookupError):
                if each.name() != "bwrap" and os.getpgid(each.pid) == self._process.pid:
                    each.terminate()

    async def kill(self) -> None:
        """Kill all of its processes; returns when none is left and their output was read."""
        if self._group:
            self._group.seal()
        self._kill_leader()
        while members := await asyncio.to_thread(self.members):
            _kill(members)
            await asyncio.sleep(0.02)
        await self._process.wait()
        while self._group and not self._group.remove():
            await asyncio.sleep(0.02)
        if self._output:
            await asyncio.wait([self._output], timeout=_LAST_WORDS_SECONDS)
            self._output.cancel()
        if self._network:
            await self._network.close()

    def _kill_leader(self) -> None:
        """The sandbox takes all that is in it along at once, however fast that forks."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def read_from(self, pipe: int, write: Write) -> None:
        """Begin to hand its output on, line by line, until its last process has closed it."""
        self._output = asyncio.create_task(self._pump(pipe, write))

    async def _pump(self, pipe: int, write: Write) -> None:
        lines = Lines()
        async with _reading(pipe) as reader:
            while chunk := await reader.read(64 * 1024):
                self._tail = (self._tail + chunk)[-_TAIL:]
                if (whole := lines.feed(chunk)) and not write(whole):
                    await asyncio.sleep(0.005)  # who prints without end must not keep us busy
        if rest := lines.end():
            write(rest)


async def spawn(
    arguments: Sequence[str],
    *,
    run: str,
    cwd: Path,
    env: Mapping[str, str],
    write: Write,
    sandbox: Sandbox | None = None,
    allowed: Allowance | None = None,
) -> Command:
    """Start a command in a session of its own; ``write`` gets the lines it prints."""
    ours, theirs = os.pipe()
    network = sandbox.network if sandbox else None
    marked = {**env, MARK: run}
    launch = sandbox.around(arguments, marked, cwd) if sandbox else Launch(arguments, marked)
    group = Group.make(allowed) if allowed else None
    with _undone_on_failure(ours, group), _handed_over([theirs, *launch.files], network):
        process = await asyncio.create_subprocess_exec(
            *(group.around(launch.arguments) if group else launch.arguments),
            cwd=cwd,
            env={**launch.env, MARK: run},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
            pass_fds=(*launch.files, *(network.inherited if network else ())),
            start_new_session=True,
        )
    command = Command(run, process, allowed, group, network)
    command.read_from(ours, write)
    if network:
        await _connected(command, network)
    return command


@contextlib.contextmanager
def _handed_over(files: Sequence[int], network: Network | None) -> Iterator[None]:
    """Leave to the command what it inherits, whether it begins or not."""
    try:
        yield
    finally:
        for number in files:
            os.close(number)
        if network:
            network.leave_inherited()


@contextlib.contextmanager
def _undone_on_failure(reader: int, group: Group | None) -> Iterator[None]:
    """Without a process there is nothing to read and nothing to hold back."""
    try:
        yield
    except BaseException:
        os.close(reader)
        if group:
            group.remove()
        raise


async def _connected(command: Command, network: Network) -> None:
    try:
        await network.connect()
    except BaseException:
        await command.kill()
        raise


async def run_to_end(
    arguments: Sequence[str],
    *,
    run: str,
    cwd: Path,
    env: Mapping[str, str],
    write: Write,
    sandbox: Sandbox | None = None,
) -> tuple[int, str]:
    """Run a command and whatever it leaves behind to the end: exit status, end of the output."""
    command = await spawn(arguments, run=run, cwd=cwd, env=env, write=write, sandbox=sandbox)
    try:
        return await command.wait(), command.tail
    finally:
        await command.kill()


def kill_runs(prefix: str) -> None:
    """Kill every process whose run has a name that begins so, whoever started it."""
    while members := [each for each in psutil.process_iter() if run_of(each).startswith(prefix)]:
        _kill(members)
        psutil.wait_procs(members, timeout=1)


def _kill(members: Sequence[psutil.Process]) -> None:
    for each in members:
        with contextlib.suppress(psutil.Error):
            each.kill()


def _signalled(status: int) -> int:
    """A shell and the sandbox say 128 + n of what signal n has ended."""
    return 128 - status if 128 < status <= 128 + signal.NSIG else status


def _belongs(process: psutil.Process, run: str, leader: int) -> bool:
    if run_of(process) == run:
        return True
    with contextlib.suppress(psutil.Error, OSError):
        same = os.getsid(process.pid) == leader
        return same and process.status() != psutil.STATUS_ZOMBIE
    return False


def run_of(process: psutil.Process) -> str:
    """The run that a process says it belongs to; empty when it says none."""
    with contextlib.suppress(psutil.Error, OSError):
        return process.environ().get(MARK, "")
    return ""


@contextlib.asynccontextmanager
async def _reading(pipe: int) -> AsyncIterator[asyncio.StreamReader]:
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(pipe, "rb", buffering=0)
    )
    try:
        yield reader
    finally:
        transport.close()
