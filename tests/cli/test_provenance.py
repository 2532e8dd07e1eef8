"""`provenance`: a finished video says how it came to be, and can do no harm by it."""

import io
import json
import struct
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from talkgraph import Store, provenance_of
from talkgraph.cache.frames import Frames
from talkgraph.cli import lookup
from talkgraph.cli.main import main
from talkgraph.cli.provenance import _head, tree
from talkgraph.engine import Graph, Node, node, param
from talkgraph.engine.history import run_records
from talkgraph.nodes.media import ReadSpeech, WriteVideo
from talkgraph.nodes.media.boxes import uuid_box
from talkgraph.nodes.media.provenance import LONGEST, Provenance, ProvenanceStep
from talkgraph.nodes.media.provenance_box import _OURS
from talkgraph.nodes.values import Speech


@node("test_provenance_paint", version=2)
class Paint(Node):
    """Frames of one grey, as many as the speech lasts."""

    level: int = param(90, "shade of grey", ge=0, le=255)
    palette: Path = param(Path("/home/anna/secret folder/palette.txt"), "unused", keyed=False)
    hint: str = param("/home/anna/secret folder/hint.txt", "unused", keyed=False)

    def run(self, photo: Path, speech: Speech) -> Frames:
        shape = (round(25 * speech.seconds), 32, 32, 3)
        return Frames.from_array(np.full(shape, self.level, np.uint8))


@node("test_provenance_darker", version=1, transient=True)
class Darker(Node):
    def run(self, frames: Frames) -> Frames:
        return Frames.from_function(len(frames), frames.shape, lambda a, b: frames[a:b] // 2)


def grey_graph(**options):
    steps = {
        "speech": ReadSpeech().on(audio="audio"),
        "paint": Paint(level=80).on(photo="photo", speech="speech"),
        "darker": Darker().on(frames="paint"),
        "video_out": WriteVideo().on(frames="darker", speech="speech"),
    }
    return Graph("photo", inputs={"audio": Path, "photo": Path}, steps=steps, output="video_out")


@pytest.fixture
def desk(tmp_path, monkeypatch):
    folder = tmp_path / "Annas geheimer Ordner"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TALKGRAPH_STORE", str(tmp_path / "store"))
    tone = 0.3 * np.sin(np.arange(16000) * 0.1)
    soundfile.write(folder / "meine Rede ü.wav", tone, 16000)
    (folder / "ich.jpg").write_bytes(b"a picture")
    monkeypatch.setattr(lookup, "load_graph", lambda name, **options: grey_graph())
    return folder


def talk(output, *options):
    words = ["talk", "--audio", "meine Rede ü.wav", "--photo", "ich.jpg", "-o", output, "-q"]
    return main([*words, *options])


def test_a_report_of_a_video_whose_run_is_elsewhere(desk, tmp_path, capsys):
    assert talk("out.mp4") == 0
    other = tmp_path / "other store"
    assert main(["report", "out.mp4", "--store", str(other)]) == 2
    assert capsys.readouterr().err == (
        f"talkgraph report: out.mp4: its run is not in store {other}; "
        "give the store it was made with (--store), or make it again\n"
    )
    assert not (desk / "report.html").exists()
    assert main(["report", "out.mp4", "-q"]) == 0 and (desk / "report.html").exists()


def cached_video(desk):
    store = Store()
    run = run_records.find(store)
    return run.load(store, "video_out").path


def packets(path):
    with av.open(str(path)) as container:
        return [
            (p.stream.index, p.pts, p.dts, p.duration, bytes(p))
            for p in container.demux()
            if p.size
        ]


def test_a_video_tells_how_it_came_to_be(desk, capsys):
    assert talk("out.mp4") == 0
    provenance = provenance_of("out.mp4")
    run = run_records.find(Store())
    assert (provenance.graph, provenance.run, provenance.target) == (
        "photo",
        run.run_id,
        "video_out",
    )
    assert provenance.inputs == {
        "audio": ("meine Rede ü.wav", blake3((desk / "meine Rede ü.wav").read_bytes()).hexdigest()),
        "photo": ("ich.jpg", blake3(b"a picture").hexdigest()),
    }
    steps = {step.name: step for step in provenance.steps}
    assert list(steps) == ["speech", "paint", "darker", "video_out"]
    assert [step.state for step in provenance.steps] == ["run", "run", "streamed", "run"]
    paint = steps["paint"]
    assert (paint.node, paint.version, paint.parameters["level"]) == (
        "test_provenance_paint",
        2,
        "80",
    )
    assert paint.inputs["photo"] == "photo"
    digest = run.steps["paint"].digests["speech"]
    assert paint.inputs["speech"] == f"speech @ {digest[:16]}"
    assert paint.seconds > 0 and abs(paint.created - provenance.created) < 60
    assert steps["darker"].created == 0
    assert paint.machine is None and run.machine["cpu"] in provenance.machine

    assert main(["provenance", "out.mp4"]) == 0
    said = capsys.readouterr().out
    for part in (
        "out.mp4: graph photo",
        "unchanged since",
        "input audio = meine Rede ü.wav",
        "paint  test_provenance_paint v2",
        "level=80",
        "speech, see above",
        provenance.run,
    ):
        assert part in said  # fmt: skip
    assert "hint=" not in said  # nobody set it
    assert main(["provenance", "out.mp4", "--parameters"]) == 0
    assert "hint='hint.txt'" in capsys.readouterr().out
    assert main(["provenance", "out.mp4", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["unchanged"] is True
    assert [step["name"] for step in facts["steps"]] == list(steps)


def test_a_stored_step_tells_when_and_how_long_it_really_was_made(desk):
    talk("first.mp4")
    talk("second.mp4", "--set", "video_out.crf=30")
    first, second = (
        {s.name: s for s in provenance_of(p).steps} for p in ("first.mp4", "second.mp4")
    )
    assert second["paint"].state == "hit"
    assert (second["paint"].seconds, second["paint"].created) == (
        first["paint"].seconds, first["paint"].created,
    )  # fmt: skip
    assert second["video_out"].parameters["crf"] == "30.0"
    assert second["video_out"].created > first["video_out"].created


def test_no_folder_no_host_and_no_user_is_in_the_file(desk, monkeypatch):
    monkeypatch.setattr("platform.node", lambda: "annas-notebook")
    talk("out.mp4")
    data = (desk / "out.mp4").read_bytes()
    for secret in (b"geheim", b"secret", b"anna", str(desk.parent).encode()):
        assert secret not in data
    parameters = next(s.parameters for s in provenance_of("out.mp4").steps if s.name == "paint")
    assert (parameters["palette"], parameters["hint"]) == ("palette.txt", "'hint.txt'")


def test_the_video_itself_is_not_touched(desk):
    talk("out.mp4")
    made, cached = (desk / "out.mp4").read_bytes(), cached_video(desk).read_bytes()
    assert made.startswith(cached) and len(made) > len(cached)
    assert packets("out.mp4") == packets(cached_video(desk))
    assert _OURS not in cached
    assert made.index(b"moov") < made.index(b"mdat")  # still plays while it loads
    talk("bare.mp4", "--no-metadata")
    assert (desk / "bare.mp4").read_bytes() == cached


def test_run_embeds_it_too(desk, capsys):
    (desk / "grey.yaml").write_text(grey_graph().to_yaml())
    words = ["run", "grey.yaml", "-i", "audio=meine Rede ü.wav", "-i", "photo=ich.jpg", "-q"]
    assert main([*words, "-o", "out.mp4"]) == 0
    assert provenance_of("out.mp4").graph == "photo"
    assert main([*words, "-o", "bare.mp4", "--no-metadata"]) == 0
    assert main([*words, "-o", "out.dat"]) == 0
    for name, words in (("bare.mp4", "carries no provenance; it was not made by talkgraph"),
                        ("out.dat", "only MP4 videos do"), ("ich.jpg", "only MP4 videos do"),
                        ("nowhere.mp4", "no such file")):  # fmt: skip
        capsys.readouterr()
        assert main(["provenance", name]) == 2
        said = capsys.readouterr()
        assert words in said.err and len(said.err.splitlines()) == 1 and said.out == ""


def test_a_changed_video_is_called_changed(desk, capsys):
    talk("out.mp4")
    data = bytearray((desk / "out.mp4").read_bytes())
    data[data.index(b"mdat") + 100] ^= 1
    (desk / "out.mp4").write_bytes(data)
    assert main(["provenance", "out.mp4"]) == 0
    assert "CHANGED since it was made" in capsys.readouterr().out
    assert main(["provenance", "out.mp4", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["unchanged"] is False


def boxed(body, size=None):
    box = uuid_box(_OURS, body)
    if size is not None:
        box = struct.pack(">I", size) + box[4:]
    return struct.pack(">I4s", 8, b"ftyp") + box


def provenance(**changes):
    step = ProvenanceStep("s", "n", 1, "run", {"p": "1"}, ["p"], {"port": "x"}, 1.0, 0.0, None)
    facts = {
        "graph": "g", "run": "r", "created": 1.0, "seconds": 1.0, "target": "s", "content": "c",
        "inputs": {"x": ("name", "d")}, "steps": [step], "omitted": 0, "machine": "m",
        "talkgraph": "0", "python": "3",
    }  # fmt: skip
    return Provenance(**{**facts, **changes})


def altered(**changes):
    return json.dumps({"provenance": 1, **json.loads(provenance().to_bytes()), **changes}).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"", b"ftyp", b"\0" * 100, boxed(b""), boxed(b"{"), boxed(b"null"), boxed(b"[]" * 9),
        boxed(b"[" * 60_000), boxed(b'{"provenance": 1}'), boxed(b"1" * (LONGEST + 1)),
        boxed(b"{}", size=5), boxed(b"{}", size=1 << 31), boxed(b"{}", size=0),
        boxed(b"{}", size=1),
        boxed(altered(provenance=2)), boxed(altered(extra=1)), boxed(altered(steps=7)),
        boxed(altered(steps=[[]])), boxed(altered(created="x")),
        boxed(altered(inputs={"x": [1]})), boxed(altered(inputs={"x": ["a"]})),
        boxed(altered(seconds=10**400)), boxed(altered(created=1e300)),
        boxed(altered(created=-1.0)),
        boxed(altered().replace(b"1.0", b"NaN")), boxed(altered().replace(b"1.0", b"1e999")),
        boxed(altered().replace(b"1.0", b"9" * 5000)), boxed(b"\xff\xfe"),
        struct.pack(">I4sQ", 1, b"ftyp", 1 << 63) + b"x",
    ],
    ids=range(29),
)  # fmt: skip
def test_a_file_that_only_looks_like_one_is_one_line(tmp_path, capsys, data):
    path = tmp_path / "x.mp4"
    path.write_bytes(data)
    assert main(["provenance", str(path)]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and "x.mp4" in said and "internal" not in said


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.sampled_from(sorted(json.loads(provenance().to_bytes()))), JSON, st.booleans())
@settings(max_examples=300)
def test_any_content_is_shown_or_refused(name, value, inside):
    document = json.loads(provenance().to_bytes())
    part = document["steps"][0] if inside and name in document["steps"][0] else document
    part[name] = value
    try:
        read = Provenance.from_bytes(json.dumps(document).encode())
    except ValueError:
        return
    Console(file=io.StringIO(), width=80).print(tree(read, every=True))
    assert _head(Path("x.mp4"), read, True)


def test_what_a_stranger_wrote_is_shown_without_effect(tmp_path, capsys):
    evil = "\x1b[2J\x9b31m\u202e[bold]x[/bold]\nnext"
    step = ProvenanceStep(evil, evil, 1, evil, {evil: evil}, [evil], {"port": evil}, 1.0, 0.0, evil)
    loop = ProvenanceStep("s", "n", 1, "run", {}, [], {"a": "s", "b": "t.field"}, -1.0, 0.0, None)
    path = tmp_path / "x.mp4"
    path.write_bytes(
        boxed(provenance(graph=evil, target=f"{evil}, s", steps=[step, loop]).to_bytes())
    )
    for words in (["provenance", str(path)], ["provenance", str(path), "--json"]):
        assert main(words) == 0
        said = capsys.readouterr().out
        assert "[bold]x[/bold]" in said
        assert not {"\x1b", "\x9b", "\u202e"} & set(said)


def test_a_graph_of_many_steps_keeps_the_last_ones(tmp_path, capsys):
    steps = [
        ProvenanceStep(
            f"s{i}", "n", 1, "run", {}, [], {"x": f"s{i - 1}" if i else "x"}, 0.0, 0.0, None
        )
        for i in range(2000)
    ]
    data = provenance(target="s1999", steps=steps).to_bytes()
    assert len(data) <= LONGEST
    read = Provenance.from_bytes(data)
    assert read.omitted > 0 and read.omitted + len(read.steps) == 2000
    assert read.steps[-1].name == "s1999"
    path = tmp_path / "x.mp4"
    path.write_bytes(boxed(data))
    assert main(["provenance", str(path)]) == 0
    said = capsys.readouterr().out
    assert "s1999" in said and f"{read.omitted} more steps did not fit" in said
