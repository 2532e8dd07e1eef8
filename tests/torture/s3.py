"""A real S3 server on loopback, and before it a proxy that breaks chosen requests."""

from __future__ import annotations

import http.client
import logging
import socket
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import attrs

BUCKET = "results"
ENDLESS = 1 << 50  # bytes promised where the connection stays open
_SCOPE = "AWS4-HMAC-SHA256 Credential=key/20200101/us-east-1/s3/aws4_request"


@attrs.define
class Reply:
    """An answer; its Content-Length is that of the body unless `length` says otherwise."""

    status: int
    headers: dict[str, str]
    body: bytes
    length: int | None = None


class Exchange:
    """One request on its way, for a `Fault` to meddle with."""

    def __init__(self, handler: BaseHTTPRequestHandler, proxy: FaultyS3) -> None:
        self._handler, self._proxy = handler, proxy
        self.method, self.path = handler.command, handler.path
        self.headers = dict(handler.headers.items())
        self.body = handler.rfile.read(int(self.headers.get("Content-Length", 0)))

    def forward(self) -> Reply:
        """What the server answers."""
        connection = http.client.HTTPConnection(*self._proxy.server, timeout=20)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP}
        headers["Content-Length"] = str(len(self.body))
        connection.request(self.method, self.path, self.body, headers)
        answer = connection.getresponse()
        found = {k: v for k, v in answer.getheaders() if k.lower() not in _HOP}
        reply = Reply(answer.status, found, answer.read())
        if self.method == "HEAD":
            reply.length = int(answer.getheader("Content-Length") or 0)
        connection.close()
        return reply

    def send(self, reply: Reply) -> None:
        """Answer the client; fewer bytes than promised end with a closed connection."""
        handler = self._handler
        handler.send_response(reply.status)
        for name, text in reply.headers.items():
            handler.send_header(name, text)
        length = len(reply.body) if reply.length is None else reply.length
        handler.send_header("Content-Length", str(length))
        handler.end_headers()
        if self.method != "HEAD":
            handler.wfile.write(reply.body)
            if len(reply.body) < length < ENDLESS:
                self.close()

    def stream(self, data: bytes, most: int) -> None:
        """Send the same again and again, until the client goes."""
        for _ in range(most // len(data)):
            self._handler.wfile.write(data)

    def raw(self, data: bytes) -> None:
        """Send bytes as they are and close."""
        self._handler.wfile.write(data)
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._handler.close_connection = True
        self._handler.connection.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """End the connection as a machine does that has just been started again."""
        self._handler.close_connection = True
        linger = struct.pack("ii", 1, 0)
        self._handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._handler.connection.close()

    def wait(self, seconds: float) -> None:
        """Let the client wait, at most until the proxy is done."""
        self._proxy.over.wait(seconds)


_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "expect"}

Fault = Callable[[Exchange], None]
"""Deals with one request and answers it, or does not."""


def relay(exchange: Exchange) -> None:
    """No fault."""
    exchange.send(exchange.forward())


class FaultyS3:
    """A context: moto's S3 server, one bucket, and the proxy; `url` is that of the proxy."""

    def __init__(self) -> None:
        self.log: list[str] = []  # requests since `begin`
        self.over = threading.Event()
        self._fault: Fault = relay
        self._first, self._last = 0, -1
        self._lock = threading.Lock()

    def __enter__(self) -> FaultyS3:
        from moto.server import ThreadedMotoServer

        logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
        self._moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self._moto.start()
        self.server = self._moto.get_host_and_port()
        self._proxy = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._proxy.daemon_threads = True
        self._thread = threading.Thread(target=self._proxy.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._proxy.server_address[1]}"
        self._ask("POST", "/moto-api/reset")  # what servers before it had in this process
        self._ask("PUT", f"/{BUCKET}")
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._proxy.shutdown()
        self._proxy.server_close()
        self._thread.join()
        self._moto.stop()

    @property
    def settings(self) -> dict[str, Any]:
        """What fsspec has to know of this server."""
        return {"endpoint_url": self.url, "key": "key", "secret": "secret"}

    @property
    def environment(self) -> dict[str, str]:
        """The same for another process."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def begin(self, fault: Fault = relay, first: int = 0, *, ever: bool = False) -> None:
        """Count requests from 0, and break number `first`, or it and all that follow."""
        with self._lock:
            self.log = []
            self._fault, self._first = fault, first
            self._last = 1 << 62 if ever else first

    def objects(self, prefix: str = "") -> dict[str, bytes]:
        """What the server has, straight from it."""
        import re

        listing = self._ask("GET", f"/{BUCKET}?list-type=2&prefix={prefix}").decode()
        names = re.findall(r"<Key>([^<]*)</Key>", listing)
        return {name: self._ask("GET", f"/{BUCKET}/{name}") for name in names}

    def put(self, name: str, data: bytes) -> None:
        """Put an object there, past the proxy."""
        self._ask("PUT", f"/{BUCKET}/{name}", data)

    def remove(self, name: str) -> None:
        """Remove an object, past the proxy."""
        self._ask("DELETE", f"/{BUCKET}/{name}")

    def _ask(self, method: str, path: str, body: bytes = b"") -> bytes:
        connection = http.client.HTTPConnection(*self.server, timeout=20)
        connection.request(method, path, body, {"Authorization": _SCOPE})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {data!r}")
        return data

    def handle(self, exchange: Exchange) -> None:
        """Deal with one request."""
        with self._lock:
            number = len(self.log)
            self.log.append(f"{exchange.method} {exchange.path}")
            broken = self._first <= number <= self._last
            fault = self._fault if broken else relay
        fault(exchange)


def _handler(proxy: FaultyS3) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # it waits 40 ms between header and body

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except (OSError, ValueError):  # the client has gone, or we have cut it off
                self.close_connection = True

        def _go(self) -> None:
            proxy.handle(Exchange(self, proxy))

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = _go

        def log_message(self, *_: object) -> None:
            pass

    return Handler
