"""Tells every listener of a stream what is new."""

import asyncio
import contextlib
import json
from collections.abc import Iterator


class Feed:
    """Lines of JSON for as many listeners as there are; None ends a stream."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[str | None]] = set()

    def publish(self, message: object) -> None:
        """Hand a message to everyone who listens now."""
        line = json.dumps(message)
        for queue in self._listeners:
            queue.put_nowait(line)

    def close(self) -> None:
        """End every stream."""
        for queue in self._listeners:
            queue.put_nowait(None)

    @contextlib.contextmanager
    def listening(self) -> Iterator[asyncio.Queue[str | None]]:
        """A queue that gets what is published from now on."""
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)
