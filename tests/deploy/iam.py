"""What policies allow, by IAM's rules: nothing unless allowed, nothing that is denied.

See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

Statement = dict[str, Any]
Circumstances = tuple[tuple[str, str], ...]


class Need(NamedTuple):
    """One thing that a caller must be let do: an action on a resource, in some circumstances."""

    action: str
    resource: str
    circumstances: Circumstances = ()

    def __str__(self) -> str:
        return f"{self.action} on {self.resource}"


def allows(statements: list[Statement], need: Need) -> bool:
    """Whether the statements together allow it."""
    return {one["Effect"] for one in statements if _speaks_of(one, need)} == {"Allow"}


def covers(pattern: str, text: str | None) -> bool:
    """Whether a text fits a pattern with ``*`` and ``?``; what is not there fits none."""
    return text is not None and bool(_compiled(pattern).fullmatch(text))


def many(value: Any) -> list[Any]:
    """The value, or its parts: policies say one thing without a list."""
    return value if isinstance(value, list) else [value]


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(one, re.escape(one)) for one in pattern))


def _speaks_of(statement: Statement, need: Need) -> bool:
    is_meant = any(covers(one, need.action) for one in many(statement["Action"]))
    is_there = any(covers(one, need.resource) for one in many(statement["Resource"]))
    return (
        is_meant and is_there and _holds(statement.get("Condition", {}), dict(need.circumstances))
    )


def _holds(conditions: dict[str, dict[str, Any]], found: dict[str, str]) -> bool:
    return all(
        _OPERATORS[operator](many(wanted), found.get(key))
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


_OPERATORS: dict[str, Callable[[list[str], str | None], bool]] = {
    "ArnLike": lambda wanted, found: any(covers(one, found) for one in wanted),
    "StringEquals": lambda wanted, found: found in wanted,
}
