"""What an operator can do; each command says what it does as it does it."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from . import first_key, leftovers, package, settings
from .account import Account
from .settings import StageSettings
from .stack import Parameters, Say, Stack

Steps = tuple[Stack, str, Parameters]


def make_package(out: Path, architecture: str = "arm64", say: Say = print) -> None:
    """Write the package and the template into a directory."""
    from app import app

    made = package.make(app, out, architecture)
    say(f"{made}  {made.stat().st_size / 1e6:.1f} MB")
    say(f"{out / 'template.json'}")


def deploy(stage: str, say: Say = print, ask: first_key.Ask = first_key.ask) -> None:
    """Bring a stage to what this checkout says; the first time its operator gets a key."""
    chosen = settings.read(settings.named(stage))
    stack, template, parameters = _prepared(stage, chosen, say)
    if not stack.deploy(template, parameters):
        say("Nothing has changed")
    base = stack.outputs()["BaseUrl"]
    first_key.smoke_test(base, ask)
    say(f"\n{base} answers")
    _introduce(first_key.register(base, chosen.operator, ask), chosen.operator, say)


def diff(stage: str, say: Say = print) -> None:
    """Say what a deploy would change."""
    chosen = settings.read(settings.named(stage))
    stack, template, parameters = _prepared(stage, chosen, say)
    for line in stack.changes(template, parameters) or ["Nothing would change"]:
        say(line)


def destroy(stage: str, data: bool = False, say: Say = print) -> None:
    """Remove a stage; its data stays unless ``data`` is set."""
    chosen = settings.read(settings.named(stage))
    account = Account(chosen.region)
    stack = Stack(account, stage, say)
    resources = stack.resources() if stack.status() else []
    stack.destroy()
    if data:
        leftovers.remove(account, resources)
        say("Its data is removed; KMS drops the key in 30 days")
    else:
        _tell_kept(resources, say)


def _prepared(stage: str, chosen: StageSettings, say: Say) -> Steps:
    """The stack of a stage, and what it is to become: the template's URL and its parameters."""
    account = Account(chosen.region)
    stack = Stack(account, stage, say)
    stack.refuse_when_busy()
    with TemporaryDirectory() as place:
        out = Path(place)
        make_package(out, chosen.architecture, _quiet)
        key = account.upload(out / "package.zip")
        template = account.url(account.upload(out / "template.json"))
    say(f"Packaged for {stack.name} in {account.region}: {key}")
    code = {"CodeBucket": account.bucket, "CodeKey": key}
    return stack, template, chosen.parameters(stage, account.region) | code


def _introduce(made: dict[str, str] | None, email: str, say: Callable[[str], None]) -> None:
    if made is None:
        say(f"{email} is registered there already")
        return
    say(f"operator  {email}\npassword  {made['password']}\nadmin key {made['key']}")
    say("Both are shown this once")


def _tell_kept(resources: list[dict[str, str]], say: Say) -> None:
    say("Kept; DATA=yes removes it too, and another deploy takes it in again:")
    for one in leftovers.kept(resources):
        say(f"  {one['PhysicalResourceId']}")


def _quiet(_: str) -> None:
    pass
