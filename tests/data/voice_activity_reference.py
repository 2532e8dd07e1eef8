"""Make voice_activity_reference.npz: what Silero VAD's own package says of speech and of noise.

Run it in an environment of its own:

    pip install silero-vad==6.2.3 onnxruntime soundfile
    cd tests/data
    PYTHONPATH=../.. python voice_activity_reference.py voice_activity_reference.npz

The package's streaming network (`silero_vad.onnx`), which hears 32 ms at a call, is the reference
for the one that talkgraph ships, which hears many at a call.
"""

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
RATE = 16000


def sounds():
    """Name -> sound at 16 kHz: our sample speech, cut and whole, and sounds of nobody."""
    import soundfile

    speech, rate = soundfile.read(ROOT / "talkgraph/cli/data/speech.flac", dtype="float32")
    assert rate == RATE
    time = np.arange(2 * RATE) / RATE
    random = np.random.default_rng(0)
    pause = np.zeros(RATE)
    made = {
        "speech": speech,
        "cut": speech[5000:20011],
        "paused": np.concatenate([pause, speech[: 2 * RATE], pause, speech[2 * RATE : 3 * RATE]]),
        "noise": 0.1 * random.standard_normal(2 * RATE),
        "chord": 0.1 * sum(np.sin(2 * np.pi * hertz * time) for hertz in (220, 277.2, 329.6)),
    }
    return {name: sound.astype(np.float32) for name, sound in made.items()}


def main(target):
    import torch
    from silero_vad import load_silero_vad

    network = load_silero_vad(onnx=True)
    made = {}
    for name, sound in sounds().items():
        padded = np.pad(sound, (0, -len(sound) % 512)).reshape(-1, 512)
        network.reset_states()
        made[name] = np.array([float(network(torch.from_numpy(x), RATE)) for x in padded])
    np.savez_compressed(target, **{name: p.astype(np.float32) for name, p in made.items()})


if __name__ == "__main__":
    main(*sys.argv[1:])
