"""Projects of each kind: their packages come from the registries, the apps answer."""

import os
import re
import shutil

import pytest

from chalicelib.engines.base import Stage
from tests.local.conftest import Proxied, Supervised
from tests.local.projects import GO, NPM, PROJECT, PYTHON, VITE, live, lock, odd, package

PYTHONS = {
    "uv": {"pyproject.toml": PROJECT, "uv.lock": lock("uv.lock")},
    "pip": {"pyproject.toml": PROJECT},
    "poetry": {
        "pyproject.toml": lock("poetry.pyproject.toml"),
        "poetry.lock": lock("poetry.lock"),
    },
}


@pytest.mark.parametrize(
    ("name", "text", "fields"),
    [
        ("yarn.lock", lock("yarn.lock"), {"engines": {"node": "6.x"}}),
        ("yarn.lock", lock("yarn-4.lock"), {}),
        ("pnpm-lock.yaml", lock("pnpm-lock.yaml"), {"engines": {"node": "6.x"}}),
        ("readme", "", {"packageManager": "pnpm@8.15.9"}),
    ],
)
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
