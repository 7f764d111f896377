"""``python -m chalicelib.engines.aws.builder clone|build``: the two phases of a run."""

import os
import sys
from pathlib import Path
from typing import Any

from ....buildpacks.failures import Failure
from ...base import Phase
from . import making, preparing, urls
from .order import Order

COMMIT = "/tmp/orbitra-commit"  # noqa: S108 (the container is the build's own)


def main() -> int:
    """Do the phase that is named; its exit status. The last word goes to the result's URL."""
    order = _order()
    phase: Phase = "clone" if sys.argv[1] == "clone" else "build"
    try:
        _PHASES[phase](order)
    except Failure as failure:
        print(f"==> Failed: {failure}", flush=True)
        _leave(order, {"failure": str(failure), "phase": phase})
        return 1
    return 0


def _clone(order: Order) -> None:
    if order.kind == "build":
        Path(COMMIT).write_text(making.clone(order))


def _build(order: Order) -> None:
    if order.kind == "pre_deploy":
        preparing.run(order)
        _leave(order, {})
        return
    found = making.build(order)
    commit = Path(COMMIT).read_text()
    print(f"==> Built commit {commit}", flush=True)
    _leave(order, {"commit": commit, **found})


def _leave(order: Order, result: dict[str, Any]) -> None:
    urls.put_json(order.result_url, result)


def _order() -> Order:
    tree = Path(os.environ.get("ORBITRA_TREE", "/var/task"))
    return Order.of(urls.get_json(os.environ["ORBITRA_ORDER_URL"]), tree)


_PHASES = {"clone": _clone, "build": _build}

if __name__ == "__main__":
    raise SystemExit(main())
