"""Where somebody speaks, by a pretrained detector."""

from __future__ import annotations

import numpy as np

from talkgraph.engine import Node, node, param, progress
from talkgraph.models.contract import Contract
from talkgraph.models.sessions import open_network
from talkgraph.nodes.audio_features.framing import RATE, window_count
from talkgraph.nodes.values import Floats, OnnxModel, Speech, VoiceActivity

CHUNK = 512  # samples (32 ms) of which the detector says whether somebody speaks
BEFORE = 64  # samples before the chunk that it hears as well
_STATE = (1, 1, 128)

NETWORK = Contract(
    what="voice activity detector",
    inputs={"input": ("chunks", BEFORE + CHUNK), "h": _STATE, "c": _STATE},
    outputs={"speech_probs": ("chunks",), "hn": _STATE, "cn": _STATE},
    remedy="LoadNetwork(name='voice-activity')",
)


@node("detect_voice", version=1)
class DetectVoice(Node):
    """How likely it is that somebody speaks, for every video frame (Silero VAD, not in the paper).

    The detector hears 32 ms at a time and remembers what it heard, but nothing of what comes: a
    speech that still arrives gives what the whole of it gives. It notices a voice about 0.1 s after
    it begins, and loses it as late. Noise and music are no voice to it.

    Example:
        >>> import numpy as np
        >>> from talkgraph.nodes.audio_features import DetectVoice
        >>> from talkgraph.nodes.networks import LoadNetwork
        >>> from talkgraph.nodes.values import Speech
        >>> sound = np.zeros(16000, np.float32)
        >>> speech = Speech(
        ...     samples=sound, rate=16000, soundtrack=sound[:, None], soundtrack_rate=16000
        ... )
        >>> voice = DetectVoice().run(speech, LoadNetwork(name="voice-activity").run())
        >>> voice, bool(voice.probability.max() < 0.1)
        (VoiceActivity(probability=float32[25], fps=25.0), True)
    """

    fps: float = param(25.0, "video frames per second; one probability each", unit="Hz", gt=0)
    block: int = param(512, "chunks that are heard in one call", ge=1, keyed=False)

    def run(self, speech: Speech | None, network: OnnxModel) -> VoiceActivity:
        """Return `probability [shape=(round(fps * seconds),)]`; empty for no speech.

        It is that of the middle of the video frame, between those of the chunks beside it.

        Raises:
            InputError: the speech is shorter than half a video frame.
            ModelError: `network` is no voice activity detector.
        """
        session = open_network(network, NETWORK, node=self.node_id, port="network")
        if speech is None:
            return VoiceActivity(probability=np.zeros(0, np.float32), fps=self.fps)
        count = window_count(speech, self.fps)
        chunks = -(-len(speech.samples) // CHUNK)
        state = [np.zeros(_STATE, np.float32)] * 2
        heard: list[Floats] = []
        for start in range(0, chunks, self.block):
            stop = min(start + self.block, chunks)
            probability, *state = session.run(
                ["speech_probs", "hn", "cn"],
                {"input": _chunks(speech.samples, start, stop), "h": state[0], "c": state[1]},
            )
            heard.append(probability)
            progress(stop, chunks)
        middles = (np.arange(chunks) + 0.5) * CHUNK / RATE
        moments = (np.arange(count) + 0.5) / self.fps
        between = np.interp(moments, middles, np.concatenate(heard))
        return VoiceActivity(probability=between.astype(np.float32), fps=self.fps)


def _chunks(samples: Floats, start: int, stop: int) -> Floats:
    """Chunks from start to stop, each with what lies before it, `[shape=(n, 576), float32]`.

    Beside the speech there is silence.
    """
    first, last = start * CHUNK - BEFORE, stop * CHUNK
    part = samples[max(first, 0) : last]
    part = np.pad(part, (max(-first, 0), max(last - len(samples), 0)))
    rows = np.lib.stride_tricks.sliding_window_view(part, BEFORE + CHUNK)[::CHUNK]
    return np.ascontiguousarray(rows, np.float32)
