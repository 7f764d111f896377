"""A new password for an operator who has none: set past the API, by who may write its tables.

``python -m deploy.new_password EMAIL`` reads the password from its input. It runs in a process of
its own, in which the installation's settings are those of this process.
"""

import os
import subprocess
import sys

from . import SOURCES, DeployError
from .account import Account


def give(account: Account, function: str, email: str, password: str) -> None:
    """Set a password at an installation, and end all sessions of who has the address.

    Raises ``DeployError`` when nobody has.
    """
    found = account.client("lambda").get_function_configuration(FunctionName=function)
    environment = {**os.environ, **found["Environment"]["Variables"]}
    command = [sys.executable, "-m", __name__, email]
    done = subprocess.run(
        command, cwd=SOURCES, env=environment, input=password, text=True, check=False
    )
    if done.returncode:
        raise DeployError(f"{email} has got no new password")


def _set(email: str, password: str) -> None:
    from chalicelib.accounts import password_reset

    password_reset.reset(email, password)


if __name__ == "__main__":
    _set(sys.argv[1], sys.stdin.read())
