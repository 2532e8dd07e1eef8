"""What every request must show before any route sees it.

A server on 127.0.0.1 is open to every page in the browser and to every user of the machine:
- a foreign page under a name that was pointed at 127.0.0.1 (DNS rebinding): the Host header
  tells, as the name in it is the foreign one;
- a foreign page that posts to us: Origin and Sec-Fetch-Site tell; no Origin, no change;
- another user or program of this machine: the token tells. It comes in the address once and is
  swapped for a cookie. Browsers send cookies to all ports of a host, so ours is bound to a path
  that nobody else can name: a server on another port never sees it.

The guard stands around the whole application, so that a new route cannot be forgotten.
"""

from __future__ import annotations

import secrets
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, QueryParams
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "talkgraph_studio"
_SAFE = ("GET", "HEAD")

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' blob: data:; media-src 'self' blob:; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of everything but reports: our own files, nothing inline."""

REPORT_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data: blob:; media-src data: blob:; font-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""Of a report: a self-contained page in an origin of its own, which can reach nothing."""

_HEADERS = {
    "content-security-policy": PAGE_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}

# Not a redirect: after one, a browser that came from elsewhere (a terminal, a local file) leaves a
# strict cookie out. A page of our own that leads on is the same site.
_ENTRANCE = (
    '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=./">'
    '<link rel="icon" href="data:,"><title>talkgraph studio</title><a href="./">Go on</a>'
)


class Guard:
    """ASGI middleware that answers 403 to whoever is not the page that the user opened.

    Args:
        app: what is guarded.
        port: where it is served; the only Host headers that pass name it on this machine.
    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        self.place = f"/{secrets.token_urlsafe(9)}/"
        self.token = secrets.token_urlsafe(32)
        self._cookie = secrets.token_urlsafe(32)
        self._hosts = (f"127.0.0.1:{port}", f"localhost:{port}")
        self._app = app

    @property
    def address(self) -> str:
        """What the user opens."""
        return f"http://{self._hosts[0]}{self.place}?token={self.token}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, let in, or pass on with safe headers."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # a WebSocket: there is none here; closed unaccepted it is 403
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = Headers(scope=scope)
        token = QueryParams(scope["query_string"]).get("token")
        entering = scope["path"] == self.place and token is not None and scope["method"] == "GET"
        refusal = self._refusal(scope, headers, token if entering else None)
        if refusal is not None:
            response = PlainTextResponse(f"{refusal}\n", status_code=403, headers=_HEADERS)
            await response(scope, receive, send)
        elif entering:
            entrance = HTMLResponse(_ENTRANCE, headers=_HEADERS)
            entrance.set_cookie(
                COOKIE, self._cookie, path=self.place, httponly=True, samesite="strict"
            )
            await entrance(scope, receive, send)
        else:
            # Routes know nothing of the place, which differs each time.
            inner = {**scope, "path": scope["path"].replace(self.place, "/", 1)}
            await self._app(inner, receive, _with_headers(send))

    def _refusal(self, scope: Scope, headers: Headers, token: str | None) -> str | None:
        """Why a request may not pass; None if it may."""
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return f"This server is {self._hosts[0]}, by no other name and on no other port."
        if "upgrade" in headers:
            return "There is nothing to upgrade to here."
        origins = headers.getlist("origin")
        if any(origin != f"http://{hosts[0]}" for origin in origins):
            return "Another page may not use this server."
        if scope["method"] not in _SAFE and len(origins) != 1:
            return "Only the studio's own page may change something here."
        if token is not None:
            return None if _equal(token, self.token) else _WRONG
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return "Another page may not use this server."
        if scope["path"].startswith(self.place) and self._has_cookie(headers):
            return None
        return _WRONG

    def _has_cookie(self, headers: Headers) -> bool:
        try:
            cookies = SimpleCookie("; ".join(headers.getlist("cookie")))
        except CookieError:
            return False
        return COOKIE in cookies and _equal(cookies[COOKIE].value, self._cookie)


_WRONG = "Open the address that `talkgraph studio` printed, with its token."


def _equal(given: str, secret: str) -> bool:
    """Compare in a time that does not tell how much is right."""
    return secrets.compare_digest(given.encode(), secret.encode())


def _with_headers(send: Send) -> Send:
    """Add the safe headers to a response that has not set its own."""

    async def safe(message: Message) -> None:
        if message["type"] == "http.response.start":
            present = {name.lower() for name, _ in message["headers"]}
            message["headers"] = [
                *message["headers"],
                *(
                    (name.encode(), value.encode())
                    for name, value in _HEADERS.items()
                    if name.encode() not in present
                ),
            ]
        await send(message)

    return safe
