"""The sample apps as git repositories that can be deployed from this machine."""

import shutil
import subprocess
from pathlib import Path

SAMPLES = Path(__file__).parents[1] / "samples"
AUTHOR = ["-c", "user.name=Orbitra", "-c", "user.email=samples@example.com"]


def make_repositories(state: Path) -> dict[str, str]:
    """Commit each sample to a repository under ``state``; their ``file://`` URLs by name."""
    return {sample.name: _repository(sample, state) for sample in sorted(SAMPLES.iterdir())}


def _repository(sample: Path, state: Path) -> str:
    place = state / "samples" / sample.name
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(sample, place, ignore=shutil.ignore_patterns("node_modules", ".venv"))
    for command in (["init", "-qb", "main"], ["add", "."], ["commit", "-qm", "A sample"]):
        subprocess.run(["git", *AUTHOR, *command], cwd=place, check=True)
    return f"file://{place}"
