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
    variables = found["Environment"]["Variables"]
    settings = {name: variables[name] for name in variables if name.startswith("ORBITRA_")}
    command = [sys.executable, "-m", __name__, email]
    done = subprocess.run(
        command,
        cwd=SOURCES,
        env={**os.environ, **settings},
        input=password,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        why = done.stderr.strip().splitlines()[-1:]
        raise DeployError("\n".join([f"{email} could not be given a password", *why]))


def main(email: str, password: str) -> None:
    """Set it, and say in one line why it cannot be."""
    from chalicelib.accounts import password_reset
    from chalicelib.errors import NotFound

    try:
        password_reset.reset(email, password)
    except NotFound:
        sys.exit("Nobody is registered there with this address: make deploy registers its operator")


if __name__ == "__main__":
    main(sys.argv[1], sys.stdin.read())
