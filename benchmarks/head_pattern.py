"""Head motion in two steps (Yi et al. 2022) for people that the networks never saw.

    python benchmarks/head_pattern.py --clips DIR

Clips lie in DIR as PERSON/CLIP.mp4; tracking and fitting come out of the store, or with `--fits
DIR` out of a folder of kept fits. Of every clip of 10 s or more of talk, the first 10 s (half of
it, below 20 s) give the pattern; motion is decoded for the sound of the rest and compared with how
the person moved, beside the first part itself (two real halves) and its replay. Three folds by
person. Prints the table of RESULTS.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import attrs
import numpy as np

from talkgraph.cli.train import clips as clip_options
from talkgraph.nodes.audio_features import Mfcc
from talkgraph.nodes.evaluate import CompareHeadMotion, ObserveHead
from talkgraph.nodes.evaluate.head.pooled import pooled_figures
from talkgraph.nodes.evaluate.head.talks import HeadTalk
from talkgraph.nodes.head_motion import DecodeHeadMotion, EncodeHeadMotion, ReplayHeadMotion
from talkgraph.nodes.head_motion.habit.seen_motion import seen_motion
from talkgraph.nodes.prosody.prosody import prosody_of
from talkgraph.nodes.values import FaceFit, Motion, OnnxModel, Speech

LEAST_S, FIRST_S = 10.0, 10.0
COLUMNS = {
    "Std-R": "std_r", "VC-R": "vc_r", "still": "still", "event pitch r": "events_pitch_r",
    "amplitude": "events_pitch_amplitude", "event speed r": "events_speed_r",
    "R² pitch": "explained_pitch", "yaw": "explained_yaw", "speed": "explained_speed",
    "Fréchet": "frechet", "coupling r": "coupling_r", "retrieval": "retrieval", "HS": "hs",
}  # fmt: skip


@attrs.frozen(kw_only=True, eq=False)
class Part:
    """A stretch of a clip in which its person talks."""

    person: str
    fit: FaceFit
    speech: Speech

    def __len__(self) -> int:
        return len(self.fit.measured)

    def cut(self, start: int, stop: int) -> Part:
        """Frames start to stop, with their sound."""
        motion, rate = self.fit.motion, self.speech.rate
        frames = slice(start, stop)
        samples = self.speech.samples[
            round(start / motion.fps * rate) : round(stop / motion.fps * rate)
        ]
        kept = ("expression", "rotation", "translation")
        motion = attrs.evolve(motion, **{name: getattr(motion, name)[frames] for name in kept})
        fit = attrs.evolve(
            self.fit,
            motion=motion,
            error=self.fit.error[frames],
            measured=self.fit.measured[frames],
        )
        speech = attrs.evolve(self.speech, samples=samples, soundtrack=samples[:, None])
        return Part(person=self.person, fit=fit, speech=speech)

    def head(self) -> HeadTalk:
        """How the head moves."""
        return ObserveHead().run(self.fit.motion, self.speech, self.fit.measured)


def halves_of(clip: Part) -> tuple[Part, Part] | None:
    """What is known of the person, and what is to be spoken; None of too little talk."""
    heard = prosody_of(clip.speech, len(clip), clip.fit.motion.fps)
    seen = seen_motion(clip.fit, heard)
    seconds = len(seen) / seen.fps
    if seconds < LEAST_S:
        return None
    middle = seen.start + round(min(FIRST_S, seconds / 2) * seen.fps)
    return clip.cut(seen.start, middle), clip.cut(middle, seen.start + len(seen))


def decoded(
    first: Part, rest: Part, networks: tuple[OnnxModel, OnnxModel], *, matched: bool
) -> Motion:
    """The motion of `decode_head_motion` for the rest, in the manner of the first part."""
    encoder, decoder = networks
    pattern = EncodeHeadMotion().run(first.fit, encoder, first.speech)
    features = Mfcc(keep_zeroth=True).run(rest.speech)
    return DecodeHeadMotion(matched=matched).run(
        rest.fit.motion, pattern, features, decoder, first.fit
    )


def table(clips: Sequence[Part], networks: Mapping[str, tuple[OnnxModel, OnnxModel]]) -> str:
    """The table, with networks by person."""
    pairs = [halves for clip in clips if (halves := halves_of(clip))]
    methods: dict[str, Callable[[Part, Part], HeadTalk]] = {
        "real: first against second half": lambda first, rest: first.head(),
        "replay_head_motion": lambda first, rest: ObserveHead().run(
            ReplayHeadMotion().run(rest.fit.motion, first.fit), rest.speech
        ),
        "decode_head_motion": lambda first, rest: ObserveHead().run(
            decoded(first, rest, networks[rest.person], matched=False), rest.speech
        ),
        "the same, matched": lambda first, rest: ObserveHead().run(
            decoded(first, rest, networks[rest.person], matched=True), rest.speech
        ),
    }
    real = [rest.head() for _, rest in pairs]
    people = [rest.person for _, rest in pairs]
    lines = [
        f"{len(pairs)} clips of {len(set(people))} people.\n",
        f"| | {' | '.join(COLUMNS)} |",
        "|---" * (len(COLUMNS) + 1) + "|",
    ]
    for name, made_by in methods.items():
        made = [made_by(first, rest) for first, rest in pairs]
        found = pooled_figures(made, real, people)
        for key in ("still", "hs"):
            each = [
                CompareHeadMotion().run(a, b).values[key] for a, b in zip(made, real, strict=True)
            ]
            found[key] = float(np.mean(each))
        lines.append(f"| {name} | {' | '.join(f'{found[key]:.2f}' for key in COLUMNS.values())} |")
    return "\n".join(lines)


def main() -> int:
    """Train on folds, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    clip_options.add_clips(parser)
    clip_options.add_fits(parser)
    parser.add_argument("--store")
    args = parser.parse_args()
    clip_options.check_heard(args)
    import torch

    from talkgraph.cli import options
    from talkgraph.cli.progress import watcher
    from talkgraph.nodes.head_motion.pattern.train.corpus import example_of
    from talkgraph.nodes.head_motion.pattern.train.train_patterns import (
        PatternTraining,
        Trained,
        cross_validate,
        usable,
    )

    torch.set_num_threads(1)
    clips, examples = [], []
    with watcher(quiet=True) as watch:
        store = options.open_store(args)
        for one in clip_options.heard_clips(args, store, watch):
            features = Mfcc(keep_zeroth=True).run(one.speech)
            clips.append(Part(person=one.person, fit=one.fit, speech=one.speech))
            examples.append(
                example_of(one.speech, features, one.fit, name=one.name, person=one.person)
            )
    settings = PatternTraining()
    networks: dict[str, tuple[OnnxModel, OnnxModel]] = {}
    with tempfile.TemporaryDirectory() as folder:

        def keep(people: set[str], trained: Trained) -> None:
            here = Path(folder) / str(len(networks))
            here.mkdir()
            both = trained.write(here / "encoder.onnx", here / "decoder.onnx")
            networks.update(dict.fromkeys(people, both))

        cross_validate(usable(examples, settings), settings, keep=keep)
        print(table([clip for clip in clips if clip.person in networks], networks))
    return 0


if __name__ == "__main__":
    sys.exit(main())
