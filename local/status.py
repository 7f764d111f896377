"""What runs on this machine, at a glance: ``python -m local.status [--watch]``."""

import argparse
import os
import shutil
import sys
import time
from typing import NoReturn

import httpx

from .place import STATE
from .status_client import NotRunning, Product
from .status_view import View, render

CLEAR = "\x1b[H\x1b[2J\x1b[3J"
NOT_RUNNING = "Orbitra does not run on this machine; start it with: make run"


def main() -> int:
    """Show it once, or until Ctrl-C; 1 when the product does not run."""
    parser = argparse.ArgumentParser(prog="python -m local.status", description=__doc__)
    parser.add_argument("--watch", action="store_true", help="show it anew every second")
    watch = parser.parse_args().watch
    try:
        product = Product()
        if watch:
            _watch(product)
        _show(product, product.look())
    except NotRunning:
        print(NOT_RUNNING)
        return 1
    except httpx.HTTPStatusError as refusal:
        print(f"The product answers {refusal.response.status_code}: {refusal.response.text[:300]}")
        return 1
    except KeyboardInterrupt:
        print()
    return 0


def _watch(product: Product) -> NoReturn:
    """Draw it every second; ask as often as the limits allow."""
    view, due = _again(product, None)
    while True:
        _show(product, view, before=CLEAR if sys.stdout.isatty() else "")
        time.sleep(1)
        if time.monotonic() >= due:
            view, due = _again(product, view)


def _again(product: Product, view: View | None) -> tuple[View, float]:
    """What is to be seen now and when to look again; a call too many only makes it wait."""
    try:
        return product.look(), time.monotonic() + product.pause
    except httpx.HTTPStatusError as refusal:
        if view is None or refusal.response.status_code != 429:
            raise
        return view, time.monotonic() + float(refusal.response.headers["Retry-After"])


def _show(product: Product, view: View, before: str = "") -> None:
    width = shutil.get_terminal_size((100, 24)).columns
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    sample = f"file://{STATE}/samples/node-hello"
    text = render(view, product.access, sample, width, coloured=coloured)
    print(before + text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
