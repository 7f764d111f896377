"""The template: what ``.chalice`` declares, and the functions and paths that ``app.py`` does.

The same one serves every stage; what differs between them are its parameters.
"""

import json
import re
from typing import Any

from chalice.app import Chalice

from . import DECLARED, api, functions

Template = dict[str, Any]
FILES = ("settings", "resources", "engine", "network", "operations")
NAMES = ("TableName", "BucketName", "EmailIdentity")


def make(app: Chalice) -> Template:
    """The CloudFormation template of an app."""
    made: Template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Orbitra: a whole Platform-as-a-Service that costs nothing while idle",
    }
    for name in FILES:
        _merge(made, json.loads((DECLARED / f"{name}.json").read_text("utf-8")))
    _merge(made, {"Resources": functions.resources(app)})
    _merge(made, {"Resources": api.resources(app), "Outputs": _outputs()})
    filled: Template = _filled(made)
    return filled


def with_names(made: Template, known: dict[str, str]) -> Template:
    """The template with the names of what outlives the stack written out.

    CloudFormation takes in again what a ``destroy`` has kept by its name, which it does not compute
    for that: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html.
    """
    named = {logical: _named(one, known) for logical, one in made["Resources"].items()}
    return made | {"Resources": named}


def _named(resource: Template, known: dict[str, str]) -> Template:
    if not resource.get("DeletionPolicy", "").startswith("Retain"):
        return resource
    given = resource["Properties"]
    names = {name: _written(given[name], known) for name in NAMES if name in given}
    return resource | {"Properties": given | names}


def _written(name: Any, known: dict[str, str]) -> str:
    """A name with what is known in the place of ``Ref`` and of ``${…}``."""
    text = f"${{{name['Ref']}}}" if "Ref" in name else name["Fn::Sub"]
    return re.sub(r"\$\{([\w:]+)\}", lambda found: known[found[1]], text)


def _merge(made: Template, more: Template) -> None:
    for section, declared in more.items():
        kept = made.setdefault(section, {})
        twice = kept.keys() & declared.keys()
        if twice:
            raise ValueError(f"declared twice: {', '.join(sorted(twice))}")
        kept.update(declared)


def _outputs() -> Template:
    domain = {"Value": {"Fn::GetAtt": ["ApiDomain", "RegionalDomainName"]}}
    return {
        "BaseUrl": {"Value": api.base_url()},
        "DefaultUrl": {"Value": api.default_url()},
        "DomainTarget": {"Condition": "HasDomain", **domain},
        "ArtifactsBucket": {"Value": {"Ref": "ArtifactsBucket"}},
    }


def _filled(value: Any) -> Any:
    """The value with ``${BaseUrl}``, which functions are told, as what it stands for."""
    match value:
        case {"Fn::Sub": "${BaseUrl}"}:
            return api.base_url()
        case dict():
            return {key: _filled(inner) for key, inner in value.items()}
        case list():
            return [_filled(inner) for inner in value]
    return value
