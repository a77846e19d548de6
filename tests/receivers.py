"""Real HTTP servers on this machine, shaped like what the desk talks to: accept, refuse, hang, drip, redirect."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

Headers = dict[str, str]


@dataclass
class Got:
    """One request as it came in; header names in lower case."""

    path: str
    headers: Headers
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass
class Receiver:
    """Answers as told: `then` is (status, headers, body), or a function that writes to the handler itself."""

    port: int = 0
    then: Any = (200, {}, b"ok")
    got: list[Got] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/secret-path"

    @property
    def name(self) -> str:
        """As DESK_ALLOWED_TARGETS names it."""
        return f"127.0.0.1:{self.port}"


@contextmanager
def receiver(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A server on a free port until the end of the block."""
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            names = {name.lower(): value for name, value in self.headers.items()}
            state.got.append(Got(self.path, names, body))
            if callable(state.then):
                state.then(self)
                return
            status, headers, content = state.then
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *args: Any) -> None:
            """A client that hangs up is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    state.port = server.server_address[1]
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


def hang(state: Receiver) -> Callable[[Any], None]:
    """Takes the request and says nothing until the test is over."""
    return lambda handler: state.released.wait(30) and None


def drip(state: Receiver) -> Callable[[Any], None]:
    """One byte of a header at a time, for ever: no single read ever times out."""

    def answer(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not state.released.wait(0.05):
            handler.wfile.write(b"x")
            handler.wfile.flush()

    return answer
