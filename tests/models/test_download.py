"""Downloads from a server on this machine that misbehaves on demand."""

import hashlib
import http.server
import threading

import pytest

from talkgraph.errors import ModelError
from talkgraph.models.download import download

CONTENT = bytes(range(256)) * 4000
SHA = hashlib.sha256(CONTENT).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Serves CONTENT; `script` holds one behaviour per request, the last one stays."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = ["whole"]
        self.ranges = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/model.onnx"


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        server = self.server
        step = server.script.pop(0) if len(server.script) > 1 else server.script[0]
        asked = self.headers.get("Range")
        server.ranges.append(asked)
        if isinstance(step, int):
            self.send_error(step)
            return
        start = int(asked[6:-1]) if asked and step != "ignores range" else 0
        body = CONTENT[start:]
        if step == "other bytes":
            body = bytes(len(body))
        if step == "too long":
            body += b"more"
        if step == "wrong offset":
            start, body = start + 7, body[7:]
        self.send_response(206 if asked and step != "ignores range" else 200)
        if asked and step != "ignores range":
            self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        if step != "short length":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if step in ("cut", "short length"):
            body = body[: len(body) // 2]
        if step == "hangs up":
            self.connection.close()
            return
        self.wfile.write(body)


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def fetch(server, target, **options):
    settings = {"size": len(CONTENT), "sha256": SHA, "pause": 0.0, "timeout": 5.0} | options
    download(server.url, target, **settings)


def test_whole(server, tmp_path):
    seen = []
    fetch(server, tmp_path / "m", progress=lambda done, total: seen.append((done, total)))
    assert (tmp_path / "m").read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT)) and seen == sorted(seen)
    assert [p.name for p in tmp_path.iterdir()] == ["m"]


@pytest.mark.parametrize("fault", ["cut", "short length", "hangs up", 500, 503])
def test_a_break_is_resumed_in_the_same_run(server, tmp_path, fault):
    server.script = [fault, fault, "whole"]
    fetch(server, tmp_path / "m")
    assert (tmp_path / "m").read_bytes() == CONTENT


def test_a_break_is_resumed_in_the_next_run_from_where_it_was(server, tmp_path):
    server.script = ["cut"]
    with pytest.raises(ModelError, match=r"closed after|IncompleteRead"):
        fetch(server, tmp_path / "m", tries=1)
    assert not (tmp_path / "m").exists()
    have = (tmp_path / "m.part").stat().st_size
    assert 0 < have < len(CONTENT)
    server.script = ["whole"]
    fetch(server, tmp_path / "m")
    assert server.ranges[-1] == f"bytes={have}-"
    assert (tmp_path / "m").read_bytes() == CONTENT


@pytest.mark.parametrize("answer", ["ignores range", "wrong offset"])
def test_a_server_that_does_not_resume_starts_over(server, tmp_path, answer):
    (tmp_path / "m.part").write_bytes(CONTENT[:1000])
    server.script = [answer, "whole"]
    fetch(server, tmp_path / "m")
    assert (tmp_path / "m").read_bytes() == CONTENT


def test_a_part_of_something_else_is_thrown_away(server, tmp_path):
    (tmp_path / "m.part").write_bytes(b"x" * 1000)
    fetch(server, tmp_path / "m")
    assert (tmp_path / "m").read_bytes() == CONTENT


@pytest.mark.parametrize("stored", [len(CONTENT), len(CONTENT) + 5])
def test_a_full_but_wrong_part_is_thrown_away(server, tmp_path, stored):
    (tmp_path / "m.part").write_bytes(b"x" * stored)
    fetch(server, tmp_path / "m")
    assert (tmp_path / "m").read_bytes() == CONTENT


def test_right_size_with_wrong_bytes_leaves_nothing(server, tmp_path):
    server.script = ["other bytes"]
    with pytest.raises(ModelError, match="sha256"):
        fetch(server, tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_too_much_is_never_kept(server, tmp_path):
    server.script = ["too long"]
    with pytest.raises(ModelError, match="more than the expected"):
        fetch(server, tmp_path / "m")
    assert not (tmp_path / "m").exists()
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) <= len(CONTENT)


@pytest.mark.parametrize("code", [401, 403, 404, 410])
def test_a_final_answer_is_not_asked_again(server, tmp_path, code):
    server.script = [code]
    with pytest.raises(ModelError, match=f"HTTP {code}.*run it again"):
        fetch(server, tmp_path / "m")
    assert len(server.ranges) == 1


def test_no_network(tmp_path):
    with pytest.raises(ModelError, match=r"could not fetch http://127\.0\.0\.1:9/x: .*connection"):
        download("http://127.0.0.1:9/x", tmp_path / "m", size=1, sha256="0", pause=0.0, tries=2)
    assert list(tmp_path.iterdir()) == []


def test_two_runs_at_once_do_not_disturb_each_other(server, tmp_path):
    (tmp_path / "m.part").write_bytes(CONTENT[:5000])
    failures = []

    def run():
        try:
            fetch(server, tmp_path / "m")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert not failures and (tmp_path / "m").read_bytes() == CONTENT
    assert [p.name for p in tmp_path.iterdir()] == ["m"]


def test_a_part_that_another_run_ends_with_meanwhile_is_no_failure(server, tmp_path, monkeypatch):
    gone = [tmp_path / "m.0123abcd.part"]  # listed, and renamed before it is looked at
    monkeypatch.setattr(type(tmp_path), "glob", lambda folder, pattern: iter(gone))
    fetch(server, tmp_path / "m")
    assert (tmp_path / "m").read_bytes() == CONTENT


def test_what_a_killed_run_left_is_taken_over_when_it_is_old(server, tmp_path):
    import os

    left = tmp_path / "m.0123abcd.part"
    left.write_bytes(CONTENT[:7000])
    os.utime(left, (0, 0))
    fetch(server, tmp_path / "m")
    assert server.ranges == ["bytes=7000-"]
    assert [p.name for p in tmp_path.iterdir()] == ["m"]
