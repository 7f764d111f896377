"""Makes what AWS Lambda would be given: the sources, compiled, with the table of routes."""

import compileall
import json
import shutil
import subprocess
import sys
from pathlib import Path

SOURCES = Path(__file__).parent.parent
ROUTES = 120


def make(directory: Path) -> None:
    """Write the package into an empty directory."""
    shutil.copy(SOURCES / "app.py", directory)
    without = shutil.ignore_patterns("__pycache__", "routes.json")
    shutil.copytree(SOURCES / "chalicelib", directory / "chalicelib", ignore=without)
    subprocess.run([sys.executable, "-m", "chalicelib.http.table"], cwd=directory, check=True)
    compileall.compile_dir(str(directory), quiet=1)


def pad(directory: Path) -> None:
    """Declare a package's first route again under other names until there are ``ROUTES``."""
    table = directory / "chalicelib/http/routes.json"
    rows = json.loads(table.read_text("utf-8"))
    name, method, path, module = rows[0]
    more = range(ROUTES - len(rows))
    rows += [[f"{name}_{number}", method, f"{path}-{number}", module] for number in more]
    table.write_text(json.dumps(rows), "utf-8")
