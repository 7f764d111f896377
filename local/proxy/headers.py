"""Header fields as they pass through the proxy."""

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)


class Headers:
    """The fields of one message in their order; names are found in any case."""

    def __init__(self) -> None:
        self._lines: list[tuple[bytes, bytes]] = []
        self._values: dict[bytes, bytes] = {}

    def add(self, name: bytes, value: bytes) -> None:
        """Add a field behind the others."""
        key = name.lower()
        self._lines.append((key, name + b": " + value))
        self._values[key] = self._values[key] + b", " + value if key in self._values else value

    def get(self, name: bytes) -> bytes | None:
        """The value of the field in lower case ``name``; many are one, joined by commas."""
        return self._values.get(name)

    def lines(self) -> list[bytes]:
        """Every field as it came."""
        return [line for _, line in self._lines]

    def end_to_end(self, without: frozenset[bytes] = HOP_BY_HOP) -> list[bytes]:
        """Those that are for more than this connection (RFC 9110, 7.6.1), but ``without``."""
        dropped = without
        if named := self.get(b"connection"):
            dropped |= {each.strip() for each in named.lower().split(b",")}
        return [line for key, line in self._lines if key not in dropped]


def head(first_line: bytes, lines: list[bytes]) -> bytes:
    """A message up to its body."""
    return b"\r\n".join([first_line, *lines, b"", b""])


def chunk(data: bytes) -> bytes:
    """A part of a body that is sent in chunks; an empty one ends it."""
    return b"%x\r\n%b\r\n" % (len(data), data)
