"""What an operator may set, as one typed model that fails loudly at start.

Every setting is read from the environment variable ``ORBITRA_<NAME>``; lists are
comma-separated, ``LIMITS`` and ``ATTEMPT_LIMITS`` are JSON.
"""

import json
import os
from functools import cache
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveInt,
    SecretStr,
)

SMTP_SCHEMES = ("smtp://", "smtps://")


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _from_json(value: object) -> object:
    return json.loads(value) if isinstance(value, str) else value


def _smtp_url(value: SecretStr) -> SecretStr:
    if value.get_secret_value() and not value.get_secret_value().startswith(SMTP_SCHEMES):
        raise ValueError("must begin with smtp:// or smtps://")
    return value


Names = Annotated[list[str], BeforeValidator(_split)]


Limits = Annotated[
    dict[
        Literal["free", "professional", "enterprise"],
        dict[Literal["hour", "ten_minutes", "minute"], PositiveInt | None],
    ],
    BeforeValidator(_from_json),
]
"""Calls a plan allows where they differ from the contract's: ``{"free": {"hour": 5000}}``."""


AttemptPolicy = Literal[
    "login_per_account",
    "login_per_address",
    "register_per_address",
    "reset_per_account",
    "reset_per_address",
    "confirm_per_address",
    "resend_per_account",
]
AttemptLimits = Annotated[dict[AttemptPolicy, PositiveInt], BeforeValidator(_from_json)]
"""Attempts allowed where they are not those of ``accounts/attempts.py``."""


class Settings(BaseModel):
    """One installation's settings; immutable once read."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    region: str = "us-east-1"
    regions: Names = Field(
        default=["us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-south-1"], min_length=1
    )
    public_base_url: str = "http://localhost:8000"
    apps_url: str = Field(default="http://{host}.localhost:8080", pattern=r"^$|\{host\}")
    """Where apps answer by their host names; empty where the engine gives each its URL."""
    table_prefix: str = "orbitra-local-"
    queue_url: str = ""
    dead_letters_url: str = ""
    kms_key_id: str = "alias/orbitra-local-secrets"
    git_schemes: Names = ["https"]
    webhook_schemes: Names = ["https"]
    allow_loopback: bool = False
    limits: Limits = Field(default_factory=dict)
    address_limit: PositiveInt = 60
    attempt_limits: AttemptLimits = Field(default_factory=dict)
    mail_from: str = Field(default="Orbitra <no-reply@localhost>", pattern=r"^[^\r\n]*@[^\r\n]+$")
    smtp_url: Annotated[SecretStr, AfterValidator(_smtp_url)] = SecretStr("")
    """Where mail is sent, ``smtp://`` or ``smtps://user:password@host:port``; SES when empty."""
    engine: Literal["none", "aws", "simulated"] = "none"
    """What runs apps; the local run brings its own."""
    apps_bucket: str = ""
    """The engine's bucket for sources' artifacts, orders and notes."""
    build_project: str = ""
    """The CodeBuild project that builds apps: arm64, with a role that may only log."""
    build_minutes: int = Field(default=20, ge=5, le=120)
    app_role_arn: str = ""
    """What apps run as. It may write logs, and nothing from within an app."""
    app_prefix: str = Field(default="orbitra-local-app-", pattern=r"^[a-zA-Z0-9_-]{1,32}$")
    """Begins the names of apps' functions and layers."""
    app_timeout_seconds: int = Field(default=60, ge=1, le=900)
    app_log_days: int = 14
    web_adapter_layer: str = "arn:aws:lambda:{region}:753240598075:layer:LambdaAdapterLayerArm64:26"
    """The Lambda Web Adapter, for arm64; ``{region}`` is ours."""
    reserve_instances: bool = False
    """Whether the account's quota lets apps reserve: ``max_instances`` of them, and
    ``min_instances`` kept warm."""


@cache
def settings() -> Settings:
    """The settings of this process."""
    found = {
        name: os.environ[variable]
        for name in Settings.model_fields
        if (variable := f"ORBITRA_{name.upper()}") in os.environ
    }
    return Settings.model_validate(found)
