"""What clients send of variables."""

from typing import Annotated

from pydantic import Field

from ..http.schemas import Body

Key = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=256)]
Value = Annotated[str, Field(pattern=r"^[^\x00]*$")]


class VariableSet(Body):
    """A variable and its value."""

    key: Key
    value: Value
    is_secret: bool = False
