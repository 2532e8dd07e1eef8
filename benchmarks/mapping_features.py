"""What the rows of `mapping.py` hear, each kind made once for a speech and kept in the store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from changed_sound import changed

from talkgraph import models
from talkgraph.cache.files import File
from talkgraph.cache.store import Store
from talkgraph.engine import Graph
from talkgraph.models.ctranslate2_file import read_variables
from talkgraph.models.speech_encoder import build
from talkgraph.nodes.audio_features import Mfcc, SpeechEncoder
from talkgraph.nodes.networks import LoadNetwork
from talkgraph.nodes.values import Floats, Speech

TINY, BASE = "speech-encoder-tiny", "speech-encoder-base"
FEATURES = ("mfcc", "tiny.en 1", "tiny.en 2", "tiny.en 4", "tiny.en 2, 20 ms", "tiny.en 2, live",
            "base 3")  # fmt: skip
_LIVE_S = 0.16  # of 200 ms in all; the head of that row looks one frame of 40 ms ahead
_LIVE_WINDOW_S = 2.0  # of the past: every 60 ms a window is encoded


class Ears:
    """Makes features by name.

    Args:
        store: where they are kept.
        whisper: the file of Whisper tiny.en as `speech-encoder-tiny` is converted from, for other
            blocks than the shipped ones.
        folder: for these other encoders.
    """

    def __init__(self, store: Store, whisper: Path | None, folder: Path) -> None:
        self._store, self._whisper, self._folder = store, whisper, folder
        self._graphs: dict[str, Graph] = {}

    def lack(self, names: Sequence[str]) -> str:
        """What has to be brought before `names` can be made; or nothing."""
        if self._whisper is None and {"tiny.en 1", "tiny.en 4"} & set(names):
            return "--whisper FILE"
        if "base 3" in names and models.where(BASE) is None:
            return f"talkgraph models pull {BASE}"
        return ""

    def hear(self, speech: Speech, names: Sequence[str], copy: int = 0) -> Floats:
        """Features `[shape=(T, rows, bins)]` at 25 fps, those of several names side by side.

        Args:
            copy: which changed copy of the sound is heard; 0 for the sound itself.
        """
        if copy:
            samples = changed(speech.samples, speech.rate, copy)
            speech = Speech(
                samples=samples, rate=speech.rate, soundtrack=samples[:, None],
                soundtrack_rate=speech.rate,
            )  # fmt: skip
        found = []
        for name in names:
            if name not in self._graphs:
                self._graphs[name] = self._graph(name)
            made = self._graphs[name].run({"speech": speech}, store=self._store).output
            rows = round(made.fps / 25)
            whole = made.windows[: len(made.windows) // rows * rows]
            found.append(whole.reshape(-1, rows * whole.shape[1], whole.shape[2]))
        return np.concatenate(found, axis=2)

    def _graph(self, name: str) -> Graph:
        if name == "mfcc":
            steps = {"features": Mfcc().on(speech="speech")}
            return Graph("hear", inputs={"speech": Speech}, steps=steps)
        node = SpeechEncoder()
        if name.endswith("20 ms"):
            node = SpeechEncoder(fps=50.0)
        elif name.endswith("live"):
            node = SpeechEncoder(look_ahead=_LIVE_S, window=_LIVE_WINDOW_S)
        steps = {
            "encoder": self._encoder(name).on(),
            "features": node.on(speech="speech", network="encoder"),
        }
        return Graph("hear", inputs={"speech": Speech}, steps=steps)

    def _encoder(self, name: str) -> LoadNetwork:
        if name == "base 3":
            return LoadNetwork(name=BASE)
        if name.startswith("tiny.en 2"):
            return LoadNetwork(name=TINY)
        assert self._whisper is not None  # see `lack`
        blocks = int(name.split()[-1])
        path = self._folder / f"{blocks}.onnx"
        made = build(read_variables(self._whisper.read_bytes()), blocks)
        path.write_bytes(made.SerializeToString(deterministic=True))
        return LoadNetwork(file=File(path))
