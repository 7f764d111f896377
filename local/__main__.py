"""``make run``: starts the three processes, says where to go, and stops them at Ctrl-C.

The three keep out of each other's way: the API with AWS inside, the supervisor of users'
processes, and the proxy in front of them. Each ends when this one does.
"""

import json
import os
import signal
import socket
import sys
import threading

from .banner import banner
from .children import Children
from .place import STATE, Ports
from .samples import make_repositories
from .supervisor import cgroups, sandbox

MAIL_PORT = 1025
RUN_SETTINGS = (
    *("ALLOW_TARGETS", "IDLE_SECONDS", "BUILD_SECONDS", "PRE_DEPLOY_SECONDS", "START_SECONDS"),
    *("BUILD_MEMORY_BYTES", "MEMORY_BYTES", "PROCESSES", "DISK_BYTES", "LOG_BYTES"),
)
"""What an operator may set of the limits in ``local/supervisor/limits.py``, and besides."""


def main() -> int:
    """Run until Ctrl-C or SIGTERM; a process that ends by itself is started again."""
    ports = Ports(_port("PORT", 8000), _port("PROXY_PORT", 8080), _mail_port())
    STATE.mkdir(mode=0o700, exist_ok=True)
    os.environ |= _settings(ports)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    children = Children(_commands(ports))
    try:
        return _serve(children, ports, stop)
    finally:
        children.end()


def _port(variable: str, default: int) -> int:
    """The port that a variable names. Exits with a word on what to do when it is taken."""
    port = int(os.environ.get(variable, default))
    if not _is_free(port):
        free = f"choose another: {variable}={port + 1} make run"
        raise SystemExit(f"Port {port} is taken by another program; {free}")
    return port


def _mail_port() -> int:
    """The port of the mailbox's SMTP server; any free one when nobody named it."""
    named = "MAIL_PORT" in os.environ
    return _port("MAIL_PORT", MAIL_PORT) if named or _is_free(MAIL_PORT) else 0


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _settings(ports: Ports) -> dict[str, str]:
    """What differs from the cloud: an operator's own values are kept."""
    local = {
        "ORBITRA_PUBLIC_BASE_URL": f"http://localhost:{ports.api}",
        "ORBITRA_APPS_URL": f"http://{{host}}.localhost:{ports.proxy}",
        "ORBITRA_GIT_SCHEMES": "https,http,git,file",
        "ORBITRA_WEBHOOK_SCHEMES": "https,http",
        "ORBITRA_ALLOW_LOOPBACK": "true",
    }
    return {name: value for name, value in local.items() if name not in os.environ}


def _commands(ports: Ports) -> dict[str, list[str]]:
    supervisor = STATE / "supervisor.sock"
    schemes = os.environ["ORBITRA_GIT_SCHEMES"]
    run = ["--socket", str(supervisor), "--state", str(STATE / "run"), "--git-schemes", schemes]
    for name in RUN_SETTINGS:
        if value := os.environ.get(name):
            run += [f"--{name.lower().replace('_', '-')}", value]
    log = STATE / "api.log"
    listening = ["--socket", str(supervisor), "--port"]
    api = [str(ports.api), "--mail-port", str(ports.mail), "--log", str(log), "--state", str(STATE)]
    return {
        "supervisor": ["local.supervisor", *run],
        "proxy": ["local.proxy", *listening, str(ports.proxy)],
        "API": ["local.api", *listening, *api],
    }


def _serve(children: Children, ports: Ports, stop: threading.Event) -> int:
    ready = children.first_line("API")
    if not ready:
        print(f"Orbitra did not start; the lines above and {STATE / 'api.log'} say why.")
        return 1
    ports.write()
    sample = make_repositories(STATE)["node-hello"]
    print(banner(ports.api, ports.proxy, json.loads(ready), sample), flush=True)
    if not sandbox.is_there():
        print(f"  {sandbox.MISSING}\n", flush=True)
    elif not sandbox.has_networks():
        print(f"  {sandbox.SHARED}\n", flush=True)
    if not cgroups.are_there():
        print(f"  {cgroups.MISSING}\n", flush=True)
    while not stop.wait(0.5):
        for line in children.revive():
            print(line, flush=True)
        if children.is_hopeless:
            print(f"They end again and again; stopping. {STATE / 'api.log'} may say why.")
            return 1
    print("\nStopping …", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
