"""Manifests and configurations of container images, Docker's and OCI's: what is said in them."""

import hashlib
import json
from typing import Any

from ..base import Release

_INDEXES = (
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
)
MEDIA_TYPES = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    *_INDEXES,
)


def digest(content: bytes) -> str:
    """The name of what is in a registry."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def packed(value: dict[str, Any]) -> bytes:
    """A manifest or a configuration as it is sent; the same is always the same bytes."""
    return json.dumps(value, separators=(",", ":")).encode()


def is_index(manifest: dict[str, Any]) -> bool:
    """Whether a manifest is but a list of those of several platforms."""
    return "manifests" in manifest


def for_arm(index: dict[str, Any]) -> str | None:
    """The digest of an index's manifest for Linux on arm64."""
    platforms = ((each.get("platform", {}), each["digest"]) for each in index["manifests"])
    wanted = {"os": "linux", "architecture": "arm64"}
    return next((str(name) for found, name in platforms if wanted.items() <= found.items()), None)


def with_configuration(manifest: dict[str, Any], content: bytes) -> dict[str, Any]:
    """The manifest of the same layers with another configuration."""
    said = {"size": len(content), "digest": digest(content)}
    return {**manifest, "config": {**manifest["config"], **said}}


def configured(configuration: dict[str, Any], release: Release) -> dict[str, Any]:
    """An image's configuration with the variables of a release, and its start command if any."""
    own = configuration.get("config") or {}
    variables = {
        "HOME": "/tmp",  # noqa: S108 (the only place that Lambda lets an app write to)
        **dict(each.partition("=")[::2] for each in own.get("Env") or ()),
        **release.environment,
        "PORT": str(release.port),
    }
    changed: dict[str, Any] = {"Env": [f"{key}={value}" for key, value in variables.items()]}
    if release.start_command:
        changed |= {"Entrypoint": ["/bin/sh", "-c", release.start_command], "Cmd": []}
    return {**configuration, "config": {**own, **changed}}
