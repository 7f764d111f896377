"""Draws how the product is: its parts, a table of services, and what to do next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from .banner import paste

HEADS = ("SERVICE", "STATUS", "URL", "INSTANCES", "LAST DEPLOYMENT")
GREEN, RED, YELLOW, BLUE, GREY, BOLD = "32", "31", "33", "34", "90", "1"
COLOURS = {
    "operational": GREEN,
    "running": GREEN,
    "sleeping": BLUE,
    "stopped": GREY,
    "cancelled": GREY,
    "failed": RED,
    "down": RED,
}
UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True)
class Access:
    """The ports of the API and of the apps, and the key that opens the API."""

    api: int
    proxy: int
    key: str


@dataclass(frozen=True)
class Service:
    """A service as it is shown; ``deployed_at`` in RFC 3339, empty when it never was."""

    name: str
    status: str
    url: str
    instances: str
    deployment: str
    deployed_at: str
    last_line: str


@dataclass(frozen=True)
class View:
    """What was seen; ``hidden`` is how many more services there are."""

    parts: Mapping[str, str]
    services: Sequence[Service]
    hidden: int


def render(view: View, access: Access, sample: str, width: int, *, coloured: bool) -> str:
    """The text, no line of the table's logs wider than ``width``."""
    pen = Pen(coloured=coloured)
    lines = ["", f"  {pen.write('ORBITRA', BOLD)}  http://localhost:{access.api}", ""]
    lines += ["  " + "   ".join(pen.dot(state, name) for name, state in view.parts.items()), ""]
    if not view.services:
        return "\n".join([*lines, *_first_steps(access, sample)])
    lines += _table(view.services, pen, width)
    if view.hidden:
        lines.append(f"  … {view.hidden} more")
    return "\n".join([*lines, ""])


class Pen:
    """Writes in colours, or without."""

    def __init__(self, *, coloured: bool) -> None:
        self._coloured = coloured

    def write(self, text: str, colour: str) -> str:
        """The text in a colour."""
        return f"\x1b[{colour}m{text}\x1b[0m" if self._coloured else text

    def dot(self, state: str, text: str) -> str:
        """A dot in the state's colour before a text, and the state when it is not well."""
        told = text if state == "operational" else f"{text}: {state}"
        return f"{self.write('●', COLOURS.get(state, YELLOW))} {told}"


def _table(services: Sequence[Service], pen: Pen, width: int) -> list[str]:
    """A head, and of each service a row and the last line of its log."""
    rows = [_cells(service) for service in services]
    widths = [max(map(len, column)) for column in zip(HEADS, *rows, strict=True)]
    widths[1] += 2
    lines = [pen.write("  " + _row(HEADS, widths), GREY)]
    for service, cells in zip(services, rows, strict=True):
        dotted = _row((cells[0], f"● {cells[1]}", *cells[2:]), widths)
        dot = pen.write("●", COLOURS.get(service.status, YELLOW))
        lines.append("  " + dotted.replace("●", dot, 1))
        if service.last_line:
            lines.append(pen.write(cut(f"    └ {service.last_line}", width), GREY))
    return lines


def _cells(service: Service) -> tuple[str, ...]:
    deployed = "never"
    if service.deployment:
        deployed = f"{service.deployment} {ago(service.deployed_at)}"
    shown = (service.name, service.status, service.url, service.instances, deployed)
    return tuple(map(_printable, shown))


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(size) for cell, size in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()


def cut(text: str, width: int) -> str:
    """The text on one line of so many characters; what would move the cursor is left out."""
    plain = _printable(text)
    return plain if len(plain) <= width else plain[: width - 1] + "…"


def ago(moment: str) -> str:
    """How long ago an RFC 3339 time was."""
    seconds = int((datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds())
    size, unit = next((each for each in UNITS if seconds >= each[0]), (1, "s"))
    return f"{max(seconds, 0) // size} {unit} ago"


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())


def _first_steps(access: Access, sample: str) -> list[str]:
    lines = paste(access.api, access.proxy, access.key, sample)
    return ["  Nothing is deployed yet. Deploy a sample; paste these lines:", "", lines]
