"""How fast speech becomes expression, and how far a changed end of it reaches back.

    python benchmarks/mapping_run.py --clips DIR -o benchmarks/results/mapping_run.json

The sound of the clips one after another is one long speech. Times are of the processor, summed over
threads, so other work on the machine hardly counts. *Reaches*: the last second is replaced by
silence; by how much do frames before it change, as a share of the spread of lip opening? Features
change up to a window before.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from talkgraph.cli import options
from talkgraph.cli.progress import watcher
from talkgraph.cli.train import clips as clip_options
from talkgraph.nodes.audio_features import SpeechEncoder
from talkgraph.nodes.networks import LoadNetwork
from talkgraph.nodes.pose_mapping import MapExpression
from talkgraph.nodes.pose_mapping.facts import ExpressionFacts
from talkgraph.nodes.values import Floats, OnnxModel, Speech, SpeechFeatures

SECONDS = 60.0
RUNS = 3
NEARER_S = (0.0, 0.2, 1.0, 3.0, 6.0)  # before the change
LIVE = {"look_ahead": 0.2, "window": 2.0}


def speech_of(samples: Floats, rate: int) -> Speech:
    """A recording of these samples."""
    return Speech(samples=samples, rate=rate, soundtrack=samples[:, None], soundtrack_rate=rate)


def seconds_of(work: Callable[[], Any]) -> float:
    """Least processor time of a few runs."""
    found = []
    for _ in range(RUNS):
        begin = time.process_time()
        work()
        found.append(time.process_time() - begin)
    return min(found)


def openings(speech: Speech, encoder: OnnxModel, mapping: OnnxModel, **node: Any) -> Floats:
    """Lip opening of every frame."""
    features = SpeechEncoder(**node).run(speech, encoder)
    made = MapExpression().run(features, mapping)
    return ExpressionFacts.of(mapping).readout.of(made.expression)[:, 0]


def reach(speech: Speech, encoder: OnnxModel, mapping: OnnxModel, **node: Any) -> dict[str, float]:
    """Largest change of the opening so long before a changed last second, in its spreads."""
    changed = speech.samples.copy()
    changed[-speech.rate :] = 0.0
    before, after = (
        openings(speech_of(x, speech.rate), encoder, mapping, **node)
        for x in (speech.samples, changed)
    )
    difference = np.abs(after - before) / before.std()
    end = len(before) - 25
    return {f"{s:g}": float(difference[: end - round(25 * s)].max()) for s in NEARER_S}


def main() -> int:
    """Write the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    clip_options.add_clips(parser)
    clip_options.add_fits(parser)
    parser.add_argument("--store")
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    clip_options.check_heard(args)
    with watcher(quiet=True) as watch:
        clips = clip_options.heard_clips(args, options.open_store(args), watch)
    rate = clips[0].speech.rate
    sound = np.concatenate([clip.speech.samples for clip in clips])[: round(SECONDS * rate)]
    speech, seconds = speech_of(sound, rate), len(sound) / rate
    encoder = LoadNetwork(name="speech-encoder-tiny").run()
    mapping = LoadNetwork(name="general-mapping-speech-encoder").run()
    features: SpeechFeatures = SpeechEncoder().run(speech, encoder)
    hear = seconds_of(lambda: SpeechEncoder().run(speech, encoder))
    move = seconds_of(lambda: MapExpression().run(features, mapping))
    report = {
        "command": "benchmarks/mapping_run.py --clips DIR",
        "seconds_of_speech": seconds,
        "cpu_s_features": hear,
        "cpu_s_mapping": move,
        "times_real_time": seconds / (hear + move),
        "reach": reach(speech, encoder, mapping),
        "reach_live": reach(speech, encoder, mapping, **LIVE),
    }
    args.output.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
