"""Why builds and starts fail: one table of causes, the most specific first, for every engine."""

import re

from .cause import Finding, first_of, last_lines
from .programs import PROGRAMS
from .tools import COMPILERS, TOOLS
from .verdicts import ENDINGS, SYMPTOMS, VERDICTS

__all__ = ["LAST_OUTPUT", "OURS", "Finding", "explain", "in_output", "last_lines", "plain"]

LAST_OUTPUT = "Its last output:"
"""Stands in an engine's message before the last lines that a command printed."""

OURS = "==> "
"""Begins the lines of a log that the engine itself has written."""

_LONGEST_LINE = 500
_STAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ")
_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_LOOK = "Read the whole log of the build and of the service."


def in_output(text: str) -> Finding | None:
    """The cause that a command's output tells of, or None."""
    return first_of((*TOOLS, *PROGRAMS, *COMPILERS), text)


def explain(message: str, output: str) -> Finding:
    """The cause of a failure, from the engine's message and the output that led to it."""
    said, _, printed = message.partition(LAST_OUTPUT)
    if verdict := first_of(VERDICTS, said):
        return verdict.shown_by(last_lines(output))
    shown = in_output(printed) or in_output(output)
    symptom = first_of(SYMPTOMS, said)
    if symptom and shown:
        return symptom.backed_by(shown)
    lines = last_lines(printed) or last_lines(output)
    return shown or (symptom or _ending(said)).shown_by(lines)


def _ending(said: str) -> Finding:
    return first_of(ENDINGS, said) or Finding("unknown", said.strip(), (_LOOK,))


def plain(log: str) -> str:
    """The output in a log's text: without times, colours, and the engine's own lines."""
    lines = (_COLOUR.sub("", _STAMP.sub("", line[:_LONGEST_LINE])) for line in log.splitlines())
    return "\n".join(line for line in lines if not line.startswith(OURS))
