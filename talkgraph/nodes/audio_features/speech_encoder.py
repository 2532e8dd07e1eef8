"""Features of a pretrained speech encoder: what is said, rather than how it sounds."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from talkgraph.engine import Node, node, param, progress
from talkgraph.errors import GraphError, ModelError
from talkgraph.models.contract import Contract
from talkgraph.models.sessions import open_network
from talkgraph.nodes.audio_features.encoding_windows import EncodingWindow, live, overlapping
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

    `look_ahead` makes that delay as short as live use needs, such as 0.2 s: then every few steps a
    window is encoded that ends so soon, and only these steps of it count.

    Example:
        >>> import numpy as np
        >>> from talkgraph.nodes.audio_features import SpeechEncoder
        >>> from talkgraph.nodes.networks import LoadNetwork
        >>> from talkgraph.nodes.values import Speech
        >>> sound = np.sin(np.arange(16000) / 9).astype(np.float32)
        >>> speech = Speech(
        ...     samples=sound, rate=16000, soundtrack=sound[:, None], soundtrack_rate=16000
        ... )
        >>> SpeechEncoder().run(speech, LoadNetwork(name="speech-encoder-tiny").run())
        SpeechFeatures(windows=float32[25, 1, 384], fps=25.0)
    """

    fps: float = param(25.0, "video frames per second; one window each", unit="Hz", gt=0)
    window: float = param(6.0, "speech that is heard at a time", unit="s", ge=0.1, le=30)
    look_ahead: float | None = param(
        None, "no video frame hears more than this of what comes after it; None hears `window`",
        unit="s", ge=0.1, le=5,
    )  # fmt: skip

    def __attrs_post_init__(self) -> None:
        least = (self._reach + 1) / STEPS_PER_SECOND
        if self.look_ahead is not None and not least <= self.look_ahead <= self.window:
            raise GraphError(
                f"node '{self.node_id}': look_ahead is {self.look_ahead:g} s; at {self.fps:g} fps "
                f"set it between {least:g} s and window ({self.window:g} s), or leave it out"
            )

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
        reach = self._reach
        made, total = np.zeros((count, width), np.float32), np.zeros((count, 1), np.float32)
        for window in self._layout(steps):
            hidden = encode(speech.samples[window.first * _SAMPLES : window.stop * _SAMPLES])
            a, b = np.searchsorted(moments, (window.first - reach, window.stop + reach))
            distance = np.abs(moments[a:b, None] - np.arange(window.first, window.stop))
            shares = np.maximum(0, 1 - distance / reach) * window.weights
            made[a:b] += shares.astype(np.float32) @ hidden
            total[a:b] += shares.sum(1, keepdims=True)
            progress(int(b), count)
        windows = np.asarray(made / total, np.float32)[:, None]
        return SpeechFeatures(windows=windows, fps=self.fps)

    @property
    def _reach(self) -> float:
        """How far the triangle of a video frame reaches to either side, in steps."""
        return max(STEPS_PER_SECOND / self.fps, 1.0)

    def _layout(self, steps: int) -> Iterator[EncodingWindow]:
        length = round(self.window * STEPS_PER_SECOND)
        if self.look_ahead is None:
            return overlapping(steps, length // 2)
        ahead = self.look_ahead * STEPS_PER_SECOND - self._reach
        return live(steps, length, math.floor(ahead + 1e-6))
