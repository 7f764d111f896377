"""How each surface writes ids, times, lists and errors (contract §1)."""

from .base import Dialect
from .platform import Platform
from .public import Public
from .sites import Sites

__all__ = ["PLATFORM", "PUBLIC", "SITES", "Dialect", "canonical", "of_path"]

PLATFORM = Platform()
PUBLIC = Public()
SITES = Sites()

_SITES_PATHS = (
    "/api/apps",
    "/api/account",
    "/api/status",
    "/api/setup-intent",
    "/api/payment-method",
    "/api/billing-portal",
    "/api/invoices",
    "/api/stripe",
)


def canonical(path: str) -> str:
    """The path as it is declared: ``/api/v1`` is another spelling of ``/api``."""
    return "/api" + path[len("/api/v1") :] if _under("/api/v1", path) else path


def of_path(path: str) -> Dialect:
    """The dialect in which a canonical path is answered, known or not."""
    if any(_under(prefix, path) for prefix in _SITES_PATHS):
        return SITES
    return PUBLIC if _under("/api", path) else PLATFORM


def _under(prefix: str, path: str) -> bool:
    return path == prefix or path.startswith(prefix + "/")
