"""Which scope a service takes a secret from."""

from collections.abc import Mapping
from typing import Literal, TypeVar

Scope = Literal["production", "staging", "development"]
T = TypeVar("T")

CHAINS: dict[str, tuple[Scope, ...]] = {
    "production": ("production",),
    "staging": ("staging", "production"),
    "development": ("development", "staging", "production"),
}
"""The scopes of each environment: its own, then those that are more like production."""


def fitting(found: Mapping[tuple[str, str], T], key: str, environment: str) -> list[T]:
    """The secrets of this key that a service in an environment may take; it takes the first."""
    return [found[key, scope] for scope in CHAINS[environment] if (key, scope) in found]
