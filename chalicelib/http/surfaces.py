"""The surfaces that features declare their routes on."""

from .dialects import PLATFORM, PUBLIC, SITES
from .routes import Route, Surface

platform = Surface("/v1", PLATFORM)
public = Surface("/api", PUBLIC)
sites = Surface("/api", SITES)


def all_routes() -> list[Route]:
    """Every declared route, in the order of declaration."""
    return [*platform.routes, *public.routes, *sites.routes]
