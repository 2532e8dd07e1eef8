"""Any network of a graph is swapped by a graph edit, and a wrong one is refused at its port."""

import re

import numpy as np
import onnx
import pytest
import soundfile

from talkgraph import File, Store, graph
from talkgraph.cache.frames import Frames
from talkgraph.cli import samples
from talkgraph.errors import ModelError
from talkgraph.nodes.face_fit import DescribeIdentity, DetectFaces, TrackFace
from talkgraph.nodes.head_motion import ReplayHeadMotion, SampleHeadMotion
from talkgraph.nodes.networks import LoadNetwork
from talkgraph.nodes.pose_mapping import MapMotion, PersonaliseMapping
from talkgraph.nodes.refine import LoadRefinerMemory, Refine
from talkgraph.nodes.values import Clip, Crop, Footage

READERS = {
    "face_detector": {"faces", "track"},
    "landmark_network": {"faces", "track"},
    "identity_network": {"identity"},
    "mapping": {"spoken"},
    "speech_encoder": {"features"},
    "head_flow": {"head"},
}
LEARNED = ["faces", "track", "identity", "features", "spoken", "head"]


@pytest.fixture(scope="module")
def photo():
    """The photo graph, with a description of the person."""
    return graph("photo").add(
        identity_network=LoadNetwork(name="face-identity").on(),
        identity=DescribeIdentity().on(clip="clip", track="track", network="identity_network"),
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("swapped")
    sound, rate = soundfile.read(samples.speech())
    soundfile.write(folder / "speech.wav", sound[:rate], rate)
    inputs = {"audio": folder / "speech.wav", "photo": samples.photo()}
    store = Store(folder / "store")

    def run(graph):
        try:
            return graph.run(inputs, store=store, until=LEARNED)
        except ModelError as error:
            pytest.skip(f"needs the face models: {error}")

    return run


@pytest.mark.parametrize("step", READERS)
def test_a_file_of_ones_own_takes_the_place_of_a_network(photo, run, tmp_path, step):
    before = run(photo)
    model = onnx.load(before[step].file.path)
    model.doc_string = "my own"  # other bytes, the same answers
    onnx.save(model, tmp_path / "mine.onnx")
    after = run(photo.replace(**{step: LoadNetwork(file=tmp_path / "mine.onnx")}))
    made = {name for name in LEARNED if not after.records[name].cached}
    assert made == READERS[step]
    for name in LEARNED:
        assert str(after[name]) == str(before[name]), name


def test_the_refiner_and_the_regressor_are_swapped_too():
    standard = graph("yi2020", quality="standard")
    mine = LoadNetwork(file="refiner.onnx").on()
    assert standard.replace(refiner=mine).subgraph("refined").steps["refiner"] == mine


@pytest.mark.parametrize("name", ["yi2020", "photo"])
def test_head_motion_is_swapped_by_one_word(name):
    whole = graph(name)
    swapped = whole.replace(head=ReplayHeadMotion())
    assert swapped.steps["head"].sources == {"motion": "rested", "person": "fit"}
    assert "head_flow" not in swapped.subgraph("motion").steps
    assert whole.replace(head=SampleHeadMotion(seed=3)).steps["head"].sources.keys() == {
        "motion", "speech", "features", "network", "person", "clip_speech",
    }  # fmt: skip


NOTHING = Clip(frames=Frames.from_array(np.zeros((1, 8, 8, 3), np.uint8)), fps=25.0,
               crop=Crop(left=0.0, top=0.0, side=8.0), speech=None)  # fmt: skip
SEEN = Footage(file=File("p.png"), fps=25.0, count=1, width=8, height=8, speech=None)


@pytest.mark.parametrize(
    ("node", "port", "arguments", "expected"),
    [
        (DetectFaces, "detector", {"footage": SEEN}, "a face detector, input (n, 128, 128, 3)"),
        (TrackFace, "detector", {"clip": NOTHING}, "a face detector, input (n, 128, 128, 3)"),
        (DescribeIdentity, "network", {"clip": 0, "track": 0}, "faces (n, 150, 150, 3) -> vector"),
        (Refine, "refiner", {"frames": 0, "identity": 0}, "a refiner, window (n, 9, size, size)"),
    ],
)
def test_a_wrong_network_is_refused_at_its_port(node, port, arguments, expected, monkeypatch):
    wrong = LoadNetwork(name="general-mapping-mfcc").run()
    monkeypatch.setattr("talkgraph.nodes.footage.open_footage", lambda footage: NOTHING.frames)
    more = {} if port != "detector" else {"landmarks": wrong}
    with pytest.raises(ModelError) as caught:
        node.run(node(), **arguments, **{port: wrong}, **more)  # its other ports are not looked at
    said = str(caught.value)
    assert said.startswith(f"node '{node.node_id}', port '{port}': expected ") and expected in said
    assert "received 'general-mapping-mfcc', features (batch, time, 28, 12)" in said
    assert "\n" not in said


@pytest.mark.parametrize("node", [MapMotion, PersonaliseMapping])
def test_a_mapping_is_held_against_its_contract(node, tmp_path):
    model = LoadNetwork(name="general-mapping-mfcc").run()
    changed = onnx.load(model.file.path)
    changed.graph.output[1].name = "pose2"
    for one in changed.graph.node:
        for at, name in enumerate(one.output):
            one.output[at] = "pose2" if name == "pose" else name
        for at, name in enumerate(one.input):
            one.input[at] = "pose2" if name == "pose" else name
    onnx.save(changed, tmp_path / "other.onnx")
    wrong = LoadNetwork(file=File(tmp_path / "other.onnx")).run()
    ports = {"features": None} if node is MapMotion else {"fit": None}
    with pytest.raises(ModelError) as caught:
        node.run(node(), mapping=wrong, **ports)
    said = str(caught.value)
    assert re.match(rf"node '{node.node_id}', port 'mapping': expected a speech-to-motion", said)
    assert "pose2 (batch, time, 6)" in said and "general-mapping-mfcc" in said


def test_the_papers_refiner_has_a_memory_and_takes_the_published_one():
    paper = graph("yi2020", quality="best", preset="paper")
    refined, refiner = paper.steps["refined"], paper.steps["refiner"]
    assert refined.sources["memory"] == "refiner_memory"
    assert refiner.sources["identities"] == "identities" and refiner.node.preset == "paper"
    assert "refiner_memory" not in graph("yi2020", quality="best").steps
    assert "refiner_memory" not in graph("yi2020", preset="paper").steps  # a draft
    published = paper.replace(
        identity_network=LoadNetwork(name="arcface"),
        refiner=LoadNetwork(name="yi2020-generator"),
        spatial_network=LoadNetwork(name="yi2020-memory"),
        refiner_memory=LoadRefinerMemory().on(file="spatial_network"),
    )
    needed = published.subgraph("refined").steps
    assert {"spatial_network", "identity_network", "refiner"} <= set(needed)
    assert "identities" not in needed and "rehearsal" not in needed
