"""Projects of each kind, whose packages come from the registries."""

import json
from pathlib import Path

from chalicelib.engines.base import Build, Release, Stage
from tests.local.conftest import APP, Supervised

NPM = "workspace.package-lock.json"
VITE = {"vite": "7.3.8"}
LOCKS = Path(__file__).parent / "locks"
SERVER = """
const odd = require("is-odd");
require("http")
  .createServer((_, answer) => answer.end(`7 is ${odd(7) ? "odd" : "even"}`))
  .listen(process.env.PORT);
"""
PYTHON = {"app.py": f"import six\n{APP}"}
PROJECT = """[project]
name = "a"
version = "0"
requires-python = ">=3.11"
dependencies = ["six==1.17.0"]
"""
GO = """package main
import ("net/http"; "os")
func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("go")) })
	http.ListenAndServe(":" + os.Getenv("PORT"), nil)
}
"""


def lock(name: str) -> str:
    return (LOCKS / name).read_text()


def package(**fields: object) -> str:
    return json.dumps({"name": "a", "version": "1.0.0", "private": True, **fields})


def odd(**fields: object) -> dict[str, str]:
    """A server that needs is-odd; its build script must run before it starts."""
    scripts = {"build": "node -e \"fs.writeFileSync('made.js', '')\"", "start": "node -r ./made s"}
    return {
        "package.json": package(dependencies={"is-odd": "3.0.1"}, scripts=scripts, **fields),
        "s.js": SERVER,
    }


def live(supervised: Supervised, files: dict[str, str], **fields: str) -> tuple[Build, Release]:
    build, progress = supervised.build(supervised.repository(files), **fields)
    assert progress.stage is Stage.BUILT, progress.message
    release, progress = supervised.start(build, root_directory=fields.get("root_directory"))
    assert progress.stage is Stage.HEALTHY, progress.message
    return build, release
