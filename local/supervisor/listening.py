"""Where processes listen, each in its own network: psutil looks only at ours."""

import os
import socket
import sys
from collections.abc import Iterable
from pathlib import Path

import psutil

_LISTENS = "0A"

Address = tuple[str, int]


def listeners(members: Iterable[psutil.Process]) -> set[Address]:
    """The addresses and ports that these processes listen on."""
    found: set[Address] = set()
    for process in members:
        try:
            found |= _in_its_network(process.pid) if sys.platform == "linux" else _in_ours(process)
        except (psutil.Error, OSError):
            continue
    return found


def _in_ours(process: psutil.Process) -> set[Address]:
    connections = process.net_connections("tcp")
    return {(c.laddr.ip, c.laddr.port) for c in connections if c.status == psutil.CONN_LISTEN}


def _in_its_network(pid: int) -> set[Address]:
    held = {os.readlink(each) for each in Path(f"/proc/{pid}/fd").iterdir()}
    tables = [Path(f"/proc/{pid}/net/{name}") for name in ("tcp", "tcp6")]
    texts = [path.read_text() for path in tables if path.exists()]
    lines = [each.split() for text in texts for each in text.splitlines()]
    return {
        _address(line[1]) for line in lines if line[3] == _LISTENS and f"socket:[{line[9]}]" in held
    }


def _address(text: str) -> Address:
    """The kernel writes an address as words of four bytes in the machine's own order."""
    digits, port = text.split(":")
    words = [int(digits[at : at + 8], 16) for at in range(0, len(digits), 8)]
    packed = b"".join(word.to_bytes(4, sys.byteorder) for word in words)
    family = socket.AF_INET if len(words) == 1 else socket.AF_INET6
    return socket.inet_ntop(family, packed), int(port, 16)
