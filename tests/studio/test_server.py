"""What the studio's own page would never ask: each is refused with its status and one line."""

import json

import pytest

JSON = "application/json"
UNUSUAL = [
    # method, route, type of the body, body, status, words
    ("POST", "jobs", "text/plain", "{}", 415, "this takes application/json"),
    ("POST", "jobs", JSON, "{", 400, "the request is no JSON"),
    ("POST", "jobs", JSON, "[" * 100_000, 400, "the request is no JSON"),
    ("POST", "jobs", JSON, '"' + "x" * (1 << 20) + '"', 413, "the request is larger than 1 MiB"),
    ("POST", "jobs", JSON, "[]", 400, "this is no run"),
    ("POST", "jobs", JSON, "{}", 400, "this is no recipe of a run"),
    (
        "POST", "jobs", JSON, '{"recipe": {"graph": "test"}, "device": "gpu"}', 400,
        "there is no device 'gpu'; there are auto, cpu, cuda",
    ),
    ("POST", "check", JSON, "[]", 400, "this is no check of an input"),
    ("POST", "check", JSON, '{"input": 3}', 400, "this is no check of an input"),
    ("POST", "uploads", JSON, "{}", 415, "an upload is application/octet-stream"),
    ("GET", "jobs/nosuch", None, None, 404, "there is no such run"),
    ("POST", "jobs/nosuch/cancel", JSON, "", 404, "there is no such run"),
    ("GET", "outputs/nosuch", None, None, 404, "there is no such output"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "route", "kind", "body", "status", "words"), UNUSUAL,
    ids=[f"{route}, {words}" for _, route, _, _, _, words in UNUSUAL],
)  # fmt: skip
def test_an_unusual_request_is_refused(studio, method, route, kind, body, status, words):
    headers = {"Cookie": studio.cookie, "Origin": f"http://{studio.host}"}
    if kind is not None:
        headers["Content-Type"] = kind
    answer = studio.ask(method, studio.place + route, body, headers)
    assert answer.status == status, answer.body
    assert words in json.loads(answer.body)["error"]
