"""Any value can be shown: third parties' classes, arrays, files, and what is broken."""

import attrs
import numpy as np
import pytest

from talkgraph import display
from talkgraph.cache import File, Frames, value
from talkgraph.display import Nowhere, preview
from talkgraph.report.curves import Series, line_chart
from talkgraph.report.show import shown


@value("report_test_spectrum")
class Spectrum:
    level: np.ndarray
    label: str
    parts: list
    picture: Frames


SPECTRUM = Spectrum(
    level=np.linspace(0, 1, 50),
    label="<b>hostile</b>",
    parts=[1, "two", None],
    picture=Frames.from_array(np.zeros((3, 8, 8, 3), np.uint8)),
)


def seen(thing):
    return shown(thing, Nowhere())


def test_a_class_without_a_look_is_shown_field_by_field(parsed):
    page = parsed(seen(SPECTRUM))
    for field in ("level", "label", "parts", "picture"):
        assert field in page.texts
    assert "<b>hostile</b>" in page.text and not page.all("b")
    assert page.all("path", "curve") and len(page.all("img")) == 3


def test_a_registered_look_is_used_also_for_subclasses(parsed, monkeypatch):
    monkeypatch.setattr(display, "_looks", dict(display._looks))

    @attrs.frozen
    class Mine:
        level: list

    class Special(Mine):
        pass

    @preview(Mine)
    def mine(thing, scene):
        yield line_chart([Series("level", thing.level)], "my look", unit="dB")
        yield "<i>text, not markup</i>"

    for kind in (Mine, Special):
        page = parsed(seen(kind([1, 2, 3])))
        assert "my look" in page.text and "3.0 dB" in page.text
        assert "<i>text, not markup</i>" in page.text and not page.all("i")


def test_a_look_that_fails_says_so_and_keeps_what_it_had(parsed, monkeypatch):
    monkeypatch.setattr(display, "_looks", dict(display._looks))

    @attrs.frozen
    class Broken:
        x: int

    @preview(Broken)
    def broken(thing, scene):
        yield "first"
        raise RuntimeError("</p><script>alert(1)</script>")

    page = parsed(seen(Broken(1)))
    assert page.text.startswith("first") and "RuntimeError" in page.text
    assert not page.all("script")


class Rude:
    def __repr__(self):
        raise ValueError("no")


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        (3, "3"), (None, "None"), ("x" * 10_000, "10000 letters"), (Rude(), "a Rude that"),
        ({}, "empty"), ("", "empty"), ({"a": 1, "b": "two"}, "two"), ([[1, 2], [3]], "3"),
        ({str(k): k for k in range(500)}, "460 more"), (object(), "object"),
        (np.float32(2.5), "2.5"), (np.zeros((0, 4)), "0 × 4"), (np.zeros(0), "empty"),
        (np.array(["a", "b"]), "<U1"), (np.array([1, 2], object), "object"),
        (np.full(5, np.nan), "no finite number"), (np.arange(12).reshape(3, 4), "0 to 11"),
        (np.zeros((20, 30, 3), np.uint8), "20 × 30 × 3"),
        (np.ones((2, 3, 4, 5)), "2 × 3 × 4 × 5"), (np.array([True, False]), "bool"),
        (np.zeros((5, 4), complex), "complex128"),
    ],
)  # fmt: skip
def test_plain_values(parsed, thing, said):
    assert said in parsed(seen(thing)).text


def test_files_are_shown_by_their_kind(parsed, tmp_path):
    from PIL import Image

    Image.new("RGB", (20, 10), "red").save(tmp_path / "a.png")
    assert parsed(seen(File(tmp_path / "a.png"))).all("img")
    (tmp_path / "b.txt").write_text("hello")
    assert "5 B" in parsed(seen(File(tmp_path / "b.txt"))).text
    (tmp_path / "c.mp4").write_bytes(b"no video at all")
    assert "could not be made" in parsed(seen(File(tmp_path / "c.mp4"))).text


def test_large_arrays_are_sampled(parsed, tmp_path):
    large = np.lib.format.open_memmap(tmp_path / "a.npy", "w+", np.float32, (50_000_000,))
    large[25_000_000] = 3
    page = seen(large)
    assert "50000000" in page and len(page) < 100_000


def test_frames_that_can_be_read_once_are_left_alone(parsed):
    pictures = (np.full((8, 8, 3), k, np.uint8) for k in range(4))
    frames = Frames.from_iterable(4, (8, 8, 3), pictures)
    page = parsed(seen(frames))
    assert "can be read only once" in page.text and not page.all("img")
    assert len(frames.array()) == 4


def test_an_alpha_channel_lies_over_chequers():
    from talkgraph.report.pictures import on_chequers

    rgba = np.zeros((32, 32, 4), np.uint8)
    rgba[:16, :, 0], rgba[:16, :, 3] = 200, 255
    made = on_chequers(rgba)
    assert (made[:16] == (200, 0, 0)).all() and set(np.unique(made[16:])) == {225, 250}
