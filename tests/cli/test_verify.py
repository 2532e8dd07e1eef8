"""`talk` marks and signs, `verify` tells ours from altered; and what is refused on the way."""

import json
import shutil
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from talkgraph import Store
from talkgraph.cache.frames import Frames
from talkgraph.cli import lookup
from talkgraph.cli.main import main
from talkgraph.engine import Graph, Node, node
from talkgraph.engine.history import run_records
from talkgraph.graphs.finished import finished
from talkgraph.nodes.media import ReadSpeech, credentials_of, provenance_of
from talkgraph.nodes.values import Speech
from tests.nodes.media.credentials.certificates import written


@node("test_verify_paint", version=1)
class Paint(Node):
    """Frames of noise that stands still, as many as the speech lasts."""

    def run(self, photo: Path, speech: Speech) -> Frames:
        noise = np.random.default_rng(0).integers(110, 130, (1, 128, 160, 3), dtype=np.uint8)
        return Frames.from_array(np.repeat(noise, round(25 * speech.seconds), axis=0))


def graph(mark=True, label="", **_):
    steps = {
        "speech": ReadSpeech().on(audio="audio"),
        "paint": Paint().on(photo="photo", speech="speech"),
        **finished("paint", mark=mark, label=label),
    }
    return Graph("photo", inputs={"audio": Path, "photo": Path}, steps=steps, output="video_out")


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TALKGRAPH_STORE", str(tmp_path / "store"))
    soundfile.write("speech.wav", 0.3 * np.sin(np.arange(12800) * 0.1), 16000)
    Path("me.jpg").write_bytes(b"a picture")
    monkeypatch.setattr(lookup, "load_graph", lambda name, **options: graph(
        **{name: value for name, value in options.items() if value is not None}
    ))  # fmt: skip
    return tmp_path


def talk(output, *options):
    return main(["talk", "-a", "speech.wav", "-p", "me.jpg", "-o", output, *options])


def verify(path, capsys, *options):
    """Exit code, and what `--json` says."""
    capsys.readouterr()
    code = main(["verify", str(path), "--json", *options])
    return code, json.loads(capsys.readouterr().out)


def saved_again(path, other):
    """Another program's copy: the pictures alone, compressed once more."""
    with av.open(str(path)) as source, av.open(str(other), "w") as target:
        stream = target.add_stream("libx264", rate=25, options={"crf": "23"})
        read = source.streams.video[0]
        stream.width, stream.height, stream.pix_fmt = read.width, read.height, "yuv420p"
        for frame in source.decode(video=0):
            frame.pict_type = 0
            target.mux(stream.encode(frame))
        target.mux(stream.encode())


def test_a_video_is_marked_signed_and_verified(desk, capsys):
    assert talk("out.mp4") == 0
    said = capsys.readouterr().err
    assert "watermark, credentials signed by 'local signer of talkgraph', whom nobody" in said
    code, found = verify("out.mp4", capsys)
    assert (code, found["verdict"], found["unchanged"]) == (0, "ours", True)
    assert found["credentials"]["state"] == "intact" and not found["credentials"]["trusted"]
    assert found["credentials"]["source_type"] == "compositeWithTrainedAlgorithmicMedia"
    assert [name for name, _ in found["credentials"]["inputs"]] == ["speech.wav", "me.jpg"]
    assert found["watermark"]["found"] and found["watermark"]["false_alarm"] < 1e-5
    assert found["lineage"]["run"] == run_records.find(Store(), "last").run_id
    assert main(["verify", "out.mp4"]) == 0
    table = capsys.readouterr().out
    assert [line for line in table.splitlines() if line != line.rstrip()] == []
    for words in (
        "out.mp4: made by talkgraph",
        "intact",
        "found",
        "graph photo",
        "me.jpg, blake3:",
    ):
        assert words in table
    assert main(["report", "out.mp4", "-o", "page.html", "-q"]) == 0
    page = Path("page.html").read_text()
    assert "invisible watermark, metadata and, when published, credentials" in page


def test_a_copy_is_ours_by_its_watermark_and_an_altered_file_is_altered(desk, capsys):
    talk("out.mp4", "-q")
    saved_again("out.mp4", "copy.mp4")
    code, found = verify("copy.mp4", capsys)
    assert (code, found["credentials"]["state"], found["lineage"]) == (0, "none", None)
    assert found["watermark"]["found"]
    for place in (b"mdat", b"moov", b"talkgraph.lineage"):
        data = bytearray(Path("out.mp4").read_bytes())
        data[data.index(place) + 60] ^= 1
        Path("altered.mp4").write_bytes(data)
        code, found = verify("altered.mp4", capsys)
        assert (code, found["verdict"]) == (4, "altered"), place


def test_without_a_mark_nothing_is_said_but_the_lineage(desk, capsys):
    assert talk("out.mp4", "--no-mark") == 0
    assert "not marked as synthetic" in capsys.readouterr().err
    code, found = verify("out.mp4", capsys)
    assert (code, found["credentials"]["state"], found["unchanged"]) == (0, "none", True)
    assert not found["watermark"]["found"]
    assert main(["report", "out.mp4", "-o", "page.html", "-q"]) == 0
    assert "NOT marked" in Path("page.html").read_text()
    assert talk("bare.mp4", "--no-mark", "--no-metadata", "-q") == 0
    code, found = verify("bare.mp4", capsys)
    assert (code, found["verdict"], found["lineage"]) == (3, "not ours", None)
    assert main(["verify", "bare.mp4"]) == 3
    assert "nothing says that talkgraph made it" in capsys.readouterr().out


def test_no_metadata_leaves_inputs_out_of_the_credentials_too(desk, capsys):
    assert talk("out.mp4", "--no-metadata", "--json") == 0
    assert json.loads(capsys.readouterr().out)["marks"] == {
        "watermark": True, "signed_by": "local signer of talkgraph", "local": True,
    }  # fmt: skip
    assert credentials_of(Path("out.mp4")).inputs == ()
    assert b"speech.wav" not in Path("out.mp4").read_bytes()


def test_the_users_certificate_signs(desk, capsys, monkeypatch):
    chain, key, root = written(desk)
    assert talk("out.mp4", "--sign", str(chain), str(key)) == 0
    assert "credentials signed by 'Anna'\n" in capsys.readouterr().err
    code, found = verify("out.mp4", capsys, "--trust", str(root))
    assert (code, found["credentials"]["signer"], found["credentials"]["trusted"]) == (
        0, "Anna", True,
    )  # fmt: skip
    monkeypatch.setenv("TALKGRAPH_SIGN_CERT", str(chain))
    assert talk("again.mp4") == 2
    assert "TALKGRAPH_SIGN_CERT is set without TALKGRAPH_SIGN_KEY" in capsys.readouterr().err
    monkeypatch.setenv("TALKGRAPH_SIGN_KEY", str(key))
    assert talk("again.mp4", "-q") == 0
    monkeypatch.setenv("TALKGRAPH_TRUST", str(root))
    assert verify("again.mp4", capsys)[1]["credentials"]["trusted"]


def test_nothing_secret_is_in_the_store_or_the_file(desk):
    chain, key, _ = written(desk)
    talk("out.mp4", "-q", "--sign", str(chain), str(key))
    secret = key.read_bytes().split(b"\n")[1]
    for path in [*(desk / "store").rglob("*"), desk / "out.mp4"]:
        assert not path.is_file() or secret not in path.read_bytes()


def test_a_graph_made_twice_is_the_same_file_before_it_is_signed(desk, monkeypatch):
    talk("one.mp4", "-q")
    first = run_records.find(Store()).load(Store(), "video_out").path.read_bytes()
    monkeypatch.setenv("TALKGRAPH_STORE", str(desk / "other"))
    talk("two.mp4", "-q")
    assert run_records.find(Store()).load(Store(), "video_out").path.read_bytes() == first
    assert provenance_of("one.mp4").content == provenance_of("two.mp4").content


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--sign", "chain.pem", "other.pem"), "other.pem: is the key of another certificate"),
        (("--sign", "garbage.pem", "key.pem"), "garbage.pem: holds no certificate"),
        (("--sign", "nowhere.pem", "key.pem"), "nowhere.pem: the certificate to sign with cannot"),
        (("--sign", "chain.pem", "key.pem", "--no-mark"), "leave out --no-mark, or --sign"),
        (("--time-stamp", "http://x", "--no-mark"), "leave out --no-mark, or --time-stamp"),
        (("--time-stamp", "tomorrow"), "--time-stamp tomorrow: not a URL"),
        (("--label", " "), "--label: the text is empty"),
    ],
)
def test_what_cannot_be_signed_is_refused_before_any_work(desk, capsys, options, words):
    written(desk)
    assert talk("out.mp4", *options) == 2
    said = capsys.readouterr().err
    assert words in said and len(said.splitlines()) == 1
    assert not Path("out.mp4").exists() and not (desk / "store" / "runs").exists()


def test_an_authority_that_does_not_answer_is_a_line(desk, capsys):
    assert talk("out.mp4", "-q", "--time-stamp", "http://127.0.0.1:9/") == 2
    said = capsys.readouterr().err
    assert "http://127.0.0.1:9/: gives no time stamp" in said and "without --time-stamp" in said
    assert len(said.splitlines()) == 1 and not Path("out.mp4").exists()


def test_a_label_is_seen_and_a_graph_file_has_none_of_these_options(desk, capsys, monkeypatch):
    assert talk("out.mp4", "--label", "made up", "-q") == 0
    steps = run_records.find(Store()).steps
    assert steps["labelled"].parameters["text"] == "'made up'"
    monkeypatch.undo()
    monkeypatch.chdir(desk)
    Path("g.yaml").write_text(graph().to_yaml())
    for option in ("--no-mark", "--label"):
        assert main(["run", "g.yaml", option, "--store", "store"]) == 2
        assert f"{option} is for named graphs" in capsys.readouterr().err


def test_any_file_can_be_verified(desk, capsys):
    Path("text.mp4").write_text("no video")
    trust = ["verify", "text.mp4", "--trust"]
    for words in (
        trust[:2],
        ["verify", "nowhere.mp4"],
        [*trust, "me.jpg"],
        [*trust, "nowhere.pem"],
    ):
        assert main(words) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_run_marks_too(desk, capsys):
    Path("g.yaml").write_text(graph().to_yaml())
    words = ["run", "photo", "-i", "audio=speech.wav", "-i", "photo=me.jpg", "-o", "out.mp4"]
    assert main(words) == 0
    assert "out.mp4: watermark, credentials signed by" in capsys.readouterr().err
    shutil.copy("out.mp4", "copy.mp4")
    assert credentials_of(Path("copy.mp4")).ours
