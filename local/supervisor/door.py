"""Hands out sockets of a sandbox's network; runs outside of the sandbox, out of its reach.

Run as ``python -I -S door.py PID PATH PORT OUTLET…``: who connects to the Unix socket PATH is told
PORT and gets a new TCP socket of the network of process PID. Stdin is a Unix socket: sockets that
listen on each OUTLET, a port of that network, are sent over it, and its end ends the door. There is
no door when PATH is empty. With PID alone it only tries to enter.
"""

import contextlib
import ctypes
import fcntl
import os
import select
import socket
import sys
from collections.abc import Iterable

_NS_GET_USERNS = 0xB701  # see ioctl_ns(2)
_LOWEST_PORT = "/proc/sys/net/ipv4/ip_unprivileged_port_start"  # of the network that reads it


def main() -> None:
    """Serve until the end of stdin."""
    pid, *rest = sys.argv[1:]
    if not rest:
        _enter(pid)
        return
    with contextlib.suppress(FileNotFoundError):  # the process may have ended meanwhile
        _open(pid, *rest)


def _open(pid: str, path: str, port: str, *outlets: str) -> None:
    with socket.socket(fileno=0) as lifeline, socket.socket(socket.AF_UNIX) as door:
        if path:
            os.umask(0o177)
            door.bind(path)
            door.listen(1024)
        _enter(pid)
        _allow_low_ports()
        _send_listeners(lifeline, outlets)
        if path:
            _serve(door, lifeline, port)


def _send_listeners(lifeline: socket.socket, ports: Iterable[str]) -> None:
    listeners = [_listening(int(port)) for port in ports]
    socket.send_fds(lifeline, [b"!"], [each.fileno() for each in listeners])
    for each in listeners:
        each.close()


def _enter(pid: str) -> None:
    """Go to the network of a process; who has made it may do so without being root."""
    network = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    owner = fcntl.ioctl(network, _NS_GET_USERNS)
    libc = ctypes.CDLL(None, use_errno=True)
    for namespace in (owner, network):
        if libc.setns(namespace, 0) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        os.close(namespace)


def _allow_low_ports() -> None:
    """Let who is not root in this network listen below 1024, where the machine allows that."""
    with contextlib.suppress(OSError), open(_LOWEST_PORT, "w") as lowest:
        lowest.write("0")


def _listening(port: int) -> socket.socket:
    """Listens at every address: the network has only loopback, which may not be up yet."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("0.0.0.0", port))  # noqa: S104
    made.listen(128)
    return made


def _serve(door: socket.socket, lifeline: socket.socket, port: str) -> None:
    while lifeline not in select.select([door, lifeline], [], [])[0]:
        asker, _ = door.accept()
        with asker, socket.socket() as made, contextlib.suppress(OSError):
            socket.send_fds(asker, [port.encode()], [made.fileno()])


if __name__ == "__main__":
    main()
