import numpy as np
import pytest

from talkgraph.nodes.render import gl
from talkgraph.nodes.render.render import Render


@pytest.fixture(scope="module")
def working_gl():
    reason = gl.why_unavailable()
    if reason is not None:
        pytest.skip(f"no OpenGL here: {reason}")


def test_both_back_ends_draw_the_same_picture(working_gl, motion, fit, albedo, model):
    ours, theirs = (
        Render(backend=backend, size=256).run(motion, fit, albedo, model)[0:3]
        for backend in ("software", "pyrender")
    )
    mask, other = ours[..., 3] >= 128, theirs[..., 3] >= 128
    both = mask & other
    assert both.sum() / (mask | other).sum() >= 0.99
    difference = np.abs(ours[..., :3].astype(int) - theirs[..., :3])[both]
    assert difference.mean() <= 2


def test_draws_from_any_thread(working_gl, motion, fit, albedo, model):
    from concurrent.futures import ThreadPoolExecutor

    frames = Render(backend="pyrender").run(motion, fit, albedo, model)
    with ThreadPoolExecutor(2) as pool:
        pictures = list(pool.map(frames.__getitem__, range(4)))
    assert (np.stack(pictures) == frames[0:4]).all()


def test_without_gl_the_software_draws_and_says_so(monkeypatch, capsys, motion, fit, albedo, model):
    monkeypatch.setattr(gl, "why_unavailable", lambda: "no EGL library")
    frames = Render(backend="pyrender").run(motion, fit, albedo, model)
    assert (frames[0] == Render(backend="software").run(motion, fit, albedo, model)[0]).all()
    assert "OpenGL is not available (no EGL library)" in capsys.readouterr().err


def test_a_context_that_cannot_be_made_is_named(monkeypatch):
    class Broken:
        def OffscreenRenderer(self, width, height):
            raise OSError("libEGL.so: cannot open")

    monkeypatch.setattr(gl, "_pyrender", lambda: Broken())
    gl._renderer.cache_clear()
    try:
        assert "libEGL.so" in gl.why_unavailable()
    finally:
        gl._renderer.cache_clear()
