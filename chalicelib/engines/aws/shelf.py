"""The bucket: what belongs to which service, and where each thing lies."""

import json
from collections.abc import Collection
from typing import Any

from ... import aws
from ...settings import settings
from .calls import MISSING, ask, pages, tell

URL_SECONDS = 2 * 3600


def key(service_id: str, name: str, what: str) -> str:
    """Where something of a deployment or a release lies."""
    return f"services/{service_id}/{name}/{what}"


def own(service_id: str, name: str) -> None:
    """Note to which service a deployment or a release belongs."""
    # The service's own entry comes first: by it ``clear`` finds the other.
    _put(key(service_id, name, "owned"), "")
    _put(f"owners/{name}", service_id)


def owner(name: str) -> str | None:
    """The service of a deployment or a release; None when it was never begun, or is gone."""
    found = _get(f"owners/{name}")
    return None if found is None else found.decode()


def write(place: str, value: dict[str, Any]) -> None:
    """Keep an object."""
    _put(place, json.dumps(value))


def write_first(place: str, value: dict[str, Any]) -> dict[str, Any]:
    """Keep an object if none is there; the one that is there now."""
    refused = {"PreconditionFailed", "ConditionalRequestConflict"}
    _put(place, json.dumps(value), unless=refused, IfNoneMatch="*")
    return read(place) or value


def read(place: str) -> dict[str, Any] | None:
    """The object that is kept there, if there is one."""
    found = _get(place)
    return None if found is None else dict(json.loads(found))


def has(place: str) -> bool:
    """Whether something is kept there."""
    asked = ask("s3", "head_object", unless=MISSING, Bucket=_bucket(), Key=place)
    return asked is not None


def put_bytes(place: str, content: bytes) -> None:
    """Keep a file of our own, in the clear but for the bucket's encryption."""
    tell("s3", "put_object", Bucket=_bucket(), Key=place, Body=content)


def url(method: str, place: str) -> str:
    """A URL that lets anybody ``get_object`` or ``put_object`` there for two hours."""
    made: str = aws.client("s3").generate_presigned_url(
        method, Params={"Bucket": _bucket(), "Key": place}, ExpiresIn=URL_SECONDS
    )
    return made


def names(service_id: str) -> set[str]:
    """The deployments and releases of a service."""
    return {each.split("/")[2] for each in _keys(f"services/{service_id}/")}


def clear(service_id: str, name: str) -> None:
    """Remove all that is kept of a deployment or a release; its owner at last."""
    for each in (*_keys(f"services/{service_id}/{name}/"), f"owners/{name}"):
        tell("s3", "delete_object", Bucket=_bucket(), Key=each)


def drop(place: str) -> None:
    """Remove what is kept there, if anything is."""
    tell("s3", "delete_object", Bucket=_bucket(), Key=place)


def _keys(prefix: str) -> list[str]:
    markers = ("NextContinuationToken", "ContinuationToken")
    found = pages("s3", "list_objects_v2", markers, Bucket=_bucket(), Prefix=prefix)
    return [each["Key"] for page in found for each in page.get("Contents", [])]


def _get(place: str) -> bytes | None:
    found = ask("s3", "get_object", unless=MISSING, Bucket=_bucket(), Key=place)
    return None if found is None else bytes(found["Body"].read())


def _put(place: str, text: str, *, unless: Collection[str] = (), **more: Any) -> None:
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": settings().kms_key_id}
    where = {"Bucket": _bucket(), "Key": place}
    given = {**where, **encryption, **more}
    ask("s3", "put_object", unless=unless, Body=text.encode(), **given)


def _bucket() -> str:
    return settings().apps_bucket
