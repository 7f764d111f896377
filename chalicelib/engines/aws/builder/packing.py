"""A tree as the zip file that Lambda takes, links and permissions kept."""

import os
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ....buildpacks.failures import Failure

MOST_BYTES = 240 * 1024**2  # Lambda allows 250 MiB, together with the layers


def check(tree: Path) -> None:
    """Raise Failure when a tree is larger than Lambda takes."""
    size = sum(path.lstat().st_size for path in _files(tree))
    if size > MOST_BYTES:
        raise Failure(
            f"The app with its dependencies takes {size / 1024**2:.0f} MiB, more than the "
            f"{MOST_BYTES // 1024**2} MiB that AWS Lambda takes; leave out what it does not need."
        )


def pack(tree: Path) -> Path:
    """The zip file of a tree, in a temporary place."""
    handle, name = tempfile.mkstemp(suffix=".zip")
    os.close(handle)
    with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in _files(tree):
            _add(archive, path, str(path.relative_to(tree)))
    return Path(name)


def unpack(archive: Path, tree: Path) -> None:
    """Lay out a zip file that ``pack`` has made."""
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            _lay_out(opened, info, tree / info.filename)


def _files(tree: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(tree):
        links = [name for name in folders if Path(parent, name).is_symlink()]
        paths = (Path(parent, name) for name in sorted((*files, *links)))
        yield from (path for path in paths if path.is_symlink() or path.is_file())


def _add(archive: zipfile.ZipFile, path: Path, name: str) -> None:
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    mode = path.lstat().st_mode
    readable = mode if path.is_symlink() else mode | 0o444 | (0o111 if mode & 0o100 else 0)
    info.external_attr = readable << 16
    archive.writestr(info, os.readlink(path) if path.is_symlink() else path.read_bytes())


def _lay_out(opened: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        path.symlink_to(opened.read(info).decode())
        return
    path.write_bytes(opened.read(info))
    path.chmod(stat.S_IMODE(mode))
