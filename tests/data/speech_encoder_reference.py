"""Make speech_encoder_reference.npz: what the original runtimes compute for our own sample speech.

Run it in an environment of its own, beside the model.bin, config.json and vocabulary of Whisper
tiny.en in CTranslate2's format (the wheel that `talkgraph models convert speech-encoder-tiny`
reads holds them):

    pip install ctranslate2 transformers soundfile
    cd tests/data
    PYTHONPATH=../.. python speech_encoder_reference.py MODEL_FOLDER speech_encoder_reference.npz

The encoder is cut after two blocks by writing a smaller model.bin; CTranslate2 ends it with a layer
norm, here one without gain and shift. So the reference is the normalised output.
"""

import math
import shutil
import struct
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
SECONDS = (0.5, 1.23, 3.0, 5.31)
BLOCKS = 2
TYPES = ("<f4", "i1", "<i2", "<i4", "<f2")


def pieces():
    """Name -> sound at 16 kHz: the sample speech, cut."""
    import soundfile

    sound, rate = soundfile.read(ROOT / "talkgraph/cli/data/speech.flac", dtype="float32")
    assert rate == 16000
    return {f"{seconds:g}": sound[: round(seconds * rate)] for seconds in SECONDS}


def text(words):
    raw = words.encode() + b"\0"
    return struct.pack("<H", len(raw)) + raw


def weights_file(variables, aliases=(), version=6):
    """A model.bin that holds `variables`, name -> array of one of `TYPES`."""
    out = [struct.pack("<I", version), text("WhisperSpec"), struct.pack("<II", 3, len(variables))]
    for name, array in variables.items():
        kind = [np.dtype(one) for one in TYPES].index(array.dtype)
        shape = struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape)
        out += [text(name), shape, struct.pack("<BI", kind, array.nbytes), array.tobytes()]
    out.append(struct.pack("<I", len(aliases)))
    return b"".join(out + [text(one) for pair in aliases for one in pair])


def cut_model(folder, target):
    """Write the model of `folder` with the first blocks of its encoder to `target`."""
    from talkgraph.models.ctranslate2_file import read_variables

    for file in folder.iterdir():
        if file.name != "model.bin":
            shutil.copy(file, target)
    variables = {}
    for name, array in read_variables((folder / "model.bin").read_bytes()).items():
        parts = name.split("/")
        if parts[0] == "encoder" and parts[1].startswith("layer_"):
            number = parts[1].removeprefix("layer_")
            if number == "norm":
                array = np.full_like(array, 1 if parts[2] == "gamma" else 0)
            elif int(number) >= BLOCKS:
                continue
        variables[name] = array
    aliases = [("decoder/projection/weight", "decoder/embeddings/weight")]
    (target / "model.bin").write_bytes(weights_file(variables, aliases))


def some(array, count):
    """A few rows of a matrix, evenly spread, the first and the last among them."""
    return array[np.linspace(0, len(array) - 1, count).round().astype(int)]


def main(folder, target):
    import ctranslate2
    from transformers import WhisperFeatureExtractor

    hear = WhisperFeatureExtractor()
    with tempfile.TemporaryDirectory() as cut:
        cut_model(Path(folder), Path(cut))
        encoder = ctranslate2.models.Whisper(cut, compute_type="float32")
    made = {"filters": hear.mel_filters.T[:, ::8].astype(np.float32)}
    for name, sound in pieces().items():
        mel = hear(
            sound, sampling_rate=16000, padding=False, truncation=False, return_tensors="np"
        ).input_features[0]
        mel = np.ascontiguousarray(mel[:, : math.floor(len(sound) / 160)], np.float32)
        view = ctranslate2.StorageView.from_array(mel[None])
        hidden = np.asarray(encoder.encode(view))[0]
        made[f"mel {name}"] = some(mel.T, 4)
        made[f"hidden {name}"] = some(hidden, 5)[:, ::4]
    np.savez_compressed(target, **made)


if __name__ == "__main__":
    main(*sys.argv[1:])
