"""Pages of real runs: all is there, nothing leaves the page, and it stays small."""

import re
import time

import numpy as np
import pytest

from talkgraph.cache.store import Store
from talkgraph.engine import Graph, Node, node, note
from talkgraph.engine.history import run_records
from talkgraph.errors import StoreError
from talkgraph.graphs import yi2020
from talkgraph.nodes.values import Speech
from talkgraph.report import RunValues, report_html, write_report
from talkgraph.report.page import PAGE_BYTES


@pytest.fixture(scope="module")
def page(talk, parsed):
    return parsed(report_html(talk, "two seconds.mp4"))


def test_every_step_has_a_section_and_a_box_that_leads_there(talk, page):
    for name in talk.records:
        assert f"step-{name}" in page.ids
        assert any(a["href"] == f"#step-{name}" for a in page.all("a", "box"))
    assert len(page.ids) == len(set(page.ids))
    targets = {a["href"][1:] for a in page.all("a")}
    assert targets <= set(page.ids)


def test_every_value_has_its_look(page):
    for words in (
        "The speech: level over time", "Where it was cut out of the footage", "six points",
        "Landmarks over sampled frames", "The fitted face over sampled frames",
        "The albedo", "unrolled, as a map", "white ball", "The mean face",
        "one row per coefficient", "Opening of the lips", "Head: yaw", "keyframes",
        "It stands behind every frame", "Expression coefficients",
        "The warped background", "A frame of the input", "The mouth in the finished video",
        "The video", "Model card", "Inputs and parameters", "MIT", "Apache-2.0",
    ):  # fmt: skip
        assert words in page.text, words
    assert "could not be made" not in page.text and "Nothing to show" not in page.text
    assert len(page.all("video")) == 1 and len(page.all("audio")) == 1
    assert len(page.all("div", "wipe")) == 2


def test_a_clip_with_a_refiner_has_the_looks_of_those_too(clip_talk, parsed):
    began = time.process_time()
    page = parsed(report_html(clip_talk))
    seconds = time.process_time() - began
    for words in (
        "with its sound", "Reprojection error", "How sure the tracker is", "the clip's range",
        "Which moment of the clip", "The frame behind each keyframe", "colour mask",
        "attention: white keeps", "A frame before and after", "The mouth in the clip",
        "Training loss", "The numbers that say who it is",
    ):  # fmt: skip
        assert words in page.text, words
    assert "could not be made" not in page.text
    assert page.text.count("Training loss") == 1 + ("Fine-tuned" in page.text)
    assert len(page.all("video")) == 2
    assert len(page.source) < 15e6 and seconds < 10


def test_captions_and_curves_say_what_is_there(clip_talk, parsed, monkeypatch):
    from talkgraph.report.previews import backgrounds
    from talkgraph.report.show import shown

    with RunValues.of(clip_talk) as values:
        motion = parsed(shown(values["motion"], values.scene("motion")))
        mouth = motion.text.partition("Opening of the lips")[0]
        assert "clip output" in mouth and motion.all("path", "faint")  # the clip's as well
        chosen, scene = values["backgrounds"], values.scene("backgrounds")
        count = len(chosen.keyframes)
        assert count > 1
        for most, said in ((count, "behind each"), (1, f"behind 1 of the {count} keyframes")):
            monkeypatch.setattr(backgrounds, "_SHOWN", most)
            assert said in parsed(shown(chosen, scene)).text


@pytest.mark.slow
def test_a_page_of_ten_seconds_is_small_and_soon_there(tmp_path, clips):
    import soundfile

    sound, rate = soundfile.read(clips / "speech" / "speech_read_male_en_02.wav")
    soundfile.write(tmp_path / "ten.wav", sound[: 10 * rate], rate)
    inputs = {"audio": tmp_path / "ten.wav", "video": clips / "video" / "talk_female_black_01.mp4"}
    result = yi2020.graph().run(inputs, store=tmp_path / "store")
    began = time.process_time()
    write_report(result, tmp_path / "page.html")
    assert time.process_time() - began < 10
    assert (tmp_path / "page.html").stat().st_size < 15e6


def test_nothing_is_fetched_and_nothing_foreign_runs(page):
    (policy,) = [a["content"] for a in page.all("meta") if "http-equiv" in a]
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy
    assert len(page.all("script")) == 1
    for _, attributes in page.elements:
        for key, given in attributes.items():
            assert not key.startswith("on") and key != "style"
            if key in ("src", "href", "poster"):
                assert given.startswith(("#", "data:")), given[:80]
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page.source.split("<main")[0])


def test_provenance_says_where_it_came_from(talk, page):
    run = run_records.find(talk._run.request.store, talk.run_id)
    for words in (talk.run_id, "astronaut.png", "two seconds.wav", run.python, "numpy", "BLAKE3"):
        assert words in page.text
    assert run.machine["host"] not in page.text or run.machine["host"] in run.machine["system"]
    for given in run.inputs.values():
        assert given.digest[:16] in page.text
        assert given.text not in page.source  # the folders are nobody's business


def test_a_remembered_run_gives_the_same_page(talk, page):
    store = talk._run.request.store
    values = RunValues(run_records.find(store, talk.run_id), store)
    assert report_html(values, "two seconds.mp4") == page.source


def test_a_result_that_is_gone_is_said_and_nothing_is_made_again(tmp_path, parsed):
    ran = []

    @node("report_test_gone", version=1)
    class Gone(Node):
        def run(self, x: int) -> int:
            ran.append(x)
            return x + 1

    store = Store(tmp_path)
    result = Graph("g", inputs={"x": int}, steps={"a": Gone().on(x="x")}).run({"x": 1}, store=store)
    store.forget(result.records["a"].key)
    page = parsed(report_html(result))
    assert "no longer in the store" in page.text and ran == [1]


def test_a_store_without_history_is_an_error_in_words(tmp_path):
    @node("report_test_alone", version=1)
    class Alone(Node):
        def run(self, x: int) -> int:
            return x

    result = Graph("g", inputs={"x": int}, steps={"a": Alone().on(x="x")}).run(
        {"x": 1}, store=tmp_path
    )
    for path in (tmp_path / "history").iterdir():
        path.unlink()
    with pytest.raises(StoreError, match="not remembered"):
        report_html(result)


HOSTILE = "</script><script>alert('x')</script><img src=x onerror=alert(1)>\"'"


def test_hostile_names_notes_and_values_stay_text(tmp_path, parsed):
    @node("report_test_hostile", version=1)
    class Hostile(Node):
        def run(self, text: str) -> dict[str, str]:
            note(f"note {text}")
            return {text: text}

    graph = Graph("g", inputs={"text": str}, steps={"a": Hostile().on(text="text")})
    result = graph.run({"text": HOSTILE}, store=tmp_path)
    page = parsed(report_html(result, HOSTILE))
    assert len(page.all("script")) == 1 and not page.all("img")
    assert page.text.count("<img src=x onerror=alert(1)>") >= 4  # title, note twice, value
    assert not any(key.startswith("on") for _, a in page.elements for key in a)


def test_what_does_not_fit_is_left_out_and_said(tmp_path, parsed, monkeypatch):
    @node("report_test_noise", version=1)
    class Noise(Node):
        def run(self, seed: int) -> list[np.ndarray]:
            rng = np.random.default_rng(seed)
            return [rng.integers(0, 255, (500, 500, 3), np.uint8) for _ in range(4)]

    monkeypatch.setattr("talkgraph.report.page.PAGE_BYTES", 1 << 20)
    steps = {f"s{k}": Noise().on(seed="seed") for k in range(8)}
    result = Graph("g", inputs={"seed": int}, steps=steps).run(
        {"seed": 0}, store=tmp_path, until=list(steps)
    )
    source = report_html(result)
    assert len(source) < (1 << 20) + 200_000
    assert "Left out to keep the page small" in parsed(source).text


def test_nested_graphs_are_folded_into_a_box_and_a_section_of_their_own(tmp_path, parsed):
    @node("report_test_add", version=1)
    class Add(Node):
        def run(self, x: int) -> int:
            return x + 1

    inner = Graph("inner", inputs={"x": int}, steps={"a": Add().on(x="x"), "b": Add().on(x="a")})
    outer = Graph(
        "outer", inputs={"x": int},
        steps={
            "first": Add().on(x="x"), "deep": inner.on(x="first"), "more": inner.on(x="deep"),
            "last": Add().on(x="more"),
        },
    )  # fmt: skip
    page = parsed(report_html(outer.run({"x": 1}, store=tmp_path)))
    whole, nested, more = page.source.split('<svg viewBox="0 0 ')[1:4]
    assert 'data-name="deep"' in whole and 'data-name="deep/a"' not in whole
    assert 'data-name="deep/a"' in nested and 'data-name="first"' in nested
    assert ">deep/b</text>" in more and more.count(">b</text>") == 1  # not two boxes named b
    assert {"step-deep", "step-deep/a", "step-deep/b"} <= set(page.ids)


def test_a_thousand_steps_make_a_page_in_seconds(tmp_path):
    @node("report_test_next", version=1)
    class Next(Node):
        def run(self, x: int) -> int:
            return x + 1

    steps = {f"s{k}": Next().on(x=f"s{k - 1}" if k else "x") for k in range(1000)}
    result = Graph("long", inputs={"x": int}, steps=steps).run(
        {"x": 0}, store=Store(tmp_path, durable=False)
    )
    began = time.process_time()
    source = report_html(result)
    assert time.process_time() - began < 10 and len(source) < 5e6
    assert "s999" in source


def test_an_hour_is_sampled(tmp_path, parsed):
    """Landmarks, sound and frames of an hour: a page reads a few frames and little memory."""
    import tracemalloc

    from talkgraph.cache.frames import Frames
    from talkgraph.display import Nowhere
    from talkgraph.nodes.values import Clip, Crop, FaceFit, FaceTrack, Motion, SpeechFeatures
    from talkgraph.report.show import shown

    count, rate = 90_000, 16000
    read = []

    def frames(start, stop):
        read.append(stop - start)
        return np.zeros((stop - start, 64, 64, 3), np.uint8)

    def mapped(name, shape):
        return np.memmap(tmp_path / name, np.float32, "w+", shape=shape)

    samples = mapped("samples", (3600 * rate,))
    speech = Speech(samples=samples, rate=rate, soundtrack=samples[:, None], soundtrack_rate=rate)
    motion = Motion(
        expression=mapped("expression", (count, 64)), rotation=mapped("rotation", (count, 3)),
        translation=mapped("translation", (count, 3)), fps=25.0,
    )  # fmt: skip
    lazy = Frames.from_function(count, (64, 64, 3), frames)
    crop = Crop(left=0.0, top=0.0, side=64.0)
    measured = np.ones(count, bool)
    values = [
        speech,
        Clip(frames=lazy, fps=25.0, crop=crop, speech=speech),
        FaceTrack(landmarks=mapped("landmarks", (count, 478, 3)), size=64, fps=25.0,
                  confidence=mapped("confidence", (count,)), measured=measured),
        FaceFit(identity=np.zeros(80, np.float32), motion=motion, size=64,
                error=mapped("error", (count,)), measured=measured),
        SpeechFeatures(windows=mapped("windows", (count, 28, 12)), fps=25.0),
        lazy,
    ]  # fmt: skip
    tracemalloc.start()
    pages = [shown(one, Nowhere()) for one in values]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(read) < 300 and peak < 100e6
    assert not any("could not be made" in one for one in pages)
    assert sum(map(len, pages)) < PAGE_BYTES / 4


def test_writing_is_whole_or_not_at_all(talk, tmp_path):
    path = tmp_path / "ein Bericht.html"
    write_report(talk, path)
    assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_the_command_finds_a_run_by_video_id_and_last(talk, tmp_path, capsys, parsed):
    from talkgraph.cli.main import main
    from talkgraph.nodes.media import publish

    store = talk._run.request.store
    video = tmp_path / "my talk.mp4"
    publish(talk, video, store)
    pages = []
    for which in ("last", talk.run_id[:18], str(video)):
        page = tmp_path / "page.html"
        assert main(["report", which, "-o", str(page), "--store", str(store.path)]) == 0
        pages.append(page.read_text(encoding="utf-8"))
    assert talk.run_id in capsys.readouterr().err
    assert pages[0] == pages[1] and "my talk.mp4" in pages[2]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["report", "19990101"], "no run '19990101'"),
        (["report", "-o", "page.txt"], "end its name in .html"),
        (["report", "-o", "nowhere/page.html"], "no such folder"),
        (["report", "missing.mp4"], "missing.mp4"),
        (["talk", "--sample", "--report", "page.pdf"], "end its name in .html"),
        (["run", "photo", "--report", "page.pdf"], "end its name in .html"),
    ],
)
def test_what_cannot_be_reported_is_refused_in_one_line(
    arguments, said, tmp_path, monkeypatch, capsys
):
    from talkgraph.cli.main import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TALKGRAPH_STORE", str(tmp_path / "store"))
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def test_show_draws_svg(tmp_path, capsys):
    from xml.etree import ElementTree

    from talkgraph.cli.main import main

    assert main(["show", "yi2020", "--quality", "standard", "--format", "svg"]) == 0
    printed = capsys.readouterr().out
    target = tmp_path / "graph.svg"
    arguments = ["show", "yi2020", "--quality", "standard", "--format", "svg", "-o", str(target)]
    assert main(arguments) == 0
    assert target.read_text(encoding="utf-8") == printed
    tree = ElementTree.fromstring(printed)
    names = {e.get("data-name") for e in tree.iter() if e.get("data-name")}
    assert {"audio", "video", "refiner", "video_out"} <= names
