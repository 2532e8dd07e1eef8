"""Real runs to look at, and a page as a parsed tree."""

from html.parser import HTMLParser

import pytest
import soundfile

from talkgraph.cache.store import Store
from talkgraph.cli import samples
from talkgraph.graphs import photo, yi2020


class Page(HTMLParser):
    """Every element of a page with its attributes, and its text."""

    def __init__(self, text):
        super().__init__()
        self.source = text
        self.elements = []
        self.texts = []
        self.feed(text)
        self.text = " ".join(" ".join(self.texts).split())
        self.ids = [a["id"] for _, a in self.elements if "id" in a]

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.lasttag not in ("style", "script"):
            self.texts.append(data)

    def all(self, tag, class_=None):
        return [
            a
            for t, a in self.elements
            if t == tag and (class_ is None or class_ in (a.get("class") or "").split())
        ]


@pytest.fixture(scope="session")
def parsed():
    return Page


@pytest.fixture(scope="session")
def speech(tmp_path_factory):
    """Two seconds of our own sample speech."""
    sound, rate = soundfile.read(samples.speech())
    path = tmp_path_factory.mktemp("speech") / "two seconds.wav"
    soundfile.write(path, sound[: 2 * rate], rate)
    return path


@pytest.fixture(scope="session")
def talk(tmp_path_factory, speech):
    """The built-in photo, talking."""
    store = Store(tmp_path_factory.mktemp("talk"))
    return photo.graph().run({"audio": speech, "photo": samples.photo()}, store=store)


@pytest.fixture(scope="session")
def clip_talk(tmp_path_factory, speech, clips):
    """A real clip, talking, with a refiner that had a few steps of training."""
    graph = yi2020.graph("standard").with_params(
        refiner={"steps": 8, "size": 64, "width": 8, "levels": 3}, mapping={"steps": 40}
    )
    video = clips / "video" / "grid_female_02.mp4"
    store = Store(tmp_path_factory.mktemp("clip_talk"))
    return graph.run({"audio": speech, "video": video}, store=store)
