"""Notices that the parent has died: the pipe that it held to our stdin reaches its end."""

import contextlib
import os
import threading
from collections.abc import Callable


def on_parent_end(call: Callable[[], object]) -> None:
    """Call ``call`` once, from a thread of its own, when stdin ends.

    A thread hands over ``event.set``; an asyncio program hands over
    ``lambda: loop.call_soon_threadsafe(event.set)``.
    """
    threading.Thread(target=_wait, args=(call,), name="lifeline", daemon=True).start()


def _wait(call: Callable[[], object]) -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    call()
