"""What CodeBuild is told to run: our own builder, which is shipped to the bucket."""

import hashlib
import io
import json
import zipfile
from functools import cache
from pathlib import Path

from . import shelf
from .builder import runtimes

_RUNTIMES = {"python": runtimes.PYTHON, "nodejs": runtimes.NODE, "golang": "latest"}
_PYTHON = f"python{runtimes.PYTHON}"

_PACKAGE = Path(__file__).parents[2]
_SHIPPED = (
    "__init__.py",
    "errors.py",
    "buildpacks/*.py",
    "engines/__init__.py",
    "engines/base.py",
    "engines/causes/*.py",
    "engines/aws/__init__.py",
    "engines/aws/builder/*.py",
)
_BUILDER = (
    f"PYTHONPATH=/tmp/builder.zip:/opt/orbitra /var/lang/bin/{_PYTHON} "
    "-m chalicelib.engines.aws.builder"
)
# The interpreter has the path that it has on Lambda: virtual environments keep it.
_INSTALL = (
    "mkdir -p /var/lang/bin",
    f"""ln -sf "$({_PYTHON} -c 'import sys; print(sys.executable)')" /var/lang/bin/{_PYTHON}""",
    f"/var/lang/bin/{_PYTHON} -m pip install --quiet --target /opt/orbitra honcho==2.0.0",
    'curl --fail --silent --show-error --output /tmp/builder.zip "$ORBITRA_BUILDER_URL"',
)

TEXT = json.dumps(
    {
        "version": 0.2,
        "phases": {
            "install": {"runtime-versions": _RUNTIMES, "commands": _INSTALL},
            "pre_build": {"commands": [f"{_BUILDER} clone"]},
            "build": {"commands": [f"{_BUILDER} build"]},
        },
    }
)


def shelve_builder() -> str:
    """Where the builder of this very installation lies in the bucket."""
    content = builder()
    place = f"builder/{hashlib.sha256(content).hexdigest()}.zip"
    if not shelf.has(place):
        shelf.put_bytes(place, content)
    return place


@cache
def builder() -> bytes:
    """The builder as a zip file that Python runs."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(each for pattern in _SHIPPED for each in _PACKAGE.glob(pattern)):
            name = str(path.relative_to(_PACKAGE.parent))
            archive.writestr(zipfile.ZipInfo(name), path.read_bytes())
    return written.getvalue()
