"""Deprecation of routes: announced in headers at least six months before the end (contract §4)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.utils import format_datetime

NOTICE_MONTHS = 6


@dataclass(frozen=True)
class Deprecation:
    """Since when a route is deprecated, when it goes, and the path of what replaces it."""

    since: date
    sunset: date
    successor: str

    def __post_init__(self) -> None:
        """Raise ``ValueError`` when the notice is too short."""
        if self.sunset < _months_after(self.since, NOTICE_MONTHS):
            raise ValueError(f"the sunset must be {NOTICE_MONTHS} months after the deprecation")

    @property
    def headers(self) -> dict[str, str]:
        """``Deprecation`` (RFC 9745), ``Sunset`` (RFC 8594) and the successor (RFC 8288)."""
        return {
            "Deprecation": f"@{int(_midnight(self.since).timestamp())}",
            "Sunset": format_datetime(_midnight(self.sunset), usegmt=True),
            "Link": f'<{self.successor}>; rel="successor-version"',
        }


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _months_after(day: date, months: int) -> date:
    year, month = divmod(day.month - 1 + months, 12)
    return date(day.year + year, month + 1, min(day.day, 28))
