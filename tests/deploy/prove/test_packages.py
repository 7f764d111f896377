"""Two packages of the same sources are the same, for each processor."""

import hashlib
from pathlib import Path

import pytest

from deploy import commands, package


@pytest.mark.parametrize("architecture", sorted(package.PLATFORMS))
def test_two_have_one_hash(tmp_path: Path, architecture: str) -> None:
    for name in ("one", "another"):
        commands.make_package(tmp_path / name, architecture, lambda _: None)
    digests = {hashlib.sha256(file.read_bytes()).digest() for file in tmp_path.rglob("*.zip")}
    assert len(digests) == 1
