"""What an operator can do; each command says what it does as it does it."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from . import DeployError, first_key, leftovers, new_password, package, settings, template
from .account import Account
from .change_set import Parameters
from .leftovers import Left
from .settings import StageSettings
from .stack import Stack
from .watch import Say

Steps = tuple[Stack, str, Parameters]
START = """
  export ORBITRA={base} KEY={key}
  curl -H "Authorization: Bearer $KEY" $ORBITRA/v1/projects
"""


def make_package(out: Path, architecture: str = "arm64", say: Say = print) -> None:
    """Write the package and the template into a directory."""
    from app import app

    made = package.make(app, out, architecture)
    say(f"{made}  {made.stat().st_size / 1e6:.1f} MB")
    say(f"{out / 'template.json'}")


def deploy(stage: str, say: Say = print, ask: first_key.Ask = first_key.ask) -> None:
    """Bring a stage to what this checkout says; the first time its operator gets a key."""
    chosen = settings.read(settings.named(stage))
    stack, template_url, parameters = _prepared(stage, chosen, say)
    if not stack.deploy(template_url, parameters):
        say("Nothing has changed")
    outputs = stack.outputs()
    try:
        first_key.smoke_test(outputs["DefaultUrl"], ask)
    except DeployError as error:
        raise DeployError(f"{error}\n{_where_to_look(stack.name, stage)}") from None
    say(f"\n{outputs['BaseUrl']} answers")
    _tell_domain(chosen, outputs, say)
    _introduce(stage, chosen, outputs, say, ask)


def key(stage: str, say: Say = print, ask: first_key.Ask = first_key.ask) -> None:
    """Give the operator a new password and a new key; all sessions end."""
    chosen = settings.read(settings.named(stage))
    account = Account(chosen.region)
    stack = Stack(account, stage, say)
    outputs, password = stack.outputs(), first_key.new_password()
    new_password.give(account, f"{stack.name}-api", chosen.operator, password)
    say(f"operator  {chosen.operator}\npassword  {password}")
    base = outputs["DefaultUrl"]
    token = first_key.sign_in(base, chosen.operator, password, ask)
    say(f"admin key {first_key.make_key(base, token, ask)}")


def diff(stage: str, say: Say = print) -> None:
    """Say what a deploy would change."""
    chosen = settings.read(settings.named(stage))
    stack, template_url, parameters = _prepared(stage, chosen, say)
    for line in stack.changes(template_url, parameters) or ["Nothing would change"]:
        say(line)


def destroy(stage: str, data: bool = False, say: Say = print) -> None:
    """Remove a stage; its data stays unless ``data`` is set."""
    chosen = settings.read(settings.named(stage))
    account = Account(chosen.region)
    stack = Stack(account, stage, say)
    was_there = stack.destroy()
    left = leftovers.found(account, stack.name)
    if not was_there and not left:
        raise DeployError(f"There is nothing of {stack.name} in {account.region}")
    if data:
        _remove(account, left, say)
    else:
        _tell_kept(left, say)


def _prepared(stage: str, chosen: StageSettings, say: Say) -> Steps:
    """The stack of a stage, and what it is to become: the template's URL and its parameters."""
    account = Account(chosen.region)
    stack = Stack(account, stage, say)
    stack.refuse_when_busy()
    say(f"Packaging for {stack.name} in {account.region} of account {account.id} …")
    with TemporaryDirectory() as place:
        out = Path(place)
        make_package(out, chosen.architecture, _quiet)
        _write_names(out / "template.json", stack.name, account, chosen)
        package_key = account.upload(out / "package.zip")
        template_url = account.url(account.upload(out / "template.json"))
    code = {"CodeBucket": account.bucket, "CodeKey": package_key}
    return stack, template_url, chosen.parameters(stage, account.region) | code


def _write_names(file: Path, stack: str, account: Account, chosen: StageSettings) -> None:
    known = {
        "AWS::StackName": stack,
        "AWS::AccountId": account.id,
        "AWS::Region": account.region,
        "MailAddress": chosen.mail_address,
    }
    made = template.with_names(json.loads(file.read_text("utf-8")), known)
    file.write_text(json.dumps(made, indent=1), "utf-8")


def _where_to_look(name: str, stage: str) -> str:
    return (
        f"The stack is as it should be; what its function says: aws logs tail "
        f"/aws/lambda/{name}-api\nAfter that, make deploy STAGE={stage} tries again"
    )


def _tell_domain(chosen: StageSettings, outputs: dict[str, str], say: Say) -> None:
    if "DomainTarget" in outputs:
        say(f"  once a CNAME record leads {chosen.domain_name} to {outputs['DomainTarget']};")
        say(f"  until then at {outputs['DefaultUrl']}")


def _introduce(
    stage: str, chosen: StageSettings, outputs: dict[str, str], say: Say, ask: first_key.Ask
) -> None:
    """Give the operator a password and a key; each is said as soon as it holds."""
    base, password = outputs["DefaultUrl"], first_key.new_password()
    token = first_key.register(base, chosen.operator, password, ask)
    if token is None:
        say(f"{chosen.operator} is registered; make key STAGE={stage} gives a new password and key")
        return
    say(f"operator  {chosen.operator}\npassword  {password}")
    made = first_key.make_key(base, token, ask)
    say(f"admin key {made}\nThe password and the key are shown this once. To begin with:")
    say(START.format(base=outputs["BaseUrl"], key=made))
    _tell_mail(chosen, say)


def _tell_mail(chosen: StageSettings, say: Say) -> None:
    say(f"SES has mailed {chosen.mail_address}: follow its link, or the platform sends no mail.")
    say("A young account mails confirmed addresses only, until AWS's support lets it out of that.")
    if chosen.alarm_address:
        say(f"SNS has mailed {chosen.alarm_address}: follow its link, or no alarm arrives.")


def _remove(account: Account, left: list[Left], say: Say) -> None:
    for one in left:
        leftovers.remove(account, one)
        days = f"; KMS drops it in {leftovers.KEY_DAYS} days" if one.kind == "key" else ""
        say(f"Removed the {one.kind} {one.name}{days}")


def _tell_kept(left: list[Left], say: Say) -> None:
    data = [one for one in left if not one.kind.startswith("app")]
    apps = sum(one.kind == "app" for one in left)
    say("Kept; DATA=yes removes it, and another deploy goes on with it:")
    for one in data:
        say(f"  {one.kind} {one.name}")
    if apps:
        say(f"Apps that do not run any more, as their role has gone with the stack: {apps}.")
        say("DATA=yes removes them too; after another deploy, deploy or restart each of them.")


def _quiet(_: str) -> None:
    pass
