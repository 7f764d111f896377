"""Into an AWS account: the package, the template, one stack. Nothing of it travels to Lambda."""

from pathlib import Path

SOURCES = Path(__file__).parents[1]
DECLARED = SOURCES / ".chalice"

__all__ = ["DECLARED", "SOURCES", "DeployError"]


class DeployError(Exception):
    """What keeps an operator from deploying; its text says what to do."""
