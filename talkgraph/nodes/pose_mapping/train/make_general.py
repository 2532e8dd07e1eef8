"""Make the general mapping that ships, from a manifest of clips and their fits.

    python -m talkgraph.nodes.pose_mapping.train.make_general --manifest MANIFEST.json \
        --fits FITS --model FACE_MODEL.npz --feature mfcc -o talkgraph/models/shipped

The manifest is a JSON list with `name`, `wav` and `person` of every clip, paths beside it. FITS
holds CLIP.npz with the fields of a FaceFit (expression, rotation, translation, measured). Clips
named by `--leave-out` are not used. Writes general_mapping_FEATURE.onnx and its card
general_mapping_FEATURE.md; their size and sha256 belong into models/assets.py.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import torch

from talkgraph.errors import InputError
from talkgraph.nodes.audio_features import LogMel, Mfcc
from talkgraph.nodes.face_model.model_file import load_face_model
from talkgraph.nodes.pose_mapping.readout import Readout, mouth_readout
from talkgraph.nodes.pose_mapping.train.corpus import Example
from talkgraph.nodes.pose_mapping.train.fold_training import GeneralTraining, find_lags, raw_facts
from talkgraph.nodes.pose_mapping.train.fold_training import train_general as train
from talkgraph.nodes.pose_mapping.train.optimiser import Schedule
from talkgraph.nodes.pose_mapping.train.score import Score, table
from talkgraph.nodes.pose_mapping.train.synthetic import synthetic_examples
from talkgraph.nodes.values import Floats, Speech

NODES: dict[str, Any] = {"mfcc": Mfcc, "log_mel": LogMel}
LICENCE = (
    "MIT for what is ours. The weights were trained on public web clips of unclear rights: use "
    "them for research and for trying talkgraph out, and train your own for anything else."
)
CARD = """# General mapping from speech to motion, for `{feature}`

`general_mapping_{feature}.onnx`: eq. (1) of Yi et al. 2020 (encoder and LSTM, {parameters:,}
parameters, feature `{feature}`), before any personalisation. It works with the face model
'{model}' only.

**Data.** {clips} clips of {people} persons, {minutes:.1f} minutes: public web video and research
corpora (GRID; others of unclear rights) that talkgraph neither owns nor ships. Expression and head
pose come from the face_fit stage. {lagged} clips whose picture is out of time with its sound were
shifted (by -5 to 5 frames, found with a linear model fitted on the other persons). Before that
the net was pretrained on {synthetic} synthetic utterances (Debian's flite, 4 voices, prose that
comes with Python) with mouth targets from a viseme table.

**Figures**: cross-validation, each clip by a net that never saw its person ({folds} groups of
persons; lags as above, so the correlations are slightly kind). `opening`, `width`, `jaw`:
correlation of prediction and tracked measure; `energy`: correlation of loudness with the opening
(baseline); `gain`: 1 - squared error of the three measures / that of the clip's mean face
(baseline: 0); `hits`, `false`: closures met, open frames closed; `spread`, `pose_spread`:
standard deviation predicted / true (`map_motion` amplifies towards the person's own).
The shipped net has the same settings and has seen all persons.

{table}

**Command** (seed {seed}):

    {command}

**Limits.** Few persons, mostly English. Lip closures are often missed. Head pose follows speech
only in its rhythm.

**Licence.** {licence}
"""


def main(arguments: list[str] | None = None) -> int:
    """Train and write the mapping; the module's docstring is the help."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_AsWritten)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--fits", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True, help="face model of the fits")
    parser.add_argument("--feature", choices=tuple(NODES), default="mfcc")
    parser.add_argument("--leave-out", nargs="*", default=[], help="names of clips")
    parser.add_argument("--synthetic", type=int, default=1000, help="utterances, 0 for none")
    parser.add_argument("--steps", type=int, nargs=2, default=(400, 500), help="real, synthetic")
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder")
    args = parser.parse_args(arguments)

    torch.set_num_threads(1)  # the sums of several threads are not the same every time
    model = load_face_model(args.model)
    readout = mouth_readout(model)
    examples = read_examples(args.manifest, args.fits, args.feature, args.leave_out)
    heard = read_examples(args.manifest, args.fits, "log_mel", args.leave_out)
    settings = GeneralTraining(
        schedule=Schedule(steps=args.steps[0]),
        pretraining=Schedule(steps=args.steps[1]),
        folds=args.folds,
        seed=args.seed,
    )
    lags = find_lags(heard, readout, "log_mel", settings.feature_prior)
    mouth_std = raw_facts(examples, readout, args.feature, settings.feature_prior).mouth_std
    synthetic = _synthetic(args.synthetic, args.feature, readout, mouth_std, args.seed)

    def card(scores: list[Score]) -> str:
        from talkgraph.nodes.pose_mapping.network import MappingNetwork

        rows, bins = examples[0].features.shape[1:]
        network = MappingNetwork(attrs.evolve(settings.size, rows=rows, bins=bins))
        return CARD.format(
            parameters=sum(p.numel() for p in network.parameters()),
            feature=args.feature,
            model=model.name,
            clips=len(examples),
            people=len({x.person for x in examples}),
            minutes=sum(len(x) / x.fps for x in examples) / 60,
            lagged=sum(lag != 0 for lag in lags),
            synthetic=len(synthetic),
            folds=args.folds,
            table=table(scores),
            seed=args.seed,
            command=_command(args),
            licence=LICENCE,
        )

    made, scores = train(
        examples,
        args.output / f"general_mapping_{args.feature}.onnx",
        feature=args.feature,
        readout=readout,
        settings=settings,
        licence=LICENCE,
        card=card,
        synthetic=synthetic,
        lags=lags,
        report=_report,
    )
    (args.output / f"general_mapping_{args.feature}.md").write_text(
        made.facts["card"], encoding="utf-8"
    )
    print(table(scores))
    return 0


def read_examples(manifest: Path, fits: Path, feature: str, leave_out: list[str]) -> list[Example]:
    """The clips of a manifest that have a fit.

    Raises:
        InputError: none has.
    """
    import soundfile

    examples = []
    for entry in json.loads(manifest.read_text(encoding="utf-8")):
        name = Path(entry["name"]).stem
        path = fits / f"{name}.npz"
        if "wav" not in entry or not path.is_file() or name in leave_out:
            continue
        samples, rate = soundfile.read(manifest.parent / entry["wav"], dtype="float32")
        speech = Speech(
            samples=samples, rate=rate, soundtrack=samples[:, None], soundtrack_rate=rate
        )
        features = NODES[feature]().run(speech)
        frame = round(rate / features.fps)
        energy = (samples[: len(samples) // frame * frame].reshape(-1, frame) ** 2).mean(1)
        with np.load(path, allow_pickle=False) as fit:
            count = min(len(features.windows), len(fit["expression"]), len(energy))
            examples.append(
                Example(
                    name=name,
                    person=entry["person"],
                    features=features.windows[:count],
                    expression=fit["expression"][:count].astype(np.float32),
                    pose=np.concatenate([fit["rotation"], fit["translation"]], axis=1)[
                        :count
                    ].astype(np.float32),
                    measured=fit["measured"][:count].astype(bool),
                    fps=features.fps,
                    loudness=np.log(energy[:count] + 1e-8).astype(np.float32),
                )
            )
    if not examples:
        raise InputError(f"{fits} has no fit of a clip in {manifest}; fit the clips first")
    return examples


def _synthetic(
    count: int, feature: str, readout: Readout, mouth_std: Floats, seed: int
) -> list[Example]:
    if not count:
        return []
    with tempfile.TemporaryDirectory() as folder:
        return synthetic_examples(
            count, NODES[feature]().run, readout, mouth_std, folder=Path(folder), seed=seed + 1
        )


def _command(args: argparse.Namespace) -> str:
    return (
        "python -m talkgraph.nodes.pose_mapping.train.make_general --manifest MANIFEST --fits FITS "
        f"--model FACE_MODEL --feature {args.feature} --synthetic {args.synthetic} "
        f"--steps {args.steps[0]} {args.steps[1]} --folds {args.folds} --seed {args.seed} "
        f"--leave-out {' '.join(args.leave_out)} -o FOLDER"
    )


def _report(step: int, loss: float) -> None:
    if step % 100 == 0:
        print(f"step {step}: loss {loss:.3f}", file=sys.stderr)


class _AsWritten(argparse.RawDescriptionHelpFormatter):
    """Keeps the line breaks of the docstring."""


if __name__ == "__main__":
    sys.exit(main())
