"""AWS in this process: moto, holding what ``.chalice/resources.json`` gives the cloud.

``start()`` comes before anything that makes a client or reads the settings.
"""

import json
import os
import re
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

if TYPE_CHECKING:
    from .journal import Journal

STACK = "orbitra-local"
ACCOUNT = "123456789012"
RESOURCES = Path(__file__).parents[1] / ".chalice" / "resources.json"

# Whatever the shell says, nothing here ever speaks to a real account.
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
}
_UNSET = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")

Attributes = dict[str, str]
CallAction = Callable[[Any], Any]

_undo = ExitStack()
_lock = threading.RLock()


def start(journal: "Journal | None" = None) -> None:
    """Put AWS in place and make the tables, queues and keys; does nothing the second time.

    With a journal, items and keys are those that it has, and it keeps all writes; ``stop`` closes
    it. Without one all is in memory.

    Sets ``ORBITRA_TABLE_PREFIX``, ``ORBITRA_QUEUE_URL`` and ``ORBITRA_KMS_KEY_ID``.
    """
    from moto import mock_aws
    from moto.core.responses import BaseResponse

    if hasattr(BaseResponse.call_action, "__wrapped__"):
        return
    _undo.enter_context(patch.dict(os.environ, _ENVIRONMENT | {"AWS_DEFAULT_REGION": _region()}))
    for name in _UNSET:
        os.environ.pop(name, None)
    _undo.callback(_client.cache_clear)
    _undo.enter_context(mock_aws())
    os.environ |= _make_resources(journal)
    _undo.enter_context(_quick_items())
    _undo.enter_context(_quick_names())
    kept = _kept(journal, BaseResponse.call_action)
    _undo.enter_context(patch.object(BaseResponse, "call_action", _one_at_a_time(kept)))


def stop() -> None:
    """Take AWS away again, with all it holds, and restore the environment."""
    _undo.close()


def reset() -> None:
    """Drop every item and message; tables, queues, keys and clients stay."""
    from moto.dynamodb.models import dynamodb_backends
    from moto.sqs.models import sqs_backends

    with _lock:
        for table in dynamodb_backends[ACCOUNT][_region()].tables.values():
            table.items.clear()
        queues = sqs_backends[ACCOUNT][_region()]
        for name, queue in queues.queues.items():
            queue.last_purged_at = None  # SQS, and so moto, purges once a minute only
            queues.purge_queue(name)


def _region() -> str:
    return os.environ.get("ORBITRA_REGION", "us-east-1")


def _kept(journal: "Journal | None", call_action: CallAction) -> CallAction:
    """Moto's answers, each write whole or not at all, in the journal too where there is one."""
    from moto.dynamodb.models import dynamodb_backends
    from moto.dynamodb.models.table import Table

    from . import durable

    _undo.enter_context(patch.object(Table, "__deepcopy__", durable.uncopied, create=True))
    if journal:
        _undo.callback(journal.close)
        durable.restore(journal, dynamodb_backends[ACCOUNT][_region()].tables)
    return durable.whole(call_action, journal)


def _quick_items() -> AbstractContextManager[Any]:
    """Let moto write of a DynamoDB value the one member it has; it seeks ten, by many names."""
    from moto.core.serialize import BaseJSONSerializer

    write = BaseJSONSerializer._serialize_type_structure

    def quick(writer: Any, into: Any, value: Any, shape: Any, key: str) -> None:
        if shape.name != "AttributeValue":
            write(writer, into, value, shape, key)
            return
        written: dict[str, Any] = {}
        for name, inner in value.items():
            writer._serialize(written, inner, shape.members[name], name)
        writer._default_serialize(into, written, shape, key)

    return patch.object(BaseJSONSerializer, "_serialize_type_structure", quick)


def _quick_names() -> AbstractContextManager[Any]:
    """Let moto look once which operations a service has; it does so at each call."""
    from moto.core.utils import method_names_from_class

    return patch("moto.core.responses.method_names_from_class", cache(method_names_from_class))


def _one_at_a_time(call_action: CallAction) -> CallAction:
    """Serialise moto's answers: it is not thread-safe, and conditions must be exact."""

    @wraps(call_action)
    def locked(response: Any) -> Any:
        with _lock:
            return call_action(response)

    return locked


def _make_resources(journal: "Journal | None") -> dict[str, str]:
    stack = _Stack(json.loads(RESOURCES.read_text())["Resources"], journal)
    stack.make_all()
    return {
        "ORBITRA_TABLE_PREFIX": f"{STACK}-",
        "ORBITRA_QUEUE_URL": stack.made["JobsQueue"]["Ref"],
        "ORBITRA_DEAD_LETTERS_URL": stack.made["JobsDeadLetters"]["Ref"],
        "ORBITRA_KMS_KEY_ID": stack.made["SecretsKey"]["Ref"],
    }


class _Stack:
    """Makes a template's resources, each once and after those it refers to.

    ``made`` has the attributes of each by its logical id, with what ``Ref`` means as ``"Ref"``.
    """

    def __init__(self, resources: dict[str, Any], journal: "Journal | None") -> None:
        self._resources = resources
        self._journal = journal
        self.made: dict[str, Attributes] = {
            "AWS::StackName": {"Ref": STACK},
            "AWS::AccountId": {"Ref": ACCOUNT},
            "AWS::Partition": {"Ref": "aws"},
            "AWS::Region": {"Ref": _region()},
        }

    def make_all(self) -> None:
        for name, declared in self._resources.items():
            if declared["Type"] in _MAKERS:
                self._make(name)

    def _make(self, name: str) -> Attributes:
        if name not in self.made:
            declared = self._resources[name]
            make = _MAKERS[declared["Type"]]
            made = make(self._resolved(declared["Properties"]))
            if self._journal and make is _make_key:
                made = _kept_key(self._journal, name, made)
            self.made[name] = made
        return self.made[name]

    def _resolved(self, value: Any) -> Any:
        match value:
            case {"Ref": name}:
                return self._make(name)["Ref"]
            case {"Fn::GetAtt": [name, attribute]}:
                return self._make(name)[attribute]
            case {"Fn::Sub": text}:
                return re.sub(r"\$\{([\w:]+)\.?(\w*)\}", self._substitute, text)
            case dict():
                return {key: self._resolved(inner) for key, inner in value.items()}
            case list():
                return [self._resolved(inner) for inner in value]
        return value

    def _substitute(self, found: re.Match[str]) -> str:
        return self._make(found[1])[found[2] or "Ref"]


@cache
def _client(service: str) -> Any:
    return _session().create_client(service)


@cache
def _session() -> Any:
    from botocore.session import get_session

    return get_session()


def _make_table(properties: dict[str, Any]) -> Attributes:
    """Make a table without the guards of its data: moto has no need of them."""
    names = ("TableName", "BillingMode", "AttributeDefinitions", "KeySchema")
    indexes = ("LocalSecondaryIndexes", "GlobalSecondaryIndexes")
    wanted = {name: properties[name] for name in (*names, *indexes) if name in properties}
    made = _client("dynamodb").create_table(**wanted)["TableDescription"]
    return {"Ref": made["TableName"], "Arn": made["TableArn"]}


def _make_queue(properties: dict[str, Any]) -> Attributes:
    name = properties.pop("QueueName")
    attributes = {key: _as_text(value) for key, value in properties.items()}
    url = _client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return {"Ref": url, "Arn": f"arn:aws:sqs:{_region()}:{ACCOUNT}:{name}"}


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _make_key(properties: dict[str, Any]) -> Attributes:
    made = _client("kms").create_key(
        Description=properties["Description"], Policy=json.dumps(properties["KeyPolicy"])
    )["KeyMetadata"]
    return {"Ref": made["KeyId"], "Arn": made["Arn"]}


def _kept_key(journal: "Journal", name: str, made: Attributes) -> Attributes:
    from moto.kms.models import kms_backends

    from . import durable

    keys = kms_backends[ACCOUNT][_region()].keys
    key = keys[made["Ref"]]
    durable.restore_key(journal, name, key, keys)
    return {"Ref": key.id, "Arn": key.arn}


def _make_alias(properties: dict[str, Any]) -> Attributes:
    _client("kms").create_alias(**properties)
    return {"Ref": properties["AliasName"]}


_MAKERS: dict[str, Callable[[dict[str, Any]], Attributes]] = {
    "AWS::DynamoDB::Table": _make_table,
    "AWS::SQS::Queue": _make_queue,
    "AWS::KMS::Key": _make_key,
    "AWS::KMS::Alias": _make_alias,
}
