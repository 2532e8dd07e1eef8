"""What may happen to a request to S3, each a function that deals with one exchange."""

from __future__ import annotations

import html

from talkgraph.cache import object_store
from tests.torture.s3 import ENDLESS, Exchange, Fault, Reply, relay

PATIENCE = 0.6  # s for a request on an idle machine, so that silence is soon noticed


def _error(status: int, code: str) -> Fault:
    text = f"<Error><Code>{code}</Code><Message>{html.escape(code)} it is</Message></Error>"

    def answer(exchange: Exchange) -> None:
        body = b"" if exchange.method == "HEAD" else text.encode()
        exchange.send(Reply(status, {"Content-Type": "application/xml"}, body))

    return answer


def _page(status: int) -> Fault:
    return lambda exchange: exchange.send(
        Reply(status, {"Content-Type": "text/html"}, b"<html>Sign in to the network</html>")
    )


def _body(change: object, length: object = None, status: int | None = None) -> Fault:
    """Change the content of what is downloaded, in a way that no checksum tells."""

    def answer(exchange: Exchange) -> None:
        reply = exchange.forward()
        reply.headers = {
            name: text
            for name, text in reply.headers.items()
            if not name.lower().startswith(("x-amz-checksum", "etag", "content-md5"))
        }
        if exchange.method == "GET" and reply.status == 200 and "list-type" not in exchange.path:
            whole = len(reply.body)
            reply.body = change(reply.body)
            reply.length = length(whole) if length else None
            reply.status = status or reply.status
        exchange.send(reply)

    return answer


def _upload(change: object) -> Fault:
    """Change what is uploaded on its way, with all that could tell."""

    def answer(exchange: Exchange) -> None:
        if exchange.method == "PUT":
            exchange.body = change(exchange.body)
            exchange.headers = {
                name: text
                for name, text in exchange.headers.items()
                if not name.lower().startswith(("x-amz-checksum", "x-amz-sdk", "content-md5"))
            }
        exchange.send(exchange.forward())

    return answer


def _silent(exchange: Exchange) -> None:
    exchange.wait(object_store.PATIENCE * 5)  # that of this run, see `hasty`
    exchange.reset()


def _slow(exchange: Exchange) -> None:
    exchange.wait(PATIENCE / 4)
    relay(exchange)


def _late_reset(exchange: Exchange) -> None:
    exchange.forward()
    exchange.reset()


def _twice(exchange: Exchange) -> None:
    exchange.forward()
    relay(exchange)


def _dropped(exchange: Exchange) -> None:
    if exchange.method == "PUT":
        exchange.send(Reply(200, {"ETag": '"0"'}, b""))
    else:
        relay(exchange)


def _endless(exchange: Exchange) -> None:
    exchange.send(Reply(200, {}, b"", length=0) if exchange.method == "HEAD" else _FIRST)
    if exchange.method != "HEAD":
        exchange.stream(b"\0" * (1 << 16), most=1 << 28)


_FIRST = Reply(200, {}, b"\0", length=ENDLESS)


def _size(change: object) -> Fault:
    def answer(exchange: Exchange) -> None:
        reply = exchange.forward()
        if exchange.method == "HEAD":
            reply.status, reply.length = 200, change(reply.length or 0)
            reply.headers.setdefault("Last-Modified", "Wed, 01 Jan 2025 00:00:00 GMT")
        exchange.send(reply)

    return answer


def _flip(data: bytes) -> bytes:
    middle = len(data) // 2
    return (
        data[:middle] + bytes(255 - one for one in data[middle : middle + 1]) + data[middle + 1 :]
    )


def _half(data: bytes) -> bytes:
    return data[: len(data) // 2]


ANY_WAY: dict[str, Fault] = {
    "connection reset": lambda exchange: exchange.reset(),
    "connection closed": lambda exchange: exchange.close(),
    "done, then reset": _late_reset,
    "done twice": _twice,
    "no answer": _silent,
    "slow": _slow,
    "no HTTP": lambda exchange: exchange.raw(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "half a header": lambda exchange: exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "500": _error(500, "InternalError"),
    "503": _error(503, "ServiceUnavailable"),
    "slow down": _error(503, "SlowDown"),
    "502 page": _page(502),
    "429": _error(429, "TooManyRequests"),
    "403": _error(403, "AccessDenied"),
    "expired token": _error(400, "ExpiredToken"),
    "clock skew": _error(403, "RequestTimeTooSkewed"),
    "wrong signature": _error(403, "SignatureDoesNotMatch"),
    "stale: no such key": _error(404, "NoSuchKey"),
    "no such bucket": _error(404, "NoSuchBucket"),
    "400": _error(400, "InvalidRequest"),
    "redirect": _error(307, "TemporaryRedirect"),
    "precondition failed": _error(412, "PreconditionFailed"),
    "conflict": _error(409, "ConditionalRequestConflict"),
    "not implemented": _error(501, "NotImplemented"),
    "error in 200": _error(200, "InternalError"),
    "sign-in page": _page(200),
}
DOWN: dict[str, Fault] = {
    "early close": _body(_half, lambda whole: whole),
    "short as success": _body(_half),
    "empty as success": _body(lambda data: b""),
    "partial content": _body(_half, status=206),
    "one bit wrong": _body(_flip),
    "zeros": _body(lambda data: bytes(len(data))),
    "too long": _body(lambda data: data + b"more"),
    "doubled": _body(lambda data: data + data),
    "petabyte": _body(lambda data: data, lambda whole: ENDLESS - 1),
    "endless": _endless,
}
UP: dict[str, Fault] = {
    "upload cut": _upload(_half),
    "upload emptied": _upload(lambda data: b""),
    "upload changed": _upload(_flip),
    "upload dropped": _dropped,
    "wrong size told": _size(lambda size: size + 1),
    "all there, it says": _size(lambda size: size or 4096),
}
FAULTS = {**ANY_WAY, **DOWN, **UP}
REFUSALS = {
    "403", "expired token", "clock skew", "wrong signature", "no such bucket", "stale: no such key",
}  # fmt: skip
"""What may end a run, with a line that says so."""
