"""Projects of each kind: their packages come from the registries, the apps answer."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from chalicelib.engines.base import Build, Release, Stage
from tests.local.conftest import APP, Proxied, Supervised
from tests.prove import PROVE

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


PYTHONS = {"pip": {"pyproject.toml": PROJECT}}
if PROVE:
    PYTHONS["uv"] = {"pyproject.toml": PROJECT, "uv.lock": lock("uv.lock")}
    PYTHONS["poetry"] = {
        "pyproject.toml": lock("poetry.pyproject.toml"),
        "poetry.lock": lock("poetry.lock"),
    }


NODES: list[tuple[str, str, dict[str, object]]] = [
    ("pnpm-lock.yaml", lock("pnpm-lock.yaml"), {"engines": {"node": "6.x"}})
]
if PROVE:
    NODES += [
        ("yarn.lock", lock("yarn.lock"), {"engines": {"node": "6.x"}}),
        ("yarn.lock", lock("yarn-4.lock"), {}),
        ("readme", "", {"packageManager": "pnpm@8.15.9"}),
    ]


@pytest.mark.parametrize(("name", "text", "fields"), NODES)
def test_node(
    supervised: Supervised, proxied: Proxied, name: str, text: str, fields: dict[str, object]
) -> None:
    build, release = live(supervised, {**odd(**fields), name: text})
    assert proxied.get(proxied.knows(supervised.host(release))).text == "7 is odd"
    said = supervised.engine.build_log(build.deployment_id)
    assert ("Warning: package.json asks for Node" in said) == ("engines" in fields)


@pytest.mark.parametrize("files", PYTHONS.values(), ids=PYTHONS)
def test_python(supervised: Supervised, proxied: Proxied, files: dict[str, str]) -> None:
    _, release = live(supervised, {**PYTHON, **files})
    assert proxied.get(proxied.knows(supervised.host(release))).text == "hello"


def test_a_static_site(supervised: Supervised, proxied: Proxied) -> None:
    _, release = live(supervised, {"index.html": "<h1>Hi</h1>", "a.css": "a {}", ".env": "x"})
    host = proxied.knows(supervised.host(release))
    assert proxied.get(host).text == "<h1>Hi</h1>"
    assert proxied.get(host, "/a.css").headers["content-type"] == "text/css; charset=utf-8"
    assert proxied.get(host, "/.env").status_code == 404
    assert "Serving the static files\n" in supervised.log(release)


def test_a_site_made_by_a_build_script(supervised: Supervised, proxied: Proxied) -> None:
    script = "node -e \"fs.mkdirSync('dist'); fs.writeFileSync('dist/index.html', 'made')\""
    files = {"package.json": package(scripts={"build": script}), "index.html": "source"}
    _, release = live(supervised, files)
    host = proxied.knows(supervised.host(release))
    assert proxied.get(host).text == "made"
    assert proxied.get(host, "/a/route").text == "made"
    assert proxied.get(host, "/gone.js").status_code == 404


def test_a_site_made_by_vite(supervised: Supervised, proxied: Proxied) -> None:
    scripts = {"dev": "vite", "build": "vite build"}
    files = {
        "package.json": package(type="module", scripts=scripts, devDependencies=VITE),
        "index.html": '<title>V</title><script type="module" src="/src/main.js"></script>',
        "src/main.js": 'import "./style.css"; document.title = `made by ${"Vite"}`;',
        "src/style.css": "body { color: teal }",
    }
    _, release = live(supervised, files)
    host = proxied.knows(supervised.host(release))
    page = proxied.get(host).text
    [script] = re.findall(r'src="(/assets/[^"]+[.]js)"', page)
    [style] = re.findall(r'href="(/assets/[^"]+[.]css)"', page)
    assert "made by" in proxied.get(host, script).text
    assert proxied.get(host, style).headers["content-type"] == "text/css; charset=utf-8"
    assert proxied.get(host, "/src/main.js").status_code == 404


@pytest.mark.parametrize(
    "top",
    [
        {
            "package.json": package(workspaces=["web"]),
            "package-lock.json": lock(NPM),
        },
        {
            "package.json": package(),
            "pnpm-workspace.yaml": "packages:\n- web\n",
            "pnpm-lock.yaml": lock("workspace.pnpm-lock.yaml"),
        },
    ],
    ids=["npm", "pnpm"],
)
def test_a_workspace(supervised: Supervised, proxied: Proxied, top: dict[str, str]) -> None:
    files = {**top, **{f"web/{name}": text for name, text in odd(name="web").items()}}
    _, release = live(supervised, files, root_directory="web")
    assert proxied.get(proxied.knows(supervised.host(release))).text == "7 is odd"


@pytest.mark.skipif(not shutil.which("go"), reason="This machine has no Go.")
def test_go(supervised: Supervised, proxied: Proxied) -> None:
    _, release = live(supervised, {"go.mod": "module a\n\ngo 1.21\n", "cmd/web/main.go": GO})
    assert proxied.get(proxied.knows(supervised.host(release))).text == "go"


def test_caches_belong_to_a_service(supervised: Supervised) -> None:
    url = supervised.repository({**odd(), "pnpm-lock.yaml": lock("pnpm-lock.yaml")})
    first, _ = supervised.build(url)
    caches = supervised.state / "run/caches"
    mine = caches / first.service_id
    assert {"npm", "pnpm"} <= set(os.listdir(mine))
    again, progress = supervised.build(url, service_id=first.service_id)
    assert progress.stage is Stage.BUILT
    assert "downloaded 0" in supervised.engine.build_log(again.deployment_id)
    other, _ = supervised.build(url)
    assert "reused 0" in supervised.engine.build_log(other.deployment_id)
    supervised.engine.remove(first.service_id)
    assert not mine.exists()
    assert (caches / other.service_id).exists()


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"package.json": package(dependencies={"a": "1"}), "package-lock.json": lock(NPM)},
            "package-lock.json does not fit the dependencies; run npm install",
        ),
        (
            {"package.json": package(), "pnpm-lock.yaml": lock("pnpm-lock.yaml")},
            "pnpm-lock.yaml does not fit the dependencies; run pnpm install",
        ),
    ],
    ids=["npm", "pnpm"],
)
def test_lock_files_that_do_not_fit(
    supervised: Supervised, files: dict[str, str], said: str
) -> None:
    _, progress = supervised.build(supervised.repository(files))
    assert progress.stage is Stage.FAILED
    assert said in (progress.message or "")


@pytest.mark.skipif(bool(shutil.which("go")), reason="This machine has Go.")
def test_a_machine_without_go(supervised: Supervised) -> None:
    _, progress = supervised.build(supervised.repository({"go.mod": "module a\n", "a.go": GO}))
    assert progress.stage is Stage.FAILED
    assert (progress.message or "").startswith("This machine has no Go ")
