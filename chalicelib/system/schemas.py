"""What the platform says of itself."""

import datetime
from typing import Literal

from ..http.schemas import Answer, Time
from .changes import Kind
from .status import State


class Health(Answer):
    """That the tables answer."""

    status: Literal["ok"] = "ok"


class Component(Answer):
    """A part that the platform stands on."""

    name: str
    status: State


class Status(Answer):
    """How each part is; ``degraded`` when one is down."""

    status: Literal["operational", "degraded"]
    components: list[Component]
    checked_at: Time


class ChangeAnswer(Answer):
    """A change of the API; ``sunset`` is the day on which what is deprecated goes."""

    date: datetime.date
    kind: Kind
    title: str
    description: str
    sunset: datetime.date | None


class Changelog(Answer):
    """The changes of the API, newest first."""

    data: list[ChangeAnswer]
