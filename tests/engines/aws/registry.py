"""Container images as a builder leaves them: in Docker's words, or in OCI's."""

import hashlib
import json
from typing import Any

from moto.ecr.models import ecr_backends

DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
OCI = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
_PART = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def parts(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The blobs that a manifest names."""
    return [manifest["config"], *manifest["layers"]] if "config" in manifest else []


def push(blobs: dict[str, bytes], image: str, content: str, media_type: str = DOCKER) -> str:
    """Push an image with one layer; the digest of its manifest."""
    repository, _, tag = image.partition("/")[2].partition(":")
    config = json.dumps(
        {
            "architecture": "arm64",
            "os": "linux",
            "config": {"Env": ["PATH=/usr/bin", "GREETING=of the image"], "Cmd": ["/app"]},
            "rootfs": {"type": "layers", "diff_ids": [digest(content.encode())]},
        }
    )
    manifest = {
        "schemaVersion": 2,
        "config": _kept(blobs, config.encode(), _PART),
        "layers": [_kept(blobs, content.encode(), _LAYER)],
    }
    return put(repository, tag, manifest, media_type)


def put(repository: str, tag: str, manifest: dict[str, Any], media_type: str) -> str:
    """Tag a manifest, as a push does at its end; its digest."""
    text = json.dumps(manifest, indent=3)
    backend = ecr_backends["123456789012"]["us-east-1"]
    backend.put_image(repository, text, tag, media_type, digest(text.encode()))
    return digest(text.encode())


def _kept(blobs: dict[str, bytes], content: bytes, media_type: str) -> dict[str, Any]:
    blobs[digest(content)] = content
    return {"mediaType": media_type, "size": len(content), "digest": digest(content)}
