"""What an operator decides: ``deploy.toml``, with a table for each stage.

A stage needs two lines, the rest has defaults:

    [prod]
    operator = "ada@example.com"
    mail_address = "no-reply@example.com"
"""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from . import SOURCES, DeployError

FILE = SOURCES / "deploy.toml"
STAGE = re.compile(r"[a-z][a-z0-9]{0,15}")
TAKEN = {"api", "v1", "sandbox", "docs", "local"}
ADDRESS = r"[^@\s]+@[^@\s]+\.[^@\s]+"

EXAMPLE = """[{stage}]
operator = "ada@example.com"
mail_address = "no-reply@example.com\""""

Address = Annotated[str, Field(pattern=f"^{ADDRESS}$")]
Days = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731]


class StageSettings(BaseModel):
    """One stage; each of these is explained in ``.chalice/settings.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    operator: Address
    mail_address: Address
    region: str = ""
    regions: list[str] = []
    architecture: Literal["arm64", "x86_64"] = "arm64"
    memory: int = Field(default=1024, ge=256, le=10240)
    log_retention_days: Days = 30
    alarm_address: str = Field(default="", pattern=f"^({ADDRESS})?$")
    domain_name: str = ""
    certificate_arn: str = ""
    reserve_instances: bool = False

    @model_validator(mode="after")
    def _domain_has_certificate(self) -> "StageSettings":
        if bool(self.domain_name) != bool(self.certificate_arn):
            raise ValueError("domain_name and certificate_arn go together")
        return self

    def parameters(self, stage: str, region: str) -> dict[str, str]:
        """The parameters of the stack, by their names in the template."""
        return {
            "Stage": stage,
            "Regions": ",".join(self.regions or [region]),
            "Architecture": self.architecture,
            "Memory": str(self.memory),
            "LogRetentionDays": str(self.log_retention_days),
            "AlarmAddress": self.alarm_address,
            "MailAddress": self.mail_address,
            "DomainName": self.domain_name,
            "CertificateArn": self.certificate_arn,
            "ReserveInstances": str(self.reserve_instances).lower(),
        }


def named(stage: str) -> str:
    """The stage, if it may be called so. Raises ``DeployError``."""
    if not STAGE.fullmatch(stage) or stage in TAKEN:
        raise DeployError(
            f"STAGE={stage} will not do: up to 16 small letters and digits, a letter first, and "
            f"none of {', '.join(sorted(TAKEN))}; for example STAGE=prod"
        )
    return stage


def read(stage: str) -> StageSettings:
    """The settings of a stage. Raises ``DeployError``."""
    table = _tables(FILE).get(stage)
    if not isinstance(table, dict):
        example = EXAMPLE.format(stage=stage)
        raise DeployError(
            f"{FILE.name} needs a table for this stage, with your addresses:\n{example}"
        )
    try:
        return StageSettings.model_validate(table)
    except ValidationError as error:
        wrong = "\n".join(f"  {_place(one)}: {one['msg']}" for one in error.errors())
        known = ", ".join(StageSettings.model_fields)
        raise DeployError(f"{FILE.name} [{stage}]:\n{wrong}\nThere may be: {known}") from None


def _tables(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8")) if file.exists() else {}
    except tomllib.TOMLDecodeError as error:
        raise DeployError(f"{file.name} is not TOML: {error}") from None


def _place(error: Any) -> str:
    return ".".join(str(part) for part in error["loc"]) or "the table"
