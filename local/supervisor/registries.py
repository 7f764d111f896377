"""The package registries of this machine: builds reach them wherever their names lead.

Those are the public ones, whose names the operator's DNS may lead to a mirror, and those that the
operator's own settings name, which may well be private.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from local.supervisor.outlets import Target

_PUBLIC = (
    *("pypi.org", "files.pythonhosted.org", "registry.npmjs.org", "registry.yarnpkg.com"),
    *("proxy.golang.org", "sum.golang.org"),
)
_FILES = ("/etc/pip.conf", "/etc/npmrc", "/usr/etc/npmrc", "/usr/local/etc/npmrc")
_NAMED = ("PIP_CONFIG_FILE", "npm_config_userconfig")
_URL = re.compile(r"https?://[^\s,|\"']+")
_PROXY = re.compile(r"\s*(pip_|npm_config_)?(https?[-_])?(no)?proxy\b", re.IGNORECASE)


def registries(settings: Mapping[str, str]) -> set[Target]:
    """Where they are, by the environment that tells package managers."""
    public = {(host, 443) for host in _PUBLIC}
    return public.union(*(_named(line) for line in _lines(settings)))


def _lines(settings: Mapping[str, str]) -> Iterator[str]:
    for name, value in settings.items():
        yield f"{name}={value}"
    for path in (*_FILES, *(settings[name] for name in _NAMED if name in settings)):
        with suppress(OSError):
            yield from Path(path).read_text(errors="replace").splitlines()


def _named(line: str) -> Iterator[Target]:
    if _PROXY.match(line):
        return
    for url in _URL.findall(line):
        with suppress(ValueError):
            parts = urlsplit(url)
            if parts.hostname:
                yield parts.hostname, parts.port or (80 if parts.scheme == "http" else 443)
