"""The package: what runs on Lambda, and nothing else, the same bytes from the same sources."""

import json
import py_compile
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import distributions
from pathlib import Path
from tempfile import TemporaryDirectory

from chalice.app import Chalice

from . import SOURCES, DeployError, roots, template
from .runtime import VERSION

PLATFORMS = {
    "arm64": ("manylinux_2_28_aarch64", "manylinux2014_aarch64"),
    "x86_64": ("manylinux_2_28_x86_64", "manylinux2014_x86_64"),
}
SENT = ("app.py", "chalicelib", "vendor")
# Lambda has boto3 with what it needs; cffi compiles nothing there, and no address is looked up.
IN_THE_RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six.py", "urllib3")
NEVER_IMPORTED = ("cffi", "dns", "pycparser")
CHALICE_RUNS = ("__init__.py", "app.py")
NOT_RUN = ("*.dist-info", "bin", "*.pyi", "py.typed", "__pycache__", "tests", "README*", "LICENSE*")
MOMENT = (1980, 1, 1, 0, 0, 0)
LARGEST = 12 * 1024 * 1024


def make(app: Chalice, out: Path, architecture: str) -> Path:
    """Write ``package.zip`` and ``template.json`` into a directory; the path of the package."""
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as place:
        tree = Path(place, "tree")
        add_sources(tree)
        _add_libraries(tree, architecture)
        (tree / roots.FILE).write_text(roots.of_amazon(), "ascii")
        compile_tree(tree)
        package = zip_tree(tree, out / "package.zip")
    (out / "template.json").write_text(json.dumps(template.make(app), indent=1), "utf-8")
    return package


def _add_libraries(tree: Path, architecture: str) -> None:
    """What ``requirements.txt`` asks for, at the versions that run here."""
    libraries = tree.with_name("libraries")
    required = (SOURCES / "requirements.txt").read_text("utf-8").splitlines()
    chalice = [line for line in required if line.startswith("chalice=")]
    others = [line for line in required if line not in chalice and not line.startswith("#")]
    _pip(libraries, architecture, others)
    _pip(libraries, architecture, ["--no-deps", *chalice])
    _prune(libraries)
    shutil.copytree(libraries, tree, dirs_exist_ok=True)


def _pip(target: Path, architecture: str, wanted: list[str]) -> None:
    pins = target.with_name("pins.txt")
    pins.write_text("\n".join(f"{one.name}=={one.version}" for one in distributions()), "utf-8")
    platforms = [f"--platform={name}" for name in PLATFORMS[architecture]]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile"]
    command += ["--disable-pip-version-check", "--only-binary=:all:", f"--python-version={VERSION}"]
    command += ["--implementation=cp", f"--constraint={pins}", f"--target={target}"]
    done = subprocess.run(
        [*command, *platforms, *wanted], check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise DeployError(f"pip could not get what the package needs:\n{done.stderr.strip()}")


def _prune(libraries: Path) -> None:
    for name in IN_THE_RUNTIME + NEVER_IMPORTED:
        _remove(libraries / name)
    for kept in (libraries / "chalice").iterdir():
        if kept.name not in CHALICE_RUNS:
            _remove(kept)
    for pattern in NOT_RUN:
        for found in list(libraries.rglob(pattern)):
            _remove(found)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def add_sources(tree: Path) -> None:
    """Write our own sources into a new directory, and the table of routes."""
    without = shutil.ignore_patterns("__pycache__", "routes.json")
    tree.mkdir()
    for name in SENT:
        source = SOURCES / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=without)
        elif source.exists():
            shutil.copy(source, tree / name)
    table = [sys.executable, "-B", "-m", "chalicelib.http.table"]
    subprocess.run(table, cwd=tree, check=True)


def compile_tree(tree: Path) -> None:
    """Write bytecode that is never compared with its source: a cold start has no time for it."""
    for source in sorted(tree.rglob("*.py")):
        shown = source.relative_to(tree).as_posix()
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        py_compile.compile(str(source), dfile=shown, doraise=True, invalidation_mode=mode)


def zip_tree(tree: Path, package: Path) -> Path:
    """Write a package, the same bytes from the same files.

    Raises ``DeployError`` where it is too large.
    """
    files = sorted(path for path in tree.rglob("*") if path.is_file())
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        for path in files:
            made.writestr(_entry(path.relative_to(tree)), path.read_bytes())
    if package.stat().st_size > LARGEST:
        raise DeployError(f"the package has {package.stat().st_size} bytes, {LARGEST} at most")
    return package


def _entry(path: Path) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(path.as_posix(), MOMENT)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry
