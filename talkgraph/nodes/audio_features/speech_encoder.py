"""Features of a pretrained speech encoder: what is said, rather than how it sounds."""

from __future__ import annotations

import numpy as np

from talkgraph.engine import Node, node, param, progress
from talkgraph.errors import ModelError
from talkgraph.models.contract import Contract
from talkgraph.models.sessions import open_network
from talkgraph.nodes.audio_features.encoding_windows import overlapping
from talkgraph.nodes.audio_features.framing import window_count
from talkgraph.nodes.audio_features.whisper_mel import MELS, RATE, log_mel
from talkgraph.nodes.values import Floats, OnnxModel, Speech, SpeechFeatures

NETWORK = Contract(
    what="speech encoder",
    inputs={"mel": ("n", MELS, "frames")},
    outputs={"hidden": ("n", "steps", "width")},
    remedy="LoadNetwork(name='speech-encoder-tiny')",
)

STEPS_PER_SECOND = 50  # of the encoder's output; step j is centred at 20 ms * j
_SAMPLES = RATE // STEPS_PER_SECOND


@node("speech_encoder", version=1)
class SpeechEncoder(Node):
    """Hidden states in the middle of a pretrained speech encoder (Whisper, Radford et al. 2022).

    Windows of the speech that overlap by half are encoded one by one, and faded into each other:
    the encoder counts steps from the start of what it hears, and an abrupt change would show. Each
    is heard as Whisper hears a recording, its spectrum cut off 80 dB below the loudest *of the
    window*. The windows lie at fixed times. So memory does not grow with the speech, a changed end
    changes no more than the last `window` seconds before it, and a speech that still arrives gives,
    `window` seconds late, exactly what the whole of it gives.

    Example:
        >>> import numpy as np
        >>> from talkgraph.nodes.networks import LoadNetwork
        >>> sound = np.sin(np.arange(16000) / 9).astype(np.float32)
        >>> speech = Speech(
        ...     samples=sound, rate=16000, soundtrack=sound[:, None], soundtrack_rate=16000
        ... )
        >>> SpeechEncoder().run(speech, LoadNetwork(name="speech-encoder-tiny").run())
        SpeechFeatures(windows=float32[25, 1, 384], fps=25.0)
    """

    fps: float = param(25.0, "video frames per second; one window each", unit="Hz", gt=0)
    window: float = param(6.0, "speech that is heard at a time", unit="s", ge=0.1, le=30)

    def run(self, speech: Speech | None, network: OnnxModel) -> SpeechFeatures:
        """Return windows `[shape=(round(fps * seconds), 1, width), float32]`; none for no speech.

        Each is the mean of the encoder's steps (every 20 ms) about the middle of the video frame,
        weighted by a triangle that ends at the middles of the frames beside it: ¼, ½, ¼ at 25 fps.

        Raises:
            InputError: the speech is shorter than half a video frame.
            ModelError: `network` is no speech encoder, or not one of a step every 20 ms.
        """
        session = open_network(network, NETWORK, node=self.node_id, port="network")

        def encode(samples: Floats) -> Floats:
            whole = np.pad(samples, (0, -len(samples) % _SAMPLES))
            hidden: Floats = session.run(["hidden"], {"mel": log_mel(whole)[None]})[0][0]
            if len(hidden) != len(whole) // _SAMPLES:
                raise ModelError(
                    f"node '{self.node_id}', port 'network': expected a step every 20 ms, received "
                    f"{len(hidden)} of {len(whole) / RATE:g} s; use {NETWORK.remedy}"
                )
            return hidden

        width = encode(np.zeros(_SAMPLES, np.float32)).shape[1]
        if speech is None:
            return SpeechFeatures(windows=np.empty((0, 1, width), np.float32), fps=self.fps)
        count = window_count(speech, self.fps)
        steps = -(-len(speech.samples) // _SAMPLES)
        moments = (np.arange(count) + 0.5) * STEPS_PER_SECOND / self.fps
        moments = np.minimum(moments, steps - 1)  # the very end has no step of its own
        reach = max(STEPS_PER_SECOND / self.fps, 1.0)
        made, total = np.zeros((count, width), np.float32), np.zeros((count, 1), np.float32)
        for window in overlapping(steps, round(self.window * STEPS_PER_SECOND / 2)):
            hidden = encode(speech.samples[window.first * _SAMPLES : window.stop * _SAMPLES])
            a, b = np.searchsorted(moments, (window.first - reach, window.stop + reach))
            distance = np.abs(moments[a:b, None] - np.arange(window.first, window.stop))
            shares = np.maximum(0, 1 - distance / reach) * window.weights
            made[a:b] += shares.astype(np.float32) @ hidden
            total[a:b] += shares.sum(1, keepdims=True)
            progress(int(b), count)
        windows = np.asarray(made / total, np.float32)[:, None]
        return SpeechFeatures(windows=windows, fps=self.fps)
