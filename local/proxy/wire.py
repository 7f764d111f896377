"""A connection that speaks HTTP/1.1, on either side of the proxy."""

import asyncio
from typing import cast

import httptools

from local.proxy.headers import Headers

_HEAD_BYTES = 64 * 1024


class Wire(asyncio.Protocol):
    """Parses what comes in. What it cannot send on as fast as it comes holds up its source."""

    transport: asyncio.Transport

    def __init__(self, parser: type[httptools.HttpRequestParser | httptools.HttpResponseParser]):
        self.source: Wire | None = None
        self.headers = Headers()
        self.is_full = False
        self._parser = parser(self)
        self._is_raw = False
        self._is_in_head = False
        self._head_bytes = 0

    def take(self, data: bytes) -> None:
        """Hand on what comes after the protocol was changed."""
        raise NotImplementedError

    def refuse(self) -> None:
        """End a connection that does not speak HTTP."""
        raise NotImplementedError

    def send(self, data: bytes) -> None:
        """Send the bytes; those for somebody who has left are dropped."""
        if not self.transport.is_closing():
            self.transport.write(data)

    def fill_from(self, source: "Wire") -> None:
        """From now on hold up ``source`` while this is full."""
        self.source = source
        if self.is_full:
            source.transport.pause_reading()
        else:
            source.transport.resume_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the transport."""
        self.transport = cast(asyncio.Transport, transport)

    def pause_writing(self) -> None:
        """Hold up the source."""
        self.is_full = True
        if self.source:
            self.source.transport.pause_reading()

    def resume_writing(self) -> None:
        """Let the source go on."""
        self.is_full = False
        if self.source:
            self.source.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Parse, unless the protocol was changed."""
        if self._is_raw:
            self.take(data)
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._is_raw = True
            if rest := data[upgrade.args[0] :]:
                self.take(rest)
        except httptools.HttpParserError:
            self.refuse()
        self._measure_head(len(data))

    def _measure_head(self, size: int) -> None:
        if self._is_in_head:
            self._head_bytes += size
            if self._head_bytes > _HEAD_BYTES:
                self.refuse()

    def on_message_begin(self) -> None:
        """Make room for a new head."""
        self.headers = Headers()
        self._is_in_head = True
        self._head_bytes = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep the field."""
        self.headers.add(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._is_in_head = False
