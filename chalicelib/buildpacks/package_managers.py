"""Which of npm, Yarn and pnpm a package wants, in which version, and how that installs."""

import re
from dataclasses import dataclass
from pathlib import Path

from .folder import Folder, Step

LOCKS = ("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml")
_WANTED = re.compile(r"(npm|yarn|pnpm)@(\d+(?:\.\d+){0,2}(?:-[\w.]+)?)")
# Only Yarn 1 refuses a Node that engines.node does not name; only Yarn 1 knows the variable.
_LENIENT = "YARN_IGNORE_ENGINES=true "
_PNPM_OF_LOCK = {"5": "7", "6": "8", "9": "9"}


@dataclass(frozen=True)
class PackageManager:
    """A package manager: its name, the npm package it comes in, its install command."""

    name: str
    package: str | None
    install: str
    environment: str = ""

    def step(self, command: str, directory: Path | None = None) -> Step:
        """A step that runs one of its commands."""
        return Step(command, f"{self.environment}{command}", directory)


def of(folder: Folder) -> PackageManager:
    """The manager that package.json names, else the one whose lock file is there, else npm."""
    named = _WANTED.match(str((folder.json("package.json") or {}).get("packageManager", "")))
    name = named[1] if named else _by_lock(folder)
    return {"npm": _npm, "yarn": _yarn, "pnpm": _pnpm}[name](folder, named[2] if named else None)


def _by_lock(folder: Folder) -> str:
    if folder.has("pnpm-lock.yaml"):
        return "pnpm"
    return "yarn" if folder.has("yarn.lock") else "npm"


def _npm(folder: Folder, version: str | None) -> PackageManager:
    locked = folder.has("package-lock.json", "npm-shrinkwrap.json")
    install = "npm ci" if locked else "npm install"
    return PackageManager("npm", f"npm@{version}" if version else None, install)


def _yarn(folder: Folder, version: str | None) -> PackageManager:
    lock = folder.beginning("yarn.lock")
    version = version or ("4" if "__metadata:" in (lock or "") else "1")
    if version.split(".")[0] == "1":
        frozen = "" if lock is None else " --frozen-lockfile"
        install = f"yarn install --production=false{frozen}"
        return PackageManager("yarn", f"yarn@{version}", install, _LENIENT)
    install = "yarn install" + ("" if lock is None else " --immutable")
    return PackageManager("yarn", f"@yarnpkg/cli-dist@{version}", install)


def _pnpm(folder: Folder, version: str | None) -> PackageManager:
    lock = folder.beginning("pnpm-lock.yaml")
    written = re.search(r"^lockfileVersion: '?(\d+)", lock or "", re.MULTILINE)
    version = version or _PNPM_OF_LOCK.get(written[1] if written else "", "9")
    frozen = "--no-frozen-lockfile" if lock is None else "--frozen-lockfile"
    return PackageManager("pnpm", f"pnpm@{version}", f"pnpm install --prod=false {frozen}")
