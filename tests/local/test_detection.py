"""How trees are recognised."""

import json
from pathlib import Path

import pytest

from chalicelib.buildpacks.detection import build_steps
from chalicelib.buildpacks.failures import Failure
from local.supervisor.detection import start_step


def tree(place: Path, **files: str) -> Path:
    for name, text in files.items():
        path = place / name.replace("__", ".").replace("_", "-")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return place


def titles(place: Path, command: str | None = None) -> list[str]:
    return [step.title for step in build_steps(place, command)]


def package(**fields: object) -> str:
    return json.dumps(fields)


VENV = "python -m venv .venv"
PIP = "pip install -r requirements.txt"
UV = "uv sync --frozen --no-dev --inexact"
POETRY = "poetry install --no-root --only main --no-interaction"


def test_explicit_commands_win(tmp_path: Path) -> None:
    tree(tmp_path, package__json=package(scripts={"start": "x", "build": "y"}), Procfile="web: p")
    assert titles(tmp_path, "make") == ["make"]
    assert start_step(tmp_path, "run it").command == "run it"


@pytest.mark.parametrize(
    ("files", "steps"),
    [
        ({"package__json": package()}, ["npm install"]),
        ({"package__json": package(), "package_lock__json": "{}"}, ["npm ci"]),
        ({"package__json": package(scripts={"build": "x"})}, ["npm install", "npm run build"]),
        ({"requirements__txt": ""}, [VENV, PIP]),
        ({"app__py": ""}, [VENV]),
        ({"index__html": ""}, []),
        ({"pyproject__toml": "[project]"}, [VENV, "pip install ."]),
        ({"pyproject__toml": "[tool.ruff]"}, []),
        ({"pyproject__toml": "[project]", "requirements__txt": ""}, [VENV, PIP]),
        ({"pyproject__toml": "[project]", "uv__lock": ""}, [VENV, "pip install uv", UV]),
        ({"pyproject__toml": "", "poetry__lock": ""}, [VENV, "pip install poetry", POETRY]),
        (
            {"package__json": package(), "requirements__txt": ""},
            [VENV, "npm install", PIP],
        ),
    ],
)
def test_builds(tmp_path: Path, files: dict[str, str], steps: list[str]) -> None:
    assert titles(tree(tmp_path, **files)) == steps


def test_an_explicit_build_of_python_has_pip(tmp_path: Path) -> None:
    steps = build_steps(tree(tmp_path, app__py=""), "pip install .")
    assert [step.title for step in steps] == [VENV, "pip install ."]
    assert "--without-pip" not in steps[0].command


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"Procfile": "worker: w\nweb: serve --all", "app__py": ""}, "serve --all"),
        ({"package__json": package(scripts={"start": "x"}), "app__py": ""}, "npm start"),
        ({"package__json": package(main="a b.js"), "a b.js": ""}, "node 'a b.js'"),
        ({"package__json": package(main="gone.js"), "server__js": ""}, "node server.js"),
        ({"package__json": package(), "index__js": ""}, "node index.js"),
        ({"app__py": "", "main__py": ""}, "python app.py"),
        ({"main__py": ""}, "python main.py"),
        ({"package__json": package(), "main__py": ""}, "python main.py"),
        ({"package__json": package(scripts={"start": "x"}), "pnpm_lock__yaml": ""}, "pnpm start"),
        ({"go__mod": "", "index__html": ""}, "./app"),
        ({"go__mod": "", "app/app__go": ""}, "./app.bin"),
    ],
)
def test_starts(tmp_path: Path, files: dict[str, str], command: str) -> None:
    assert start_step(tree(tmp_path, **files), None).command == command


def test_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"Procfile.*package\.json.*app\.py.*start command"):
        start_step(tree(tmp_path, readme=""), None)


@pytest.mark.parametrize(("text", "said"), [("{", "not valid JSON"), ("[]", "an object")])
def test_a_broken_package_json(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(Failure, match=said):
        build_steps(tree(tmp_path, package__json=text), None)


def test_a_procfile_with_a_name_twice(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="twice"):
        start_step(tree(tmp_path, Procfile="web: a\nweb: b"), None)


def test_links_out_of_the_tree_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "secret"
    outside.write_text("web: secret")
    inside = tmp_path / "tree"
    inside.mkdir()
    (inside / "Procfile").symlink_to(outside)
    with pytest.raises(Failure, match="nothing here"):
        start_step(inside, None)
