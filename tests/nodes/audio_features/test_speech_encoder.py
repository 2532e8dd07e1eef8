import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from talkgraph.cache.files import File
from talkgraph.errors import GraphError, InputError, ModelError
from talkgraph.models.onnx_writer import OnnxWriter
from talkgraph.nodes.audio_features import SpeechEncoder
from talkgraph.nodes.networks import LoadNetwork
from talkgraph.nodes.values import OnnxModel
from tests.models.speech_reference import SOUNDS
from tests.nodes.audio_features.made_speech import RATE, noise, speech


@pytest.fixture(scope="module")
def tiny():
    return LoadNetwork(name="speech-encoder-tiny").run()


def loudness_network(folder, stride):
    """A network of the same ports that hears how loud it is in every frame, or every second."""
    out = OnnxWriter()
    mel, hidden = out.fresh("mel"), out.fresh("hidden")
    kernel = out.constant(np.full((1, 80, 1), 1 / 80, np.float32))
    heard = out.add("Conv", [mel, kernel], kernel_shape=[1], strides=[stride])
    out.name(out.transpose(heard, (0, 2, 1)), hidden)
    model = out.model([(mel, ("n", 80, "frames"))], [(hidden, ("n", "steps", "width"))], {})
    path = folder / f"loudness_{stride}.onnx"
    path.write_bytes(model.SerializeToString())
    return OnnxModel(file=File(path), facts={})


@pytest.fixture(scope="module")
def loudness(tmp_path_factory):
    return loudness_network(tmp_path_factory.mktemp("networks"), 2)


def long_speech(seconds):
    """The sample speech again and again."""
    sound = max(SOUNDS.values(), key=len)
    return speech(np.resize(sound, round(seconds * RATE)))


def windows_of(node, given_speech, network):
    return node.run(given_speech, network).windows[:, 0]


@pytest.mark.parametrize("fps", [10, 24, 25, 29.97, 50, 75])
@pytest.mark.parametrize("frame", [0, 7, 24, 90])
def test_a_click_is_heard_in_its_video_frame(loudness, fps, frame):
    samples = np.zeros(10 * RATE)
    samples[round((frame + 0.5) / fps * RATE)] = 0.5
    made = windows_of(SpeechEncoder(fps=fps), speech(samples), loudness)[:, 0]
    assert abs(int(made.argmax()) - frame) <= (fps > 50)  # steps are 20 ms apart


def test_the_weights_at_25_fps_are_a_quarter_a_half_and_a_quarter(loudness):
    given_speech = noise(2)
    between = windows_of(SpeechEncoder(fps=50), given_speech, loudness)[:, 0]
    made = windows_of(SpeechEncoder(), given_speech, loudness)[:, 0]
    # Frame k of 50 fps lies between steps k and k + 1, and is their mean.
    np.testing.assert_allclose(made[:-1], (between[:-2:2] + between[1:-2:2]) / 2, atol=1e-5)


def test_windows_equal_one_pass_but_for_what_the_encoder_counts(tiny):
    given_speech = long_speech(14.2)
    whole = windows_of(SpeechEncoder(window=30), given_speech, tiny)
    made = windows_of(SpeechEncoder(), given_speech, tiny)
    spread = whole.std(0)
    assert np.median(np.abs(made - whole).mean(0) / spread) < 0.35
    steps = np.square(np.diff(made, axis=0) / spread).mean(1)
    borders = [round(3 * 25 * i) for i in (1, 2, 3)]
    assert steps[borders].max() < 2 * np.median(steps)  # nothing jumps


@pytest.mark.parametrize(
    "node",
    [
        SpeechEncoder(window=1),
        SpeechEncoder(window=2, look_ahead=0.2),
        SpeechEncoder(window=1, look_ahead=0.2, fps=30),
    ],
)
def test_a_speech_that_still_arrives_gives_what_the_whole_gives(tiny, node):
    """And what is heard of the future is `window`, or `look_ahead`, and no more."""
    whole = long_speech(2.6)
    made = windows_of(node, whole, tiny)
    ahead = node.look_ahead or node.window + 1 / node.fps
    for seconds in (2.03, 2.4):
        so_far = speech(whole.samples[: round(seconds * RATE)])
        moments = (np.arange(len(made)) + 0.5) / node.fps
        certain = int(np.searchsorted(moments, seconds - ahead))
        np.testing.assert_array_equal(windows_of(node, so_far, tiny)[:certain], made[:certain])


@pytest.mark.parametrize("fps", [10, 25, 29.97, 60])
def test_live_features_come_in_time(loudness, fps):
    """What hears a moment only gives the same, however short the windows."""
    given_speech = speech(long_speech(3).samples + noise(3).samples)  # no floor is reached
    whole = windows_of(SpeechEncoder(fps=fps), given_speech, loudness)
    made = windows_of(SpeechEncoder(fps=fps, look_ahead=0.25), given_speech, loudness)
    np.testing.assert_allclose(made, whole, atol=0.02)


@pytest.mark.parametrize("node", [{"look_ahead": 0.1, "fps": 10}, {"look_ahead": 1, "window": 0.5}])
def test_a_look_ahead_that_cannot_be_is_refused(node):
    with pytest.raises(GraphError, match=r"look_ahead is .* set it between .* and window"):
        SpeechEncoder(**node)


def test_a_changed_end_changes_the_last_windows_only(tiny):
    given_speech = long_speech(14)
    samples = given_speech.samples.copy()
    samples[13 * RATE :] *= 0.1
    before = windows_of(SpeechEncoder(), given_speech, tiny)
    changed = (windows_of(SpeechEncoder(), speech(samples), tiny) != before).any(1)
    # The windows begin every 3 s: that of 6 s ends before the change, that of 9 s does not.
    assert np.flatnonzero(changed).min() == 9 * 25 - 1  # a frame's triangle reaches 20 ms on


@settings(max_examples=40)
@given(st.integers(560, 70000), st.sampled_from([15.0, 24.0, 25.0, 29.97, 30.0, 50.0, 60.0, 75.0]))
def test_one_window_per_video_frame(loudness, samples, fps):
    made = SpeechEncoder(fps=fps, window=1).run(speech(np.full(samples, 0.01)), loudness)
    assert made.windows.shape == (round(fps * samples / RATE), 1, 1) and made.fps == fps
    assert np.isfinite(made.windows).all()


@pytest.mark.parametrize("samples", [np.zeros(5 * RATE), np.ones(RATE), np.eye(1, 321, 200)[0]])
def test_silence_is_finite(tiny, samples):
    for node in (SpeechEncoder(), SpeechEncoder(window=1, look_ahead=0.2)):
        assert np.isfinite(windows_of(node, speech(samples), tiny)).all()


def test_a_clip_without_sound_has_no_windows(tiny):
    assert SpeechEncoder().run(None, tiny).windows.shape == (0, 1, 384)


def test_too_short_a_speech_and_another_network_are_refused(tiny, tmp_path):
    with pytest.raises(InputError, match="longer recording"):
        SpeechEncoder().run(speech(np.zeros(100)), tiny)
    with pytest.raises(ModelError, match="port 'network': expected a speech encoder"):
        SpeechEncoder().run(noise(1), LoadNetwork(name="general-mapping-mfcc").run())
    with pytest.raises(ModelError, match=r"a step every 20 ms, received 2 of 0\.02 s"):
        SpeechEncoder().run(noise(1), loudness_network(tmp_path, 1))
