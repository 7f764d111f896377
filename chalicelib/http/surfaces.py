"""The surfaces that features declare their routes on."""

from .dialects import PLATFORM, PUBLIC
from .routes import Route, Surface

platform = Surface("/v1", PLATFORM)
public = Surface("/api", PUBLIC)


def all_routes() -> list[Route]:
    """Every declared route, in the order of declaration."""
    return [*platform.routes, *public.routes]
