"""Fits kept as files: all that training reads of a clip, in some 3 MB a minute.

They go where clips cannot, to a machine with a GPU say, and outlive a change of the tracker, which
the store rightly takes for another result.

A file is an .npz without pickles: the arrays of a `FaceFit`, `samples` of the sound in 16 bits, and
`facts`, a JSON text with `fps`, `size` and the name of the face model. Loading can execute nothing.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from talkgraph.errors import InputError

if TYPE_CHECKING:
    from talkgraph.nodes.values import FaceFit, Speech

_SUFFIX = ".npz"
_RATE = 16000  # of `Speech`
_LOUDEST = 32767
_MOTION = ("expression", "rotation", "translation")
_FIT = ("identity", "error", "measured")


@attrs.frozen(kw_only=True, eq=False)
class HeardClip:
    """A clip with sound: whose it is, how the face moves in it, and what is said."""

    name: str
    person: str
    fit: FaceFit
    speech: Speech


def fit_path(folder: Path, person: str, name: str) -> Path:
    """Where the fit of a person's clip is kept."""
    return folder / person / f"{name}{_SUFFIX}"


def kept_fits(folder: Path) -> Iterator[tuple[str, Path]]:
    """Person and path of every fit that is kept in a folder, in order of their names."""
    for path in sorted(folder.glob(f"*/*{_SUFFIX}")):
        yield path.parent.name, path


def write_fit(path: Path, clip: HeardClip, face_model: str) -> None:
    """Write fit and sound of a clip; a reader sees the whole file or none."""
    import numpy as np

    motion = clip.fit.motion
    samples = np.round(np.clip(clip.speech.samples, -1, 1) * _LOUDEST).astype(np.int16)
    facts = json.dumps({"fps": motion.fps, "size": clip.fit.size, "face_model": face_model})
    arrays = {name: getattr(motion, name) for name in _MOTION}
    arrays |= {name: getattr(clip.fit, name) for name in _FIT}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez_compressed(file, facts=np.array(facts), samples=samples, **arrays)
    part.replace(path)


def read_fit(path: Path, person: str, face_model: str) -> HeardClip:
    """Read what `write_fit` wrote.

    Raises:
        InputError: the file is damaged, or its fit is of another face model.
    """
    import numpy as np

    from talkgraph.nodes.values import FaceFit, Motion, Speech

    try:
        with np.load(path, allow_pickle=False) as file:
            facts = json.loads(str(file["facts"]))
            found = {name: file[name] for name in (*_MOTION, *_FIT, "samples")}
        made_with = facts["face_model"]
        motion = Motion(**{name: found[name] for name in _MOTION}, fps=float(facts["fps"]))
        fit = FaceFit(
            motion=motion, size=int(facts["size"]), **{name: found[name] for name in _FIT}
        )
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: no fit of a clip ({error}); delete it to fit again") from error
    if made_with != face_model:
        raise InputError(
            f"{path}: a fit of the face model '{made_with}', not '{face_model}'; give --fits "
            "another folder"
        )
    samples = found["samples"].astype(np.float32) / _LOUDEST
    speech = Speech(samples=samples, rate=_RATE, soundtrack=samples[:, None], soundtrack_rate=_RATE)
    return HeardClip(name=path.stem, person=person, fit=fit, speech=speech)
