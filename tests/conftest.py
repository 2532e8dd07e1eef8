"""Every run of the tests tries the same cases; machines differ in speed, not in outcome.

And a browser for the tests of pages, where there is one.
"""

import shutil
import tempfile

import pytest
from hypothesis import settings

from tests.places import CLIPS, CLIPS_VARIABLE

settings.register_profile("talkgraph", derandomize=True, deadline=None)
settings.load_profile("talkgraph")

FLAGS = (
    "headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run",
    "disable-background-networking", "disable-component-update", "disable-sync",
    "disable-dev-shm-usage", "autoplay-policy=no-user-gesture-required",
)  # fmt: skip


def pytest_collection_modifyitems(items):
    """Torture comes first: it forks, and a child of a process with threads of others may hang."""
    items.sort(key=lambda item: "torture" not in item.path.parts)


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
