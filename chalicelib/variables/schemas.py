"""What clients send and get of variables."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field

from ..http.schemas import Answer, Body, Time, VariableId
from . import masking
from .masking import MASK
from .store import Variable

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _key(text: str) -> str:
    if not _KEY.fullmatch(text):
        raise ValueError("must be made of letters, digits and _, and not begin with a digit")
    return text


Key = Annotated[
    str,
    Field(min_length=1, max_length=256, json_schema_extra={"pattern": f"^{_KEY.pattern}$"}),
    AfterValidator(_key),
]
Value = Annotated[str, Field(pattern=r"^[^\x00]*$")]


def _shown(value: str) -> str:
    if value == MASK:
        raise ValueError("is masked; send the value itself")
    return value


NewValue = Annotated[Value, AfterValidator(_shown)]

READ_ONLY = frozenset({"id", "created_at", "updated_at"})


class VariableSet(Body):
    """A new variable and its value."""

    read_only = READ_ONLY

    key: Key
    value: NewValue
    is_secret: bool = False


class VariableChange(Body):
    """What may be changed of a variable; what is left out stays, and so does a masked value."""

    read_only = READ_ONLY | {"key"}

    value: Value = MASK
    is_secret: bool | None = None


class VariableItem(VariableChange):
    """A variable of many: the one with this key is changed, or made.

    A masked or absent value keeps the present one, and so does an absent ``is_secret``.
    """

    read_only = READ_ONLY - {"id"}

    id: VariableId | None = None
    key: Key


class VariableItems(Body):
    """Variables, each key once."""

    read_only = frozenset({"total"})

    variables: Annotated[list[VariableItem], Field(max_length=200)]


class VariableAnswer(Answer):
    """A variable; the value of a secret reads ``********`` where it is not revealed."""

    id: VariableId
    key: str
    value: str
    is_secret: bool
    created_at: Time
    updated_at: Time

    @classmethod
    def masked(cls, variable: Variable) -> Self:
        """The variable as anyone may see it."""
        shown = cls.model_validate(variable)
        shown.value = masking.shown(variable)
        return shown
