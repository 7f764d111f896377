"""What an operator may set, as one typed model that fails loudly at start.

Every setting is read from the environment variable ``ORBITRA_<NAME>``; lists are
comma-separated.
"""

import os
from functools import cache
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


Names = Annotated[list[str], BeforeValidator(_split)]


class Settings(BaseModel):
    """One installation's settings; immutable once read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    region: str = "us-east-1"
    regions: Names = Field(
        default=["us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-south-1"], min_length=1
    )
    public_base_url: str = "http://localhost:8000"
    apps_url: str = Field(default="http://{host}.localhost:8080", pattern=r"\{host\}")
    table_prefix: str = "orbitra-local-"
    queue_url: str = ""
    dead_letters_url: str = ""
    kms_key_id: str = "alias/orbitra-local-secrets"
    git_schemes: Names = ["https"]
    allow_loopback: bool = False


@cache
def settings() -> Settings:
    """The settings of this process."""
    found = {
        name: os.environ[variable]
        for name in Settings.model_fields
        if (variable := f"ORBITRA_{name.upper()}") in os.environ
    }
    return Settings.model_validate(found)
