"""The mask that stands for a secret's value, and what it means when it is sent back."""

from typing import Protocol

from ..errors import InvalidRequest

MASK = "********"
HIDDEN = "send the value too: one that was secret is not shown"


class Valued(Protocol):
    """What has a value that may be secret."""

    @property
    def value(self) -> str:
        """The value itself."""

    @property
    def is_secret(self) -> bool:
        """Whether it is shown only to who may reveal it."""


class ValueChange(Protocol):
    """What a client sends: a masked value keeps the present one, and so does no ``is_secret``."""

    value: str
    is_secret: bool | None


def changed(present: Valued, change: ValueChange, place: str) -> tuple[str, bool]:
    """The value, and whether it is secret, after a change. To show what was secret takes its
    value anew: who may write may not read it. ``place`` names the field at fault."""
    keeps = change.value == MASK
    is_secret = present.is_secret if change.is_secret is None else change.is_secret
    if keeps and present.is_secret and not is_secret:
        raise InvalidRequest.field(place + "is_secret", HIDDEN)
    return (present.value if keeps else change.value), is_secret


def shown(one: Valued, *, is_revealed: bool = False) -> str:
    """The value as it may be seen."""
    return MASK if one.is_secret and not is_revealed else one.value
