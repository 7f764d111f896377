"""The SMTP server of the mailbox: takes everything, for anyone, from this machine."""

import asyncio
import threading

from aiosmtpd.smtp import SMTP, Envelope, Session

from .mails import Mails

LARGEST_MAIL = 6 * 1024 * 1024
HOST = "127.0.0.1"


class MailServer:
    """Serves SMTP on a port from a thread of its own."""

    def __init__(self, mails: Mails, port: int) -> None:
        self._mails = mails
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp", daemon=True)
        self._server: asyncio.Server | None = None

    def start(self) -> str:
        """Begin to serve; the URL, whose port the system chooses for 0.

        Raises ``OSError`` when the port is taken.
        """
        self._thread.start()
        try:
            return asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result()
        except OSError:
            self.stop()
            raise

    def stop(self) -> None:
        """Take no more mail."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _serve(self) -> str:
        self._server = await self._loop.create_server(self._protocol, HOST, self._port)
        return f"smtp://{HOST}:{self._server.sockets[0].getsockname()[1]}"

    async def _close(self) -> None:
        if self._server:
            self._server.close()
        ours = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not ours]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _protocol(self) -> SMTP:
        handler = _Handler(self._mails)
        return SMTP(handler, data_size_limit=LARGEST_MAIL, hostname="localhost", loop=self._loop)


class _Handler:
    def __init__(self, mails: Mails) -> None:
        self._mails = mails

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        """Keep the mail."""
        del server, session
        content = envelope.original_content or b""
        self._mails.take(envelope.mail_from or "", envelope.rcpt_tos, content)
        return "250 OK"
