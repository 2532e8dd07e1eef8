"""Head motion for new speech of people that the network never saw: every method beside real halves.

    python benchmarks/head_motion.py --clips DIR > benchmarks/results/head_motion.json

Clips lie in DIR as PERSON/CLIP.mp4; tracking and fitting come out of the store, or with `--fits
DIR` out of a folder of kept fits. Of every clip of 10 s or more of talk, the first 10 s (half of
it, below 20 s) are what is known of the person; motion is made for the sound of the rest, and
compared with how the person moved. Three folds by person: no flow has seen the person it moves.
The table: `python benchmarks/table.py` on the result.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from head_scores import Heads, figures, of_real_heads

from talkgraph.cli.train import clips as clip_options
from talkgraph.nodes.audio_features import Mfcc
from talkgraph.nodes.evaluate import ObserveHead
from talkgraph.nodes.evaluate.head.spread import drift
from talkgraph.nodes.head_motion import ReplayHeadMotion, SampleHeadMotion
from talkgraph.nodes.head_motion.habit.seen_motion import seen_motion
from talkgraph.nodes.head_motion.train.corpus import Example, example_of
from talkgraph.nodes.head_motion.train.train_flow import (
    FlowTraining,
    FoldScore,
    cross_validate,
    usable,
)
from talkgraph.nodes.networks import LoadNetwork
from talkgraph.nodes.pose_mapping import MapMotion
from talkgraph.nodes.prosody.prosody import prosody_of
from talkgraph.nodes.values import FaceFit, Motion, OnnxModel, Speech, SpeechFeatures

LEAST_S, FIRST_S = 10.0, 10.0
SEEDS = 2
LONG_S, LONG_PEOPLE = 600.0, 6


@attrs.frozen(kw_only=True, eq=False)
class Clip:
    """A clip as it comes out of the graph."""

    name: str
    person: str
    fit: FaceFit
    speech: Speech
    features: SpeechFeatures

    def __len__(self) -> int:
        return min(len(self.fit.motion.rotation), len(self.features.windows))

    def part(self, start: int, stop: int) -> Clip:
        """Frames start to stop, with their sound."""
        motion, fps = self.fit.motion, self.fit.motion.fps
        cut = slice(start, stop)
        sound = slice(round(start / fps * self.speech.rate), round(stop / fps * self.speech.rate))
        samples = self.speech.samples[sound]
        return Clip(
            name=self.name,
            person=self.person,
            fit=attrs.evolve(
                self.fit,
                motion=attrs.evolve(
                    motion,
                    expression=motion.expression[cut],
                    rotation=motion.rotation[cut],
                    translation=motion.translation[cut],
                ),
                error=self.fit.error[cut],
                measured=self.fit.measured[cut],
            ),
            speech=attrs.evolve(self.speech, samples=samples, soundtrack=samples[:, None]),
            features=attrs.evolve(self.features, windows=self.features.windows[cut]),
        )

    def talk(self) -> Clip:
        """Where the person talks: no silence and no walking in at the ends."""
        seen = seen_motion(self.fit, prosody_of(self.speech, len(self), self.fit.motion.fps))
        return self.part(seen.start, min(seen.start + len(seen), len(self)))

    def example(self) -> Example:
        """The same for training."""
        return example_of(self.speech, self.features, self.fit, name=self.name, person=self.person)


@attrs.frozen(kw_only=True, eq=False)
class Halves:
    """What is known of the person, and what is to be spoken."""

    first: Clip
    rest: Clip


def halves_of(clips: Sequence[Clip]) -> list[Halves]:
    """The two parts of every clip that has 10 s of talk or more."""
    found = []
    for clip in clips:
        talk = clip.talk()
        seconds = len(talk) / talk.fit.motion.fps
        if seconds >= LEAST_S:
            middle = round(min(FIRST_S, seconds / 2) * talk.fit.motion.fps)
            found.append(Halves(first=talk.part(0, middle), rest=talk.part(middle, len(talk))))
    return found


def heads_of(halves: Halves, made: Sequence[Motion]) -> Heads:
    """The motions made for the rest beside the real parts; none: the first part itself."""
    first, rest = (
        ObserveHead().run(clip.fit.motion, clip.speech, clip.fit.measured)
        for clip in (halves.first, halves.rest)
    )
    said = tuple(ObserveHead().run(motion, halves.rest.speech) for motion in made)
    return Heads(person=halves.rest.person, first=first, real=rest, made=said or (first,))


def sampled(halves: Halves, flow: OnnxModel, **parameters: Any) -> Heads:
    """`sample_head_motion`, by seed."""
    return heads_of(halves, [
        SampleHeadMotion(seed=seed, **parameters).run(
            halves.rest.fit.motion, halves.rest.speech, halves.rest.features, flow,
            halves.first.fit, halves.first.speech,
        )
        for seed in range(SEEDS)
    ])  # fmt: skip


def mapped(halves: Halves, mapping: OnnxModel) -> Heads:
    """The pose of the shipped general mapping, as `map_motion` gives it to the person."""
    features = Mfcc().run(halves.rest.speech)
    count = len(halves.rest.fit.motion.rotation)
    windows = features.windows[np.minimum(np.arange(count), len(features.windows) - 1)]
    made = MapMotion().run(attrs.evolve(features, windows=windows), mapping, halves.first.fit)
    return heads_of(halves, [made])


def baselines(parts: Sequence[Halves]) -> dict[str, dict[str, float]]:
    """Real halves, replay, and the shipped mapping."""
    mapping = LoadNetwork(name="general-mapping-mfcc").run()
    replay = ReplayHeadMotion()
    real = [heads_of(part, []) for part in parts]
    return {
        "real first against second half": {**figures(real), "copied": 0.0},
        "real second half": of_real_heads(real),
        "replay_head_motion": figures(
            [heads_of(p, [replay.run(p.rest.fit.motion, p.first.fit)]) for p in parts]
        ),
        "map_motion, shipped mapping": figures([mapped(p, mapping) for p in parts]),
    }


def drift_of(parts: Sequence[Halves], flows: dict[str, OnnxModel]) -> float:
    """How far the head has strayed after ten minutes: mean over some people.

    They say everything that is said in all clips, again and again.
    """
    rests = [part.rest for part in parts]
    windows = np.concatenate([rest.features.windows for rest in rests])
    samples = np.concatenate([rest.speech.samples for rest in rests])
    fps, rate = rests[0].features.fps, rests[0].speech.rate
    count = round(LONG_S * fps)
    samples = np.resize(samples, round(count / fps * rate))
    speech = attrs.evolve(rests[0].speech, samples=samples, soundtrack=samples[:, None])
    features = SpeechFeatures(windows=np.resize(windows, (count, *windows.shape[1:])), fps=fps)
    spoken = Motion(
        expression=np.zeros((count, 64), np.float32),
        rotation=np.zeros((count, 3), np.float32),
        translation=np.zeros((count, 3), np.float32),
        fps=fps,
    )
    found = []
    for part in parts[:: max(len(parts) // LONG_PEOPLE, 1)][:LONG_PEOPLE]:
        made = SampleHeadMotion().run(
            spoken, speech, features, flows[part.rest.person], part.first.fit, part.first.speech
        )
        found.append(drift(ObserveHead().run(made).pose, fps))
    return float(np.mean(found))


def trained(
    clips: Sequence[Clip], settings: FlowTraining, folder: Path
) -> tuple[dict[str, OnnxModel], list[FoldScore]]:
    """For every person a flow that has not seen them, and the losses of the folds."""
    flows: dict[str, OnnxModel] = {}

    def keep(people: set[str], flow: OnnxModel) -> None:
        flows.update(dict.fromkeys(people, flow))

    examples = usable([clip.example() for clip in clips], settings)
    return flows, cross_validate(examples, settings, folder, keep=keep)


def main() -> int:
    """Print the figures of every method as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    clip_options.add_clips(parser)
    clip_options.add_fits(parser)
    parser.add_argument("--store")
    args = parser.parse_args()
    clip_options.check_heard(args)
    from talkgraph.cli import options
    from talkgraph.cli.progress import watcher
    from talkgraph.cli.train.head_motion import encoded_clips

    with watcher(quiet=True) as watch:
        clips = [
            Clip(**attrs.asdict(one, recurse=False), features=features)
            for one, features in encoded_clips(args, options.open_store(args), watch)
        ]
    settings = FlowTraining()
    with tempfile.TemporaryDirectory() as scratch:
        flows, losses = trained(clips, settings, Path(scratch))
        parts = halves_of(clips)
        rows = baselines(parts)
        made = [sampled(part, flows[part.rest.person]) for part in parts]
        rows["sample_head_motion"] = {**figures(made), "drift": drift_of(parts, flows)}
    report = {
        "command": "benchmarks/head_motion.py --clips DIR",
        "clips": len(parts),
        "people": len({part.rest.person for part in parts}),
        "trained_on": {"clips": len(clips), "people": len({clip.person for clip in clips})},
        "losses": [
            {name: getattr(one, name) for name in ("clips", "people", "listens", "deaf")}
            for one in losses
        ],
        "head_motion": rows,
    }
    print(json.dumps(report, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
