"""The sandbox of users' commands: bubblewrap, which shows them their own tree and the system.

What they run sees no file of the operator's and none of another service's, no process but its own,
and may have so many processes and files. What serves has a network of its own besides. Nothing in
the users' environment concerns the sandbox itself: it is set inside only, and what their PATH or
SSL_CERT_FILE names is not shown. See https://github.com/containers/bubblewrap.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from chalicelib.engines import static_server
from local.supervisor import environment, network
from local.supervisor.network import Network

_PORTS = " Where apps listen is chosen here and said in PORT; the service's port does not count."
MISSING = (
    "There is no sandbox on this machine: what is deployed runs as you and sees what you see. Run "
    "only code you trust, or install bubblewrap (apt install bubblewrap) and start again." + _PORTS
)
SHARED = (
    "Sandboxes have no network of their own on this machine: what is deployed reaches whatever you "
    "reach from here, also what listens on 127.0.0.1 only." + _PORTS
)
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/opt", "/nix/store")
_SETTINGS = (
    *("alternatives", "ca-certificates", "gai.conf", "group", "host.conf", "hosts", "ld.so.cache"),
    *(
        "ld.so.conf",
        "ld.so.conf.d",
        "localtime",
        "mime.types",
        "nsswitch.conf",
        "passwd",
        "pip.conf",
    ),
    *("pki", "protocols", "resolv.conf", "services", "ssl", "timezone"),
)
_TOOLS = ("python3", "node", "npm", "npx", "corepack", "yarn", "pnpm", "uv", "poetry", "go")
_FILES = ("npm_config_userconfig", "PIP_CONFIG_FILE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
_NAMESPACES = (
    *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"),
    *("--cap-drop", "ALL"),
)
_PROBE = ("bwrap", *_NAMESPACES, "--ro-bind", "/", "/", "--proc", "/proc")
# The watchdog, which says why, comes first; the kernel exempts root from a count of processes.
_PROCESSES, _FILE_BYTES = 1024, 4 * 1024**3


@dataclass(frozen=True)
class Launch:
    """How to start a command: ``files`` are open, to be inherited and then closed."""

    arguments: Sequence[str]
    env: Mapping[str, str]
    files: Sequence[int] = ()


@dataclass(frozen=True)
class Sandbox:
    """What a command may write, what it may read besides the system, and its network.

    What it writes elsewhere lies in memory, at most ``room_bytes`` there, and goes with it.
    """

    writable: Sequence[Path] = ()
    readable: Sequence[Path] = ()
    network: Network | None = None
    room_bytes: int = 64 * 1024**2

    def around(self, arguments: Sequence[str], env: Mapping[str, str], cwd: Path) -> Launch:
        """How to run these with ``env`` in the sandbox; without it where there is none."""
        if not is_there():
            return Launch(arguments, env)
        for path in self.writable:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = _environment(env)
        return Launch([*self._options(file, env, cwd), *_limits(), *arguments], {}, [file])

    def _options(self, file: int, env: Mapping[str, str], cwd: Path) -> list[str]:
        return [
            *(shutil.which("bwrap") or "bwrap", *_NAMESPACES, "--die-with-parent"),
            *("--hostname", "app", "--args", str(file)),
            *(self.network.options if self.network else ()),
            *_empty(self.room_bytes),
            *_bound("--ro-bind-try", [*_readable(env), *self.readable]),
            *_bound("--bind", self.writable),
            *("--chdir", str(cwd), "--"),
        ]


@cache
def is_there() -> bool:
    """Whether bubblewrap works on this machine: found out by running it."""
    if not shutil.which("bwrap"):
        return False
    return subprocess.run([*_PROBE, "true"], check=False, capture_output=True).returncode == 0


@cache
def has_networks() -> bool:
    """Whether sandboxes can have networks of their own on this machine."""
    return is_there() and network.works(_PROBE)


@cache
def _has_sizes() -> bool:
    """Whether this bubblewrap is 0.7 or later, and so can bound what lies in memory."""
    sized = (*_PROBE, "--size", "1048576", "--tmpfs", "/tmp", "true")  # noqa: S108
    return subprocess.run(sized, check=False, capture_output=True).returncode == 0


def _empty(size: int) -> list[str]:
    """The places that are the sandbox's own and begin empty."""
    bound = ["--size", str(size)] if _has_sizes() else []
    devices = ["--dev", "/dev", *bound, "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]  # noqa: S108
    temporary = ["--dir", "/tmp", "--dir", "/var/tmp"]  # noqa: S108
    return [*bound, "--tmpfs", "/", "--proc", "/proc", *devices, *temporary]


def _environment(env: Mapping[str, str]) -> int:
    """A file of the options that set these variables; a command line could be read by others."""
    options = (part for name, value in env.items() for part in ("--setenv", name, value))
    number = os.memfd_create("environment")
    with open(number, "wb", closefd=False) as file:
        file.write(b"".join(os.fsencode(part) + b"\0" for part in options))
        file.seek(0)
    return number


def _readable(env: Mapping[str, str]) -> list[str]:
    settings = [f"/etc/{name}" for name in _SETTINGS]
    operators = {**environment.operator(), **environment.registries()}
    named = [env[name] for name in _FILES if name in env and env[name] == operators.get(name)]
    ours = [sys.prefix, sys.base_prefix, str(Path(static_server.__file__).resolve())]
    return [*_SYSTEM, *settings, *_installed(os.environ.get("PATH", os.defpath)), *named, *ours]


def _installed(path: str) -> list[str]:
    """Where the tools on a PATH have been installed, outside of the system's own places."""
    places = [Path(part) for part in path.split(os.pathsep) if part.startswith("/")]
    found = [_installation(place) for place in places]
    for tool in _TOOLS:
        if where := shutil.which(tool, path=path):
            found.append(_installation(Path(where).resolve().parent))
    return [str(each) for each in dict.fromkeys(found) if not str(each).startswith(_SYSTEM)]


def _installation(place: Path) -> Path:
    """The directory to show so that what lies in ``place`` runs: never a whole home."""
    above, home = place.parent, Path.home()
    in_home = above in {home, Path("/")} or (above.parent == home and place.name != "shims")
    return above if place.name in {"bin", "sbin", "shims"} and not in_home else place


def _bound(option: str, paths: Iterable[Path | str]) -> list[str]:
    return [part for path in paths for part in (option, str(path), str(path))]


def _limits() -> list[str]:
    """Limits that the kernel keeps, where util-linux has the command that sets them."""
    if not (prlimit := shutil.which("prlimit")):
        return []
    return [prlimit, f"--nproc={_PROCESSES}", f"--fsize={_FILE_BYTES}", "--core=0", "--"]
