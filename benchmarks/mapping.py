"""Speech to mouth for people that no training saw: what the mapping hears and is trained by.

    python benchmarks/mapping.py --clips DIR --known benchmarks/clips.json \\
        -o benchmarks/results/mapping.json

Clips lie in DIR as PERSON/CLIP.mp4; tracking and fitting come out of the store, or with `--fits
DIR` out of a folder of kept fits. Every row of the table is a cross-validation by person, with the
same groups of people and the same seed. Rows that the file has already are not made again, so what
was killed goes on. The table: `python benchmarks/table.py` on the result.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from mapping_features import Ears
from mapping_rows import ROWS, SHIPPED, Row

from talkgraph.cli import options
from talkgraph.cli.progress import watcher
from talkgraph.cli.train import clips as clip_options
from talkgraph.cli.train.fits import HeardClip
from talkgraph.nodes.face_model import LoadFaceModel
from talkgraph.nodes.face_model.readout import mouth_readout
from talkgraph.nodes.pose_mapping.train.corpus import Example, example_of, loudness_of
from talkgraph.nodes.pose_mapping.train.folds import Trained, cross_validate, person_groups
from talkgraph.nodes.pose_mapping.train.general_training import Training
from talkgraph.nodes.pose_mapping.train.lag import MIN_CORRELATION, InTime, clips_in_time
from talkgraph.nodes.pose_mapping.train.score import Score, mean_score
from talkgraph.nodes.values import SpeechFeatures

FOLDS = 5
WITHIN = (0.85, 1.15)  # a spread of the opening that is right
OWN = "speech_encoder"


@attrs.frozen(kw_only=True)
class Protocol:
    """What every row has in common."""

    folds: int = FOLDS
    steps: int = 400
    seed: int = 0


def spread_within(scores: Sequence[Score]) -> float:
    """Share of clips whose lips open as far as the real ones."""
    return float(np.mean([WITHIN[0] <= score.spread <= WITHIN[1] for score in scores]))


class Corpus:
    """The clips, their lags, and the groups of people, which are the same for every row."""

    def __init__(self, clips: Sequence[HeardClip], ears: Ears, protocol: Protocol) -> None:
        self.clips, self.ears, self.protocol = clips, ears, protocol
        self.model = LoadFaceModel().run()
        own = [self.example(clip, Row()) for clip in clips]
        self.in_time: list[InTime] = clips_in_time(own, OWN, mouth_readout(self.model))
        self.groups = person_groups(own, protocol.folds, protocol.seed)

    def example(self, clip: HeardClip, row: Row, copy: int = 0) -> Example:
        """A clip as a row hears it."""
        fps = clip.fit.motion.fps
        windows = self.ears.hear(clip.speech, row.features, copy)
        return example_of(
            SpeechFeatures(windows=windows, fps=fps), clip.fit,
            name=clip.name, person=clip.person, loudness=loudness_of(clip.speech, fps),
        )  # fmt: skip

    def examples(self, row: Row) -> list[Example]:
        """All clips as a row hears them."""
        return [
            attrs.evolve(self.example(clip, row), reliable=one.agreement >= MIN_CORRELATION)
            for clip, one in zip(self.clips, self.in_time, strict=True)
        ]

    def training(self, row: Row, examples: Sequence[Example]) -> Training:
        """How a row is trained on examples such as these."""
        return row.training(examples[0], self.model, self.protocol.seed, self.protocol.steps)

    def scores(self, row: Row) -> list[Score]:
        """Of every clip, by a network that never saw its person."""
        examples = self.examples(row)
        training = self.training(row, examples)
        lags = [one.lag for one in self.in_time]
        copies = {
            clip.name: self.example(clip, row, copy=1).shifted(lag)
            for clip, lag in zip(self.clips, lags, strict=True)
            if row.copies
        }

        def train(learned: list[Example]) -> Trained:
            return training.train([*learned, *(copies[x.name] for x in learned if copies)])

        return cross_validate(examples, train, lags=lags, groups=self.groups)


def figures_of(scores: list[Score], seconds: float, known: dict[str, Any]) -> dict[str, Any]:
    """A row of the table."""
    people: dict[str, list[Score]] = {}
    for score in scores:
        people.setdefault(score.person, []).append(score)
    means = {person: mean_score(mine)["opening"] for person, mine in people.items()}
    worst = min(means, key=lambda person: means[person])
    foreign = [score for score in scores if score.name in known.get("not_english", {})]
    others = [score for score in scores if score not in foreign]
    return {
        "seconds": seconds,
        **mean_score(scores),
        "within": spread_within(scores),
        "worst": {"person": worst, "opening": means[worst]},
        "not_english": mean_score(foreign) if foreign else None,
        "english": mean_score(others),
        "scores": [attrs.asdict(score) for score in scores],
    }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The clips, the protocol, and where the figures go."""
    clip_options.add_clips(parser)
    clip_options.add_fits(parser)
    parser.add_argument("--store")
    parser.add_argument("--known", type=Path, help="JSON of clips: `left_out`, `not_english`")
    parser.add_argument("--whisper", type=Path, help="Whisper tiny.en as CTranslate2's model.bin")
    parser.add_argument("--steps", type=int, default=Protocol().steps)
    parser.add_argument("--seed", type=int, default=Protocol().seed)
    parser.add_argument("-o", "--output", type=Path, required=True)


def corpus_of(args: argparse.Namespace, scratch: Path) -> Corpus:
    """The clips that are not left out."""
    import torch

    torch.set_num_threads(1)  # the sums of several threads are not the same every time
    clip_options.check_heard(args)
    left_out = known_of(args).get("left_out", ())
    store = options.open_store(args)
    with watcher(quiet=True) as watch:
        clips = [x for x in clip_options.heard_clips(args, store, watch) if x.name not in left_out]
    ears = Ears(store, args.whisper, scratch)
    return Corpus(clips, ears, Protocol(steps=args.steps, seed=args.seed))


def known_of(args: argparse.Namespace) -> dict[str, Any]:
    """What `--known` says of clips."""
    return dict(json.loads(args.known.read_text())) if args.known else {}


def main() -> int:
    """Make the rows that are missing in the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    parser.add_argument("--rows", nargs="+", choices=list(ROWS), default=list(ROWS))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        corpus = corpus_of(args, Path(scratch))
        report = begun(args.output, corpus)
        for name in args.rows:
            lack = corpus.ears.lack(ROWS[name].features)
            if name in report["mapping"] or lack:
                print(f"{name}: {f'needs {lack}' if lack else 'is there'}", file=sys.stderr)
                continue
            begin = time.process_time()
            scores = corpus.scores(ROWS[name])
            row = figures_of(scores, time.process_time() - begin, known_of(args))
            print(f"{name}: opening r {row['opening']:.3f}", file=sys.stderr, flush=True)
            made = {**report["mapping"], name: row if name == SHIPPED else without_clips(row)}
            report["mapping"] = {key: made[key] for key in ROWS if key in made}
            args.output.write_text(json.dumps(report, indent=1) + "\n")
    return 0


def without_clips(row: dict[str, Any]) -> dict[str, Any]:
    """Of rows beside the shipped one the means are enough."""
    return {key: value for key, value in row.items() if key != "scores"}


def begun(path: Path, corpus: Corpus) -> dict[str, Any]:
    """What the file has already, if it is of the same protocol and clips."""
    fresh: dict[str, Any] = {
        "command": "benchmarks/mapping.py --clips DIR",
        "protocol": attrs.asdict(corpus.protocol),
        "clips": len(corpus.clips),
        "people": len({clip.person for clip in corpus.clips}),
        "out_of_time": sum(one.lag != 0 for one in corpus.in_time),
        "not_learned": sum(one.agreement < MIN_CORRELATION for one in corpus.in_time),
        "mapping": {},
    }
    if path.exists():
        found: dict[str, Any] = json.loads(path.read_text())
        if all(found.get(key) == value for key, value in fresh.items() if key != "mapping"):
            return found
        sys.exit(f"{path}: of other clips or another protocol; give another file")
    return fresh


if __name__ == "__main__":
    sys.exit(main())
