"""Runs the pre-deploy command of an app in the tree that was built."""

import shutil
import tempfile
from pathlib import Path

from ....buildpacks.folder import working_directory
from . import commands, packing, urls
from .order import Order


def run(order: Order) -> None:
    """Lay out the artifact and run the command; Failure when it does not end well."""
    _lay_out(order)
    wanted, tree = order.build, order.tree
    root = working_directory(tree, wanted.root_directory)
    print(f"==> {order.command}", flush=True)
    commands.run(
        ["/bin/sh", "-c", order.command],
        "The pre-deploy command",
        directory=root,
        environment=commands.environment(wanted.environment, tree, root),
    )


def _lay_out(order: Order) -> None:
    shutil.rmtree(order.tree, ignore_errors=True)
    with tempfile.NamedTemporaryFile(suffix=".zip") as kept:
        urls.get(order.artifact_url, kept)
        kept.flush()
        packing.unpack(Path(kept.name), order.tree)
