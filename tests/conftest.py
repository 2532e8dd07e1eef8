"""Every run of the tests tries the same cases; machines differ in speed, not in outcome.

The quick ones come first, and what shares costly fixtures shares a worker. And a browser for the
tests of pages, where there is one.
"""

import os
import shutil
import signal
import tempfile

# Tests share the cores by processes. Threads of torch that wait for each other on a busy core spin:
# small trainings then take thirty times as long. To be said before anything loads OpenMP.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import settings

from tests.places import CLIPS, CLIPS_VARIABLE, ROOT

TESTS = ROOT / "tests"

# Videos are signed; the certificates that are made for it are not the user's.
_data = tempfile.TemporaryDirectory(prefix="talkgraph-test-data-")
os.environ["XDG_DATA_HOME"] = _data.name
for _name in ("SIGN_CERT", "SIGN_KEY", "TRUST"):
    os.environ.pop(f"TALKGRAPH_{_name}", None)

settings.register_profile("talkgraph", derandomize=True, deadline=None)
settings.load_profile("talkgraph")

FLAGS = (
    "headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run",
    "disable-background-networking", "disable-component-update", "disable-sync",
    "disable-dev-shm-usage", "autoplay-policy=no-user-gesture-required",
)  # fmt: skip


ORDER = ("torture", "test_imports.py", "engine", "nodes", "models", "cache", "graphs", "docs",
         "wheel", "cli", "benchmarks", "report", "studio")  # fmt: skip
ONE_WORKER = (
    "nodes/albedo",
    "nodes/head_motion",
    "nodes/pose_mapping",
    "nodes/render",
    "report",
    "graphs",
    "wheel",
)
"""Folders whose tests share what is costly to make."""


def pytest_configure():
    """Heed Ctrl-C where a shell runs the tests behind it, and ignores it for all it starts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """The quick come first; before all torture, if it is asked for.

    Torture forks, and a child of a process with threads of others may hang: `pytest` alone leaves
    it to a process of its own.
    """
    places = [TESTS / name for name in ORDER]
    items.sort(key=lambda item: next((i for i, at in enumerate(places)
                                      if item.path.is_relative_to(at)), -1))  # fmt: skip


def pytest_itemcollected(item):
    """With `-n`, the tests of a file, or of a folder that shares fixtures, run in one process."""
    folders = (TESTS / name for name in ONE_WORKER)
    group = next((at for at in folders if item.path.is_relative_to(at)), item.path)
    item.add_marker(pytest.mark.xdist_group(group.relative_to(TESTS).as_posix()))


@pytest.fixture(scope="session")
def clips():
    """The folder of real clips, photos and speech."""
    if CLIPS is None:
        pytest.skip(f"set {CLIPS_VARIABLE} to the folder of real clips")
    return CLIPS


@pytest.fixture(scope="session")
def chromium():
    """A headless Chromium, driven by Selenium; its console is `get_log("browser")`."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.skip("Chromium and its driver are not here (Debian: chromium, chromium-driver)")
    with tempfile.TemporaryDirectory(prefix="talkgraph-chromium-") as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = browser
        for flag in (*FLAGS, f"user-data-dir={profile}"):
            options.add_argument(f"--{flag}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        service = webdriver.chrome.service.Service(driver)
        window = webdriver.Chrome(options=options, service=service)
        try:
            yield window
        finally:
            window.quit()
