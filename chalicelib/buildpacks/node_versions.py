"""Whether a range such as ">=18 <21 || 22.x" allows a major version of Node."""

import re

_HYPHEN = re.compile(r"(\S+)\s+-\s+(\S+)")
_PART = re.compile(r"(>=|<=|>|<|\^|~>?|=)?\s*v?(\d+)(?:\.(\d+))?(?:\.(\d+))?")


def allows(wanted: str, major: int) -> bool:
    """Whether some version with this major is in the range; what it cannot read allows all."""
    return any(_allows_all(each, major) for each in wanted.split("||"))


def major(version: str) -> int:
    """The major of a version such as "20.1.2"."""
    found = re.match(r"\d+", version)
    return int(found[0]) if found else 0


def _allows_all(wanted: str, major: int) -> bool:
    parts = _PART.finditer(_HYPHEN.sub(r">=\1 <=\2", wanted))
    return all(_allows(part, major) for part in parts)


def _allows(part: re.Match[str], major: int) -> bool:
    least, has_more = int(part[2]), any(int(each or 0) for each in part.group(3, 4))
    match part[1]:
        case ">=":
            return major >= least
        case ">":
            return major > least or (major == least and part[3] is not None)
        case "<":
            return major < least or (major == least and has_more)
        case "<=":
            return major <= least
    return major == least
