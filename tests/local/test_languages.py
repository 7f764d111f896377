"""What each language's files lead to."""

import shlex
import subprocess
from pathlib import Path

import pytest

from chalicelib.buildpacks import node_versions, package_managers
from chalicelib.buildpacks.detection import build_steps, remarks
from chalicelib.buildpacks.failures import Failure, hint
from chalicelib.buildpacks.folder import Folder
from local.supervisor.detection import start_step
from tests.local.test_detection import VENV, package, titles, tree

BERRY = "__metadata:\n  version: 8\n"


@pytest.mark.parametrize(
    ("named", "files", "installed", "install"),
    [
        ("", {}, None, "npm install"),
        ("", {"npm_shrinkwrap__json": ""}, None, "npm ci"),
        ("npm@10.9.0", {"package_lock__json": ""}, "npm@10.9.0", "npm ci"),
        ("", {"yarn__lock": ""}, "yarn@1", "yarn install --production=false --frozen-lockfile"),
        ("", {"yarn__lock": BERRY}, "@yarnpkg/cli-dist@4", "yarn install --immutable"),
        (
            "yarn@3.8.7",
            {"yarn__lock": BERRY},
            "@yarnpkg/cli-dist@3.8.7",
            "yarn install --immutable",
        ),
        ("yarn@4", {}, "@yarnpkg/cli-dist@4", "yarn install"),
        ("yarn@1.22.19", {}, "yarn@1.22.19", "yarn install --production=false"),
        ("", {"pnpm_lock__yaml": ""}, "pnpm@9", "pnpm install --prod=false --frozen-lockfile"),
        (
            "",
            {"pnpm_lock__yaml": "lockfileVersion: '6.0'"},
            "pnpm@8",
            "pnpm install --prod=false --frozen-lockfile",
        ),
        (
            "pnpm@10.4.1+sha512.abc",
            {},
            "pnpm@10.4.1",
            "pnpm install --prod=false --no-frozen-lockfile",
        ),
        ("pnpm@$(rm -r .)", {"package_lock__json": ""}, None, "npm ci"),
    ],
)
def test_package_managers(
    tmp_path: Path, named: str, files: dict[str, str], installed: str | None, install: str
) -> None:
    tree(tmp_path, package__json=package(packageManager=named), **files)
    manager = package_managers.of(Folder(tmp_path))
    assert (manager.package, manager.install) == (installed, install)


def test_a_build_script_runs_with_the_same_manager(tmp_path: Path) -> None:
    tree(tmp_path, package__json=package(scripts={"build": "x"}), yarn__lock="")
    assert titles(tmp_path)[0] == "npm install --global yarn@1"
    assert titles(tmp_path)[-1] == "yarn run build"


def test_an_explicit_build_has_the_tools(tmp_path: Path) -> None:
    tree(tmp_path, package__json=package(), pnpm_lock__yaml="", pyproject__toml="", uv__lock="")
    assert titles(tmp_path, "make") == [
        VENV, "pip install uv", "npm install --global pnpm@9", "make"
    ]  # fmt: skip


@pytest.mark.parametrize("tool", ["uv", "poetry"])
def test_a_tool_of_this_machine_is_used(tmp_path: Path, tool: str) -> None:
    place = commands(tmp_path / "bin", tool)
    (place / tool).write_text("#!/bin/sh\necho mine")
    step = build_steps(tree(tmp_path, pyproject__toml="", **{f"{tool}__lock": ""}), None)[1]
    said = subprocess.run(
        ["/bin/sh", "-c", step.command],
        env={"PATH": str(place)},
        stdout=subprocess.PIPE,
        check=True,
    )
    assert (step.title, said.stdout) == (f"pip install {tool}", b"mine\n")


@pytest.mark.parametrize(
    ("top", "at_top"),
    [
        ({"package__json": package(workspaces=["web"]), "package_lock__json": ""}, True),
        ({"package__json": package(), "pnpm_lock__yaml": "", "pnpm_workspace__yaml": ""}, True),
        ({"package__json": package(), "package_lock__json": ""}, False),
        ({"package__json": package(workspaces=["web"])}, False),
    ],
)
def test_workspaces(tmp_path: Path, top: dict[str, str], at_top: bool) -> None:
    tree(tmp_path, **top, **{"web/package__json": package(scripts={"build": "x", "start": "y"})})
    steps = build_steps(tmp_path / "web", None, tmp_path)
    assert steps[-2].directory == (tmp_path if at_top else tmp_path / "web")
    assert steps[-1].directory is None
    assert start_step(tmp_path / "web", None, tmp_path).title.endswith(" start")


def test_a_lock_file_of_its_own(tmp_path: Path) -> None:
    top = {"package__json": package(workspaces=["web"]), "yarn__lock": ""}
    tree(tmp_path, **top, **{"web/package__json": package(), "web/package-lock.json": "{}"})
    assert build_steps(tmp_path / "web", None, tmp_path)[0].directory == tmp_path / "web"


@pytest.mark.parametrize(
    ("wanted", "majors"),
    [
        ("20", {20}),
        ("20.x", {20}),
        ("^18.2.0 || >=20.1", {18, 20, 21, 22}),
        (">=18 <21", {18, 19, 20}),
        (">=18.0.0 <20.0.0", {18, 19}),
        ("18 - 20", {18, 19, 20}),
        ("> 20", {21, 22}),
        ("<=v19", {18, 19}),
        ("~20.3", {20}),
        ("*", {18, 19, 20, 21, 22}),
        ("lts/*", {18, 19, 20, 21, 22}),
    ],
)
def test_ranges_of_node(wanted: str, majors: set[int]) -> None:
    assert {each for each in range(18, 23) if node_versions.allows(wanted, each)} == majors


def test_another_node_is_remarked(tmp_path: Path) -> None:
    tree(tmp_path, package__json=package(engines={"node": "6.x"}))
    [remark] = remarks(tmp_path)
    assert 'asks for Node "6.x" (engines.node), but this machine has Node ' in remark
    assert remarks(tree(tmp_path, package__json=package(engines={"node": ">=6"}))) == []
    assert remarks(tree(tmp_path, package__json=package(engines="6"))) == []


def commands(place: Path, *names: str) -> Path:
    place.mkdir()
    for name in names:
        (place / name).touch(0o755)
    return place


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"main__go": ""}, "go build -o app ."),
        ({"cmd/web/main__go": ""}, "go build -o app ./cmd/web"),
        ({"cmd/a b/main__go": ""}, "go build -o app './cmd/a b'"),
        ({"cmd/web/main__go": "", "app/x__go": ""}, "go build -o app.bin ./cmd/web"),
    ],
)
def test_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], command: str
) -> None:
    monkeypatch.setenv("PATH", str(commands(tmp_path / "bin", "go")))
    assert titles(tree(tmp_path, go__mod="", **files)) == [command]


def test_go_with_several_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(commands(tmp_path / "bin", "go")))
    with pytest.raises(Failure, match=r"cmd/ holds 2 folders. Set a build command"):
        titles(tree(tmp_path, go__mod="", **{"cmd/a/a__go": "", "cmd/b/b__go": ""}))


def test_a_machine_without_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Failure, match=r"This machine has no Go .*https://go\.dev/dl/"):
        titles(tree(tmp_path, go__mod="", main__go=""))
    assert titles(tmp_path, "make") == ["make"]


@pytest.mark.parametrize(
    ("files", "title", "options"),
    [
        ({"index__html": ""}, "Serving the static files", ["--", "."]),
        ({"public/index__html": ""}, "Serving the static files in public/", ["--", "public"]),
        ({"dist/index__html": ""}, "", []),
        ({"package__json": package(), "index__html": ""}, "", []),
        ({"requirements__txt": "", "index__html": ""}, "", []),
        *(
            (
                {"package__json": package(scripts={"build": "x"}), f"{name}/index__html": ""},
                f"Serving the static files in {name}/",
                ["--fallback", "--", name],
            )
            for name in ("dist", "build", "out")
        ),
        ({"package__json": package(scripts={"build": "x"}), "index__html": ""}, "", []),
    ],
)
def test_static_sites(
    tmp_path: Path, files: dict[str, str], title: str, options: list[str]
) -> None:
    tree(tmp_path, **files)
    if not title:
        with pytest.raises(Failure, match="nothing here"):
            start_step(tmp_path, None)
        return
    step = start_step(tmp_path, None)
    assert step.title == title
    assert shlex.split(step.command)[5:] == options


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("sh: 1: npm: not found", "This machine has no Node"),
        ('npm error Run "npm help ci" for more info', "run npm install and push"),
        ("npm error `npm ci` can only install packages when your", "run npm install and push"),
        (" ERR_PNPM_OUTDATED_LOCKFILE  Cannot", "run pnpm install and push"),
        ("error Your lockfile needs to be updated, but yarn", "run yarn install and push"),
        ("YN0028: The lockfile would have been modified", "run yarn install and push"),
        ("pyproject.toml changed significantly since poetry.lock was", "run poetry lock and push"),
        ("error: Failed to parse `uv.lock`", "run uv lock and push"),
        ("No interpreter found for Python 3.99 in managed", "has no Python 3.99 and could not"),
        ("/releases/download/20261110/cpython-3.14.10%2B2026", "has no Python 3.14 and"),
        ("Current Python version (3.11.7) is not allowed by the", "builds with Python 3.11.7; let"),
        ("a requires a different Python: 3.11.7 not in '>=3.12'", "builds with Python 3.11.7; let"),
        ("error: Multiple top-level packages discovered in a flat", "requirements.txt, or name"),
    ],
)
def test_advice(said: str, advice: str) -> None:
    assert advice in hint(said)


def test_broken_toml(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"pyproject\.toml is not valid TOML"):
        titles(tree(tmp_path, pyproject__toml="["))
