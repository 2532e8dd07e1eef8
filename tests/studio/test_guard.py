"""Every route of the studio against every kind of foreign request, over real sockets.

The routes are taken from the application, so that a new one is attacked as well.
"""

import re
import socket
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.routing import Route

from talkgraph.studio.guard import Guard
from talkgraph.studio.server import Studio

ROUTES = [
    (method, route.path.replace("{id}", "1").lstrip("/"))
    for route in Studio(None, None, None).app().routes
    for method in sorted(route.methods)
]


def test_there_is_nothing_but_plain_routes_to_attack():
    assert all(type(route) is Route for route in Studio(None, None, None).app().routes)
    assert len(ROUTES) > 20


def page_headers(studio, **changes):
    """What the page itself sends; None leaves a header out."""
    own = {
        "Cookie": studio.cookie, "Origin": f"http://{studio.host}", "Sec-Fetch-Site": "same-origin",
        "Content-Type": "application/json",
    }  # fmt: skip
    changed = own | {name.replace("_", "-"): value for name, value in changes.items()}
    return {name: value for name, value in changed.items() if value is not None}


ATTACKS = {
    "DNS rebinding": ({"host": "attacker.example"}, {}),
    "rebinding with our port": ({"host": "attacker.example:{port}"}, {}),
    "a name that starts like ours": ({"host": "127.0.0.1:{port}.attacker.example"}, {}),
    "another port": ({"host": "127.0.0.1:1"}, {}),
    "all addresses": ({"host": "0.0.0.0:{port}"}, {}),
    "IPv6 loopback": ({"host": "[::1]:{port}"}, {}),
    "no host": ({"host": ""}, {}),
    "another origin": ({}, {"Origin": "http://attacker.example"}),
    "an opaque origin": ({}, {"Origin": "null"}),
    "https": ({}, {"Origin": "https://127.0.0.1:{port}"}),
    "another port's page": ({}, {"Origin": "http://127.0.0.1:1"}),
    "the other name of this machine": ({}, {"Origin": "http://localhost:{port}"}),
    "an origin that starts like ours": ({}, {"Origin": "http://127.0.0.1:{port}.a.example"}),
    "an embedding page": ({}, {"Origin": None, "Sec-Fetch-Site": "cross-site"}),
    "a page on another port": ({}, {"Origin": None, "Sec-Fetch-Site": "same-site"}),
    "no token": ({}, {"Cookie": None}),
    "a wrong token": ({}, {"Cookie": "talkgraph_studio=" + 43 * "A"}),
    "the token of the address as cookie": ({}, {"Cookie": "talkgraph_studio={token}"}),
    "an empty token": ({}, {"Cookie": "talkgraph_studio="}),
    "a token that is no ASCII": ({}, {"Cookie": "talkgraph_studio=\u00fc"}),
    "a WebSocket": (
        {},
        {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
         "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="},
    ),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_route_refuses(studio, attack):
    place, changes = ATTACKS[attack]
    fill = {"port": studio.port, "token": studio.token}
    host = place["host"].format(**fill) if "host" in place else None
    changes = {k: v.format(**fill) if v else v for k, v in changes.items()}
    if host:  # as a browser has it on a page under that name
        changes = {"Origin": f"http://{host}"}
    for method, route in ROUTES:
        body = "{}" if method == "POST" else None
        response = studio.ask(
            method, studio.place + route, body, page_headers(studio, **changes), host
        )
        # (uvicorn itself answers 400 to a request without a host)
        assert response.status == (400 if host == "" else 403), (method, route)
        assert b"token=" not in response.body


def test_a_change_needs_an_origin(studio):
    for method, route in ROUTES:
        if method == "POST":
            headers = page_headers(studio, Origin=None)
            assert studio.ask(method, studio.place + route, "{}", headers).status == 403


def test_the_page_itself_is_never_refused(studio):
    for method, route in ROUTES:
        body = "{}" if method == "POST" else None
        response = studio.ask(method, studio.place + route, body, page_headers(studio))
        assert response.status in (200, 400, 404, 415), (method, route, response.body)


def test_two_hosts_or_origins_are_refused(studio):
    own = list(page_headers(studio).items())
    for more in [("Origin", "http://attacker.example"), ("Origin", f"http://{studio.host}")]:
        assert studio.ask("POST", studio.place + "plan", "{}", [*own, more]).status == 403
    twice = studio.ask("GET", studio.place, None, [*own, ("Host", "attacker.example")])
    assert twice.status in (400, 403)


@pytest.mark.parametrize(
    "path", ["/", "/graphs", "/studio.js", "//", "/favicon.ico", "/%2e%2e/etc/passwd", "*"]
)
def test_nothing_lies_outside_the_secret_place(studio, path):
    assert studio.ask("GET", path, None, page_headers(studio)).status in (400, 403)


@pytest.mark.parametrize("token", ["", "A", 43 * "A", "ü"])
def test_the_door_opens_to_the_token_alone(studio, token):
    for path in (f"{studio.place}?token=", f"{studio.place}graphs?token="):
        assert studio.ask("GET", path + quote(token), None, {}).status == 403
    right = f"?token={studio.token}"
    assert studio.ask("GET", f"/{right}", None, {}).status == 403
    assert studio.ask("GET", f"{studio.place}graphs{right}", None, {}).status == 403
    assert studio.ask("POST", f"{studio.place}{right}", "", {}).status == 403
    assert studio.ask("GET", studio.place + right, None, {}, "attacker.example").status == 403


def test_the_token_becomes_a_strict_cookie_bound_to_the_place(studio):
    door = studio.ask("GET", f"{studio.place}?token={studio.token}", None, {})
    assert door.status == 200
    cookie = door.headers["set-cookie"].lower()
    for part in ("httponly", "samesite=strict", f"path={studio.place.lower()}"):
        assert part in cookie
    assert studio.token not in door.headers["set-cookie"]
    assert studio.token.encode() not in door.body


def test_every_answer_has_the_safe_headers(studio):
    asked = [(method, studio.place + route) for method, route in ROUTES]
    asked += [("GET", "/"), ("GET", studio.place + "nothing"), ("PUT", studio.place)]
    asked += [("GET", f"{studio.place}?token={studio.token}")]
    for method, path in asked:
        for headers in (page_headers(studio), {}):
            answer = studio.ask(method, path, "{}" if method == "POST" else None, headers)
            assert answer.headers["x-content-type-options"] == "nosniff", (method, path)
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["cache-control"] == "no-store"
            policy = answer.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'") and "unsafe" not in policy
            assert "access-control-allow-origin" not in answer.headers
            assert "server" not in answer.headers


def test_the_page_names_no_other_place(studio):
    for route in ("", "studio.js", "server.js", "fields.js", "drop.js", "stages.js", "studio.css"):
        text = studio.ask("GET", studio.place + route).body.decode()
        found = set(re.findall(r"(?:https?:)?//[\w.]+\.\w+", text))
        assert found <= {"http://www.w3.org"}, found
        assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|eval\(", text)


def test_it_listens_on_loopback_alone(studio):
    addresses = {
        line.split()[1]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text().splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[1].endswith(f":{studio.port:04X}")
    }
    assert addresses == {f"0100007F:{studio.port:04X}"}
    others = subprocess.run(["hostname", "-I"], capture_output=True, text=True).stdout.split()
    for address in [one for one in others if "." in one]:
        with pytest.raises(OSError):
            socket.create_connection((address, studio.port), timeout=2)


def test_secrets_are_long_and_differ():
    guards = [Guard(lambda *_: None, 1) for _ in range(20)]
    assert len({guard.token for guard in guards}) == len({guard.place for guard in guards}) == 20
    assert all(len(guard.token) >= 43 for guard in guards)
