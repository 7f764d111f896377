"""A cause of failures: what tells of it, what it is in words, and what to try."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

_MOST_LINES = 5


@dataclass(frozen=True)
class Finding:
    """What was found; ``evidence`` are the lines that show it. No code: nothing is wrong."""

    code: str | None
    summary: str
    suggestions: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()

    def shown_by(self, lines: tuple[str, ...]) -> "Finding":
        """This one, with these lines as evidence."""
        return replace(self, evidence=lines)

    def backed_by(self, other: "Finding") -> "Finding":
        """This one, with what the other shows and suggests beside it."""
        both = dict.fromkeys((*self.suggestions, *other.suggestions))
        return replace(self, suggestions=tuple(both), evidence=other.evidence)


@dataclass(frozen=True)
class Cause:
    """A short code, patterns over text, and words that the patterns' named groups fill in."""

    code: str
    patterns: tuple[re.Pattern[str], ...]
    summary: str
    suggestions: tuple[str, ...]

    def found_in(self, text: str) -> Finding | None:
        """The cause with the lines of the text that show it, or None."""
        found = next((m for m in (p.search(text) for p in self.patterns) if m), None)
        if found is None:
            return None
        words = found.groupdict()
        suggestions = tuple(each.format(**words) for each in self.suggestions)
        return Finding(self.code, self.summary.format(**words), suggestions, _around(found))


def cause(code: str, patterns: str | Iterable[str], summary: str, *suggestions: str) -> Cause:
    """Declare a cause; ``^`` and ``$`` in its patterns are the ends of a line."""
    given = [patterns] if isinstance(patterns, str) else patterns
    compiled = tuple(re.compile(each, re.MULTILINE) for each in given)
    return Cause(code, compiled, summary, suggestions)


def first_of(causes: Iterable[Cause], text: str) -> Finding | None:
    """The first of the causes that the text tells of."""
    return next((found for each in causes if (found := each.found_in(text))), None)


def last_lines(text: str) -> tuple[str, ...]:
    """The last few lines of a text that are not blank."""
    return tuple(line for line in text.splitlines() if line.strip())[-_MOST_LINES:]


def _around(found: re.Match[str]) -> tuple[str, ...]:
    text = found.string
    begin = text.rfind("\n", 0, found.start()) + 1
    end = text.find("\n", found.end())
    return last_lines(text[begin : end if end >= 0 else None])
