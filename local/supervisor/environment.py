"""The environment of users' commands: little of the operator's, all of the user's."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from chalicelib.engines.base import Build, Release
from local.supervisor.places import Places

_LOCALE = {"PATH", "LANG", "LC_ALL", "TZ"}
_CERTIFICATES = {
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO",
}
_PROXIES = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}
_PASSED = _LOCALE | _CERTIFICATES | _PROXIES | {name.lower() for name in _PROXIES}
# How the operator reaches package registries, perhaps with a password: for builds only.
_REGISTRIES = (
    *("PIP_", "npm_config_", "NPM_CONFIG_", "YARN_REGISTRY", "YARN_NPM_REGISTRY_SERVER"),
    *("UV_INDEX", "UV_DEFAULT_INDEX", "GOPROXY", "GOSUMDB", "GONOSUMDB"),
)
# What package managers take for their proxy before HTTPS_PROXY, or instead of it.
_PROXY_SETTINGS = (
    *("PIP_PROXY", "npm_config_proxy", "npm_config_https_proxy"),
    *("YARN_HTTP_PROXY", "YARN_HTTPS_PROXY"),
)
# Each service has its own caches: what one build leaves there, no other service's build reads.
_CACHES = {
    "XDG_CACHE_HOME": "",
    "PIP_CACHE_DIR": "pip",
    "UV_CACHE_DIR": "uv",
    "POETRY_CACHE_DIR": "pypoetry",
    "npm_config_cache": "npm",
    "YARN_CACHE_FOLDER": "yarn",
    "YARN_GLOBAL_FOLDER": "yarn-global",
    "PNPM_HOME": "pnpm",
    "GOCACHE": "go-build",
    "GOMODCACHE": "go-modules",
}


def operator(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What every command may see of the operator's environment."""
    return {name: value for name, value in environ.items() if name in _PASSED}


def for_build(
    build: Build, places: Places, root: Path, *, way_out: str | None = None
) -> dict[str, str]:
    """The environment of a build's commands; ``way_out`` is the HTTP proxy that they need."""
    caches = places.caches(build.service_id)
    mine = {
        **_led(_base(places.home(build.deployment_id)), way_out),
        **registries(),
        **(dict.fromkeys(_PROXY_SETTINGS, way_out) if way_out else {}),
        **{name: str(caches / folder) for name, folder in _CACHES.items()},
        "POETRY_VIRTUALENVS_IN_PROJECT": "true",
        # A user's NODE_ENV=production must not take away what the build itself needs.
        "npm_config_include": "dev",
    }
    tree = places.artifact(build.deployment_id)
    return _with_paths({**mine, **build.environment}, tree, root)


def for_run(
    release: Release, places: Places, root: Path, port: int | None, *, way_out: str | None = None
) -> dict[str, str]:
    """The environment of a release's processes, which have this port, if any.

    ``way_out`` is the HTTP proxy that they need.
    """
    home = places.home(release.deployment_id)
    mine = {**_led(_base(home), way_out), "NODE_ENV": "production"}
    tree = places.artifact(release.deployment_id)
    given = {"PORT": str(port)} if port else {}
    return _with_paths({**mine, **release.environment, **given}, tree, root)


def _base(home: Path) -> dict[str, str]:
    return {**operator(), "HOME": str(home), "PYTHONUNBUFFERED": "1"}


def _led(env: Mapping[str, str], way_out: str | None) -> dict[str, str]:
    """With this way out in the place of the operator's, if there is one."""
    if not way_out:
        return dict(env)
    return {k: value for k, value in env.items() if k.upper() not in _PROXIES} | _proxied(way_out)


def _proxied(way_out: str) -> dict[str, str]:
    named = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
    local = dict.fromkeys(("NO_PROXY", "no_proxy"), "localhost,127.0.0.1")
    return {**dict.fromkeys(named, way_out), **local, "NODE_USE_ENV_PROXY": "1"}


def registries() -> dict[str, str]:
    """How the operator has told package managers which registries to use."""
    found = {name: value for name, value in os.environ.items() if name.startswith(_REGISTRIES)}
    home = Path.home()
    for name, path in (
        ("npm_config_userconfig", home / ".npmrc"),
        ("PIP_CONFIG_FILE", home / ".pip/pip.conf"),
        ("PIP_CONFIG_FILE", home / ".config/pip/pip.conf"),
    ):
        if path.is_file():
            found.setdefault(name, str(path))
    return found


def _with_paths(env: dict[str, str], tree: Path, root: Path) -> dict[str, str]:
    # A workspace finds the commands of its dependencies at the top of the repository.
    modules = [str(place / "node_modules/.bin") for place in dict.fromkeys((root, tree))]
    first = [str(root / ".venv/bin"), str(root / ".orbitra/bin"), *modules]
    own = str(Path(sys.prefix) / "bin")
    rest = [path for path in env.get("PATH", os.defpath).split(os.pathsep) if path != own]
    env["PATH"] = os.pathsep.join(first + rest)
    if (root / ".venv").is_dir():
        env["VIRTUAL_ENV"] = str(root / ".venv")
    return env
