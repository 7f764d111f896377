"""What clients send and get of rollbacks."""

from typing import Self

from ..http.schemas import Answer, DeploymentId, Query
from ..variables.masking import MASK
from . import rollback
from .rollback import Plan
from .store import Deployment


class DryRun(Query):
    """Whether to say only what a rollback would change."""

    dry_run: bool = False


class Code(Answer):
    """What is run."""

    deployment_id: DeploymentId
    git_url: str | None
    image_ref: str | None
    branch: str
    commit: str | None

    @classmethod
    def of(cls, deployment: Deployment) -> Self:
        """What a deployment runs."""
        return cls(
            deployment_id=deployment.id,
            git_url=deployment.git_url,
            image_ref=deployment.image_ref,
            branch=deployment.branch,
            commit=deployment.commit,
        )


class SettingDiff(Answer):
    """A setting of the web service that a rollback would change."""

    name: str
    before: str | int | bool | None
    after: str | int | bool | None


class VariableDiff(Answer):
    """A variable that a rollback would change; values of secrets are masked."""

    key: str
    change: str
    before: str | None
    after: str | None
    is_secret: bool


class RollbackPlan(Answer):
    """What a rollback would change of what serves now. ``before`` is null when nothing does."""

    before: Code | None
    after: Code
    code_changes: bool
    settings: list[SettingDiff]
    variables: list[VariableDiff]

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """The answer about a plan."""
        live, target = plan.live, plan.target
        return cls(
            before=Code.of(live) if live else None,
            after=Code.of(target),
            code_changes=live is None or live.artifact_id != target.artifact_id,
            settings=[SettingDiff(name=n, before=b, after=a) for n, b, a in plan.settings],
            variables=[_variable_diff(one) for one in plan.variables],
        )


def _variable_diff(found: rollback.VariableDiff) -> VariableDiff:
    shown = VariableDiff.model_validate(found)
    if found.is_secret:
        shown.before = MASK if found.before is not None else None
        shown.after = MASK if found.after is not None else None
    return shown
