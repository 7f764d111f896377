"""The API process: AWS, the app, the queue pump, the schedules and the mailbox.

Run as ``python -m local.api --port 8000 --state DIRECTORY --socket PATH --log PATH``.
Prints one line of JSON once it serves: the demo account and its key.
"""

import argparse
import json
import logging
import os
import signal
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import aws
from .journal import Journal, UnreadableJournal
from .lifeline import on_parent_end

if TYPE_CHECKING:
    from .gateway import Gateway
    from .mailbox.mails import Mails

SWEEP_SECONDS = 60
GRACE_SECONDS = 5


def main() -> None:
    """Serve until SIGTERM, SIGINT or the end of stdin."""
    options = _options()
    logging.basicConfig(filename=options.log, level=logging.INFO, format="%(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    aws.start(_journal(options.state))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    on_parent_end(stop.set)
    gateway = _serve(options, stop)
    print(json.dumps(_demo_account(gateway, options.state)), flush=True)
    stop.wait()
    _leave_by(GRACE_SECONDS)


def _journal(state: Path) -> Journal:
    try:
        return Journal(state / "journal.sqlite")
    except UnreadableJournal as error:
        raise SystemExit(str(error)) from error


def _leave_by(seconds: float) -> None:
    """End in so many seconds even while a job goes on: one can be cut off anywhere."""
    timer = threading.Timer(seconds, os._exit, [0])
    timer.daemon = True
    timer.start()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.api", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--mail-port", type=int, default=0)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--log", type=Path, required=True)
    return parser.parse_args()


def _serve(options: argparse.Namespace, stop: threading.Event) -> "Gateway":
    """Put the mailbox, the engine, the pump, the schedules and the server in place."""
    mails = _mailbox(options.mail_port, options.state)
    import app
    from chalicelib import engines, jobs
    from chalicelib.deployments import states
    from chalicelib.settings import settings

    from . import schedules
    from .engine import Listener, LocalEngine
    from .gateway import Gateway
    from .http_server import HttpServer
    from .log_stream import LogStreams
    from .mailbox import pages
    from .queue_pump import QueuePump
    from .restore import restore
    from .resume import resume

    engine = LocalEngine(options.socket)
    engines.use(engine)
    engine.listen(Listener(jobs.wake, states.note, lambda: _thread(restore)), stop)
    pump = QueuePump(settings().queue_url, app.work)
    resume()
    _thread(pump.run, stop)
    _thread(schedules.run, app.sweep_jobs, SWEEP_SECONDS, stop)
    gateway = Gateway(app.app)
    streams = LogStreams(options.socket)
    HttpServer(gateway, options.host, options.port, pages.routes(mails), streams).start()
    return gateway


def _mailbox(port: int, state: Path) -> "Mails":
    """Take the platform's mail, unless the operator names another server.

    The app reads its settings after this.
    """
    from .mailbox.mails import Mails
    from .mailbox.server import MailServer

    file = state / "mailbox.sqlite"
    try:
        mails = Mails(file)
    except sqlite3.Error as error:
        raise SystemExit(f"The mailbox {file} cannot be read: {error}. Remove it.") from error
    os.environ.setdefault("ORBITRA_SMTP_URL", MailServer(mails, port).start())
    return mails


def _demo_account(gateway: "Gateway", state: Path) -> dict[str, str]:
    from .demo import account

    return account(gateway, state / "demo.json")


def _thread(target: Callable[..., None], *args: Any) -> None:
    threading.Thread(target=target, args=args, daemon=True).start()


if __name__ == "__main__":
    main()
