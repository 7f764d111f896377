"""``python -m deploy {package,deploy,key,diff,destroy}``: into an AWS account, and out of it."""

import argparse
import sys
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from . import DeployError, commands, refusals

STOPPED = (
    "\nStopped. What CloudFormation has begun goes on by itself; the same command, run again when "
    "that is done, does the rest"
)


def main(arguments: list[str]) -> int:
    """Run a command; 0 when it did what was asked."""
    asked = _parser().parse_args(arguments)
    try:
        _run(asked)
    except DeployError as error:
        return _say(str(error), 1)
    except (BotoCoreError, ClientError) as error:
        return _say(refusals.told(error), 1)
    except KeyboardInterrupt:
        return _say(STOPPED, 130)
    return 0


def _say(text: str, status: int) -> int:
    print(text, file=sys.stderr)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="deploy", description=__doc__)
    doing = parser.add_subparsers(dest="command", required=True)
    package = doing.add_parser("package", help="write the package and the template")
    package.add_argument("out", type=Path)
    package.add_argument("--architecture", choices=["arm64", "x86_64"], default="arm64")
    for name in ("deploy", "key", "diff", "destroy"):
        doing.add_parser(name).add_argument("stage")
    doing.choices["destroy"].add_argument("--data", action="store_true", help="its data too")
    return parser


def _run(asked: argparse.Namespace) -> None:
    match asked.command:
        case "package":
            commands.make_package(asked.out, asked.architecture)
        case "deploy":
            commands.deploy(asked.stage)
        case "key":
            commands.key(asked.stage)
        case "diff":
            commands.diff(asked.stage)
        case "destroy":
            commands.destroy(asked.stage, asked.data)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
