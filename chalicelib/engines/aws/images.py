"""The container image of a release: a deployment's, with the release's own configuration.

An image's configuration holds any number of variables, where a function's environment takes 4 KB
and layers do not go with images. So a release's image has the layers of its deployment's, and
another configuration; nothing is built or copied for it.
"""

import json
import urllib.request
from typing import Any

from ..base import EngineUnavailable, Release
from . import manifests, repository
from .calls import NoAnswer, ask, tell

_LARGEST = 8 * 1024**2  # of a configuration, which is sent in one part; ECR takes up to 10 MiB
_SECONDS = 10
_TAGGED = frozenset({"ImageAlreadyExistsException", "ImageTagAlreadyExistsException"})
_UPLOADED = frozenset({"LayerAlreadyExistsException"})


def of_release(release: Release) -> str | None:
    """Where the image of a release is, made at the first call; None when its build is gone."""
    service_id, tag = release.service_id, release.release_id
    for made in filter(None, (tag, release.repeats)):
        if found := _find(service_id, {"imageTag": made}):
            return repository.reference(service_id, f"@{found['imageId']['imageDigest']}")
    built = _built(service_id, release.deployment_id)
    if built is None:
        return None
    digest = _put(service_id, tag, _derived(service_id, built, release))
    return repository.reference(service_id, f"@{digest}")


def _derived(service_id: str, built: dict[str, Any], release: Release) -> dict[str, Any]:
    """The manifest of a release's image, whose configuration is in the repository by then."""
    kept = json.loads(_download(service_id, built["config"]["digest"]))
    content = manifests.packed(manifests.configured(kept, release))
    _upload(service_id, content)
    return manifests.with_configuration(built, content)


def _built(service_id: str, deployment_id: str) -> dict[str, Any] | None:
    """The manifest of what was built, with its media type in it."""
    found = _find(service_id, {"imageTag": deployment_id})
    if found and manifests.is_index(json.loads(found["imageManifest"])):
        digest = manifests.for_arm(json.loads(found["imageManifest"]))
        found = _find(service_id, {"imageDigest": digest}) if digest else None
    if found is None:
        return None
    manifest = json.loads(found["imageManifest"])
    return {**manifest, "mediaType": found["imageManifestMediaType"]}


def _find(service_id: str, which: dict[str, str]) -> dict[str, Any] | None:
    found = ask(
        "ecr",
        "batch_get_image",
        unless=repository.MISSING,
        repositoryName=repository.name(service_id),
        imageIds=[which],
        acceptedMediaTypes=list(manifests.MEDIA_TYPES),
    )
    return next(iter((found or {}).get("images", ())), None)


def _put(service_id: str, tag: str, manifest: dict[str, Any]) -> str:
    """Tag a manifest; the digest of what has the tag, which stays with what had it first."""
    content = manifests.packed(manifest)
    ask(
        "ecr",
        "put_image",
        unless=_TAGGED,
        repositoryName=repository.name(service_id),
        imageManifest=content.decode(),
        imageManifestMediaType=manifest["mediaType"],
        imageDigest=manifests.digest(content),
        imageTag=tag,
    )
    found = _find(service_id, {"imageTag": tag})
    if found is None:
        raise EngineUnavailable(f"ecr does not know the tag {tag} yet")
    return str(found["imageId"]["imageDigest"])


def _upload(service_id: str, content: bytes) -> None:
    which = {"repositoryName": repository.name(service_id)}
    begun = tell("ecr", "initiate_layer_upload", **which)
    which["uploadId"] = begun["uploadId"]
    part = {"partFirstByte": 0, "partLastByte": len(content) - 1, "layerPartBlob": content}
    tell("ecr", "upload_layer_part", **which, **part)
    whole = [manifests.digest(content)]
    ask("ecr", "complete_layer_upload", unless=_UPLOADED, **which, layerDigests=whole)


def _download(service_id: str, digest: str) -> bytes:
    which = {"repositoryName": repository.name(service_id), "layerDigest": digest}
    url = tell("ecr", "get_download_url_for_layer", **which)["downloadUrl"]
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS) as answer:  # noqa: S310 (ECR's own)
            content = bytes(answer.read(_LARGEST))
    except OSError as error:
        raise NoAnswer(f"ecr download of {digest}: {error!r}") from error
    if manifests.digest(content) != digest:
        raise EngineUnavailable(f"ecr handed out something else than {digest}")
    return content
