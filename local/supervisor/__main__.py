"""Starts the supervisor: ``python -m local.supervisor --socket PATH --state DIR``."""

import argparse
import asyncio
import fcntl
import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from threading import Barrier

from aiohttp import web

from local.doors import Doors
from local.lifeline import on_parent_end
from local.supervisor.api import make_app
from local.supervisor.limits import Limits
from local.supervisor.networks import Networks, targets
from local.supervisor.places import Places
from local.supervisor.supervisor import Supervisor

_THREADS = 8


def main() -> None:
    """Serve until SIGTERM, SIGINT or the end of stdin; then end every process of users."""
    options = _options()
    limits = Limits(**{each.name: getattr(options, each.name) for each in fields(Limits)})
    options.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(options.state):
        asyncio.run(_serve(options, limits))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.supervisor", description=__doc__)
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--state", type=lambda text: Path(text).resolve(), required=True)
    parser.add_argument("--git-schemes", type=lambda text: text.split(","), default=["https"])
    parser.add_argument("--allow-targets", type=targets, default=(), metavar="HOST:PORT,…")
    for each in fields(Limits):
        name = "--" + each.name.replace("_", "-")
        parser.add_argument(name, type=type(each.default), default=each.default)
    return parser.parse_args()


async def _serve(options: argparse.Namespace, limits: Limits) -> None:
    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(_threads())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end.set)
    on_parent_end(lambda: loop.call_soon_threadsafe(end.set))
    networks = Networks(Doors(options.socket.resolve()), options.allow_targets)
    supervisor = Supervisor(Places(options.state), networks, limits, options.git_schemes)
    runner = web.AppRunner(make_app(supervisor), access_log=None, shutdown_timeout=1)
    await runner.setup()
    with _listening(options.socket) as listener:
        await web.SockSite(runner, listener).start()
        await end.wait()
        await runner.cleanup()


def _threads() -> ThreadPoolExecutor:
    """Threads that are there before a fork bomb leaves no room for new ones."""
    threads, all_there = ThreadPoolExecutor(_THREADS), Barrier(_THREADS)
    list(threads.map(lambda _: all_there.wait(), range(_THREADS)))
    return threads


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """Two supervisors would remove each other's work."""
    with (state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SystemExit(f"A supervisor is already running in {state}.") from None
        yield


@contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        before = os.umask(0o177)
        listener.bind(str(path))
        os.umask(before)
        try:
            yield listener
        finally:
            path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
