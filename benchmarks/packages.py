"""The packages that are compared, unpacked: ours as ``make package`` makes it, and the bare one."""

import shutil
from pathlib import Path
from zipfile import ZipFile

from deploy import commands, package
from tests.deploy.runtime import HERE


def ours(place: Path) -> Path:
    """What would be deployed to this machine's processor."""
    commands.make_package(place, HERE, lambda _: None)
    return _unpacked(place / "package.zip")


def bare(place: Path) -> Path:
    """The bare handler, and nothing else: a runtime brings boto3."""
    tree = place / "tree"
    tree.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("bare.py"), tree)
    package.compile_tree(tree)
    return _unpacked(package.zip_tree(tree, place / "package.zip"))


def _unpacked(made: Path) -> Path:
    with ZipFile(made) as archive:
        archive.extractall(made.with_name("unpacked"))
    return made.with_name("unpacked")
