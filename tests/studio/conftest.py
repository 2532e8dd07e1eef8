"""A running studio with another package's graphs, and a client that can ask for anything."""

import http.client
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

ENTRY_POINTS = """
[talkgraph.graphs]
test = talkgraph_studio_plugin:graph
number = talkgraph_studio_plugin:number
broken = talkgraph_studio_plugin_that_is_missing:graph
"""


def install_plugin(folder):
    """Make a folder on the module path hold the plugin, as pip would."""
    shutil.copy(Path(__file__).parent / "plugin.py", folder / "talkgraph_studio_plugin.py")
    facts = folder / "talkgraph_studio_plugin-1.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: talkgraph-studio-plugin\nVersion: 1\n"
    )
    (facts / "entry_points.txt").write_text(ENTRY_POINTS)


@pytest.fixture(scope="session")
def plugin(tmp_path_factory):
    """A folder with the plugin, on the module path of this process and of its children."""
    folder = tmp_path_factory.mktemp("plugin")
    install_plugin(folder)
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(folder), before]))
    os.environ["STUDIO_TEST_TRACE"] = str(folder / "trace")
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    del os.environ["STUDIO_TEST_TRACE"]
    if before is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = before


class Studio:
    """`talkgraph studio` in a process of its own, and requests to it."""

    def __init__(self, folder, *options):
        self.folder = folder
        (folder / "tmp").mkdir()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "talkgraph.cli", "studio", "--no-browser", *options,
             "--store", str(folder / "store")],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "TMPDIR": str(folder / "tmp")},
        )  # fmt: skip
        self.address = self.process.stdout.readline().strip()
        parts = urlsplit(self.address)
        self.host, self.port, self.place = parts.netloc, parts.port, parts.path
        self.token = parse_qs(parts.query)["token"][0]
        entrance = self.ask("GET", f"{self.place}?token={self.token}", headers={})
        self.cookie = entrance.headers["set-cookie"].split(";")[0]

    def ask(self, method, path, body=None, headers=None, host=None):
        """One request over a connection of its own; `headers=None` stands for the page's own."""
        if headers is None:
            headers = {"Cookie": self.cookie, "Origin": f"http://{self.host}"}
            if body is not None:
                headers["Content-Type"] = "application/json"
        if isinstance(body, dict | list):
            body = json.dumps(body)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name in [] if host == "" else [host or self.host]:
                connection.putheader("Host", name)
            pairs = headers.items() if isinstance(headers, dict) else headers
            for name, value in pairs:
                connection.putheader(name, value)
            data = body.encode() if isinstance(body, str) else body
            if data is not None:
                connection.putheader("Content-Length", str(len(data)))
            connection.endheaders(data)
            response = connection.getresponse()
            response.body = response.read()
            return response
        finally:
            connection.close()

    def get(self, route):
        """What a route says."""
        response = self.ask("GET", self.place + route)
        assert response.status == 200, (response.status, response.body)
        return json.loads(response.body)

    def post(self, route, body, status=200):
        """What a route answers to a JSON body."""
        response = self.ask("POST", self.place + route, body)
        assert response.status == status, (response.status, response.body)
        return json.loads(response.body)

    def upload(self, data, label="text.txt", status=200):
        """Send a file; its id."""
        headers = {
            "Cookie": self.cookie, "Origin": f"http://{self.host}", "X-Label": label,
            "Content-Type": "application/octet-stream",
        }  # fmt: skip
        response = self.ask("POST", self.place + "uploads", data, headers)
        assert response.status == status, (response.status, response.body)
        return json.loads(response.body).get("id")

    def run(self, recipe, seconds=60):
        """Queue a run and wait for its end."""
        job = self.post("jobs", {"recipe": recipe}, status=201)
        return self.wait(job["id"], seconds=seconds)

    def wait(self, id, states=("done", "failed", "cancelled"), seconds=60):
        """Wait until a job is in one of some states."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            job = self.get(f"jobs/{id}")
            if job["state"] in states:
                return job
            time.sleep(0.05)
        raise AssertionError(job)

    def private_folder(self):
        """Where uploads and outputs lie."""
        return next((self.folder / "tmp").glob("talkgraph-studio-*"))

    def close(self):
        """End it as a terminal would, and give its exit code."""
        self.process.terminate()
        return self.process.wait(timeout=60)


@pytest.fixture(scope="module")
def studio(plugin, tmp_path_factory):
    """One studio for the tests of a module."""
    running = Studio(tmp_path_factory.mktemp("studio"))
    yield running
    running.close()


@pytest.fixture
def new_studio(plugin, tmp_path):
    """Start a studio of the test's own."""
    started = []

    def start(*options):
        started.append(Studio(tmp_path, *options))
        return started[-1]

    yield start
    for one in started:
        one.close()
