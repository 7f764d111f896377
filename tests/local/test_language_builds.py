"""Projects that are built with little or nothing from the registries; the apps answer."""

import shutil

import pytest

from chalicelib.engines.base import Stage
from tests.local.conftest import Proxied, Supervised
from tests.local.projects import GO, NPM, live, lock, package


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
