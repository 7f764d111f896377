"""A receiver of webhooks: a real server that answers as it is told to, and keeps what came."""

import json
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    """One request."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


Respond = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Receiver:
    """Answers with the next of ``answers``, and with 200 when there is none left."""

    port: int = 0
    address: str = "127.0.0.1"
    received: list[Received] = field(default_factory=list)
    answers: deque[Respond] = field(default_factory=deque)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?a=1"

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        with self.lock:
            self.received.append(Received(handler.path, dict(handler.headers), body))
            respond = self.answers.popleft() if self.answers else status(200)
        respond(handler)

    def start(self, tls: ssl.SSLContext | None = None) -> ThreadingHTTPServer:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.take(self)

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            address_family = socket.AF_INET6 if ":" in receiver.address else socket.AF_INET
            daemon_threads = True
            request_queue_size = 100

        server = Server((self.address, 0), Handler)
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        self.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return server


def status(code: int, text: str = "ok", **headers: str) -> Respond:
    """Answer with this status."""

    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(text.encode())))
        handler.end_headers()
        handler.wfile.write(text.encode())

    return respond
