"""The graph of Audio2Head: what it loads, what is said without it, and a whole run."""

import numpy as np
import pytest
import soundfile

from talkgraph import models
from talkgraph.cache.store import Store
from talkgraph.cli import samples
from talkgraph.errors import TalkgraphError
from talkgraph.graphs import audio2head
from talkgraph.models.audio2head import published
from talkgraph.models.audio2head.assets import AUDIO2HEAD
from talkgraph.nodes.footage import open_footage
from talkgraph.nodes.networks import networks_of
from tests.models.audio2head import narrow


@pytest.fixture
def inputs(tmp_path):
    """Half a second of our own sample speech, and the sample photo."""
    sound, rate = soundfile.read(samples.speech())
    soundfile.write(tmp_path / "short.wav", sound[: rate // 2], rate)
    return {"audio": tmp_path / "short.wav", "photo": samples.photo()}


def test_it_loads_the_networks_of_the_checkpoint():
    loaded = networks_of(audio2head.graph())
    assert set(loaded) >= {asset.name for asset in AUDIO2HEAD}


def test_without_the_checkpoint_one_line_says_what_to_do(inputs, tmp_path, monkeypatch):
    monkeypatch.setenv("TALKGRAPH_MODELS", str(tmp_path / "models"))
    graph = audio2head.graph().subgraph("head_pose_network")
    with pytest.raises(TalkgraphError, match=r"take the checkpoint audio2head\.pth\.tar .*"
                       r"`models\.add\('audio2head', 'audio2head\.pth\.tar'\)`"):  # fmt: skip
        graph.run({}, store=Store(tmp_path / "store"))


def test_a_photo_talks_by_the_networks_that_a_user_brings(inputs, tmp_path, monkeypatch):
    """Narrow networks with random weights: the frames mean nothing, their way does."""
    monkeypatch.setattr(published, "_NETWORKS", narrow.NARROW)
    shelf = models.root()  # the face networks that are there already stay in use
    narrow.checkpoint(tmp_path / "audio2head.pth.tar")
    monkeypatch.setenv("TALKGRAPH_MODELS", str(tmp_path / "models"))
    (tmp_path / "models").mkdir()
    for file in shelf.glob("face-*"):
        (tmp_path / "models" / file.name).symlink_to(file)
    models.add("audio2head", tmp_path / "audio2head.pth.tar")
    result = audio2head.graph().run(inputs, store=Store(tmp_path / "store"))
    frames = round(25 * result["speech"].seconds)
    assert result["head"].rotation.shape == (frames, 3)
    assert result["driving"].position.shape == (frames, 10, 2)
    assert result["field"].deformation.shape == (frames, 64, 64, 2)
    pasted, crop = result["pasted"], result["clip"].crop
    photo = open_footage(result["footage"])[0]
    assert len(pasted) == frames and pasted.shape == photo.shape
    inside = np.zeros(photo.shape[:2], bool)
    top, left, side = (int(x) for x in (crop.top, crop.left, crop.side))
    inside[max(top, 0) : top + side, max(left, 0) : left + side] = True
    difference = np.abs(pasted[0].astype(int) - photo).max(-1)
    assert not difference[~inside].any() and difference[inside].mean() > 10
    assert result.output.path.stat().st_size > 1000
