"""What ten seconds of a person give the mapping from speech to expression.

    python benchmarks/mapping_person.py --clips DIR --known benchmarks/clips.json \
        -o benchmarks/results/mapping_person.json

The mapping that is adapted is the general one of the fold in which the person was not learned from.
The first 10 s of every clip of 14 s or more are what is known of the person, the face too; all is
scored on the rest, at the lag that those 10 s show. `personalise_expression` asks a held-out part
of the 10 s whether to adapt: here it is told beside whether that was right.
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
import torch
from mapping import WITHIN, Corpus, add_arguments, corpus_of
from mapping_rows import ROWS, SHIPPED
from mapping_style import Style, StyledNetwork, code_of, train_styled

from talkgraph.cli.train.fits import HeardClip
from talkgraph.nodes.agreement import concordance, spread_ratio
from talkgraph.nodes.closure import hits_and_false, lowest_openings
from talkgraph.nodes.pose_mapping import PersonaliseExpression
from talkgraph.nodes.pose_mapping.expression_inference import predict
from talkgraph.nodes.pose_mapping.expression_size import ExpressionSize
from talkgraph.nodes.pose_mapping.facts import ExpressionFacts, speech_scale
from talkgraph.nodes.pose_mapping.train.corpus import example_of, target_of
from talkgraph.nodes.pose_mapping.train.expression_training import TrainedExpression
from talkgraph.nodes.pose_mapping.train.lag import LARGEST, believed_lag
from talkgraph.nodes.pose_mapping.train.optimiser import Schedule
from talkgraph.nodes.pose_mapping.train.spread import in_own_spread
from talkgraph.nodes.signals import correlation
from talkgraph.nodes.values import FaceFit, Floats, OnnxModel, SpeechFeatures

LEAST_S, FIRST_S = 14.0, 10.0
STYLE = Style()


@attrs.frozen(kw_only=True)
class Figures:
    """Of one clip's rest, at the lag of its first seconds but for the first row."""

    opening: float
    ccc: float
    width: float
    jaw: float
    hits: float
    false: float
    spread: float


def figures_of(made: Floats, real: Floats, counted: Any) -> Figures:
    """Of measures `(T, 3)` in the order of the readout: opening, jaw, width."""
    a, b = made[counted] - made[counted].mean(0), real[counted] - real[counted].mean(0)
    everywhere = np.ones(len(b), bool)
    hits, false = hits_and_false(a[:, 0], b[:, 0], lowest_openings(b[:, 0], everywhere), everywhere)
    return Figures(
        opening=correlation(a[:, 0], b[:, 0]),
        ccc=concordance(a[:, 0], b[:, 0]),
        width=correlation(a[:, 2], b[:, 2]),
        jaw=correlation(a[:, 1], b[:, 1]),
        hits=hits,
        false=false,
        spread=spread_ratio(a[:, 0], b[:, 0]),
    )


@attrs.frozen(kw_only=True, eq=False)
class Known:
    """A clip: what is known of the person, and what is scored."""

    clip: HeardClip
    features: SpeechFeatures
    edge: int

    def first(self) -> tuple[FaceFit, SpeechFeatures]:
        """Fit and features of the first seconds."""
        fit, cut = self.clip.fit, slice(0, self.edge)
        motion = attrs.evolve(
            fit.motion,
            expression=fit.motion.expression[cut],
            rotation=fit.motion.rotation[cut],
            translation=fit.motion.translation[cut],
        )
        fit = attrs.evolve(fit, motion=motion, error=fit.error[cut], measured=fit.measured[cut])
        return fit, attrs.evolve(self.features, windows=self.features.windows[cut])

    def figures(self, made: Floats, lag: int, facts: ExpressionFacts, gain: Any = 1.0) -> Figures:
        """Of expression `(T, 64)` that was made for the whole clip, on its rest."""
        fit = self.clip.fit
        count = min(len(made), len(fit.motion.expression))
        frames = np.arange(self.edge, count)
        frames = frames[(frames - lag >= 0) & (frames - lag < count)]
        return figures_of(
            facts.readout.of(made[frames - lag]) * gain,
            facts.readout.of(fit.motion.expression[frames]),
            fit.measured[frames],
        )


@attrs.frozen(kw_only=True, eq=False)
class Generals:
    """What has not learned from a group of people: the general mapping, and one with codes."""

    mapping: OnnxModel
    styled: StyledNetwork


def rows_of(known: Known, generals: Generals) -> dict[str, Any]:
    """What the general mapping, its lag, its gain, its adaptation and a code give on the rest."""
    general, facts = generals.mapping, ExpressionFacts.of(generals.mapping)
    fit, features = known.first()
    plain = predict(general, known.features)
    face, nobody = facts.gain(fit), facts.gain(None)
    heard, seen = facts.readout.of(plain), facts.readout.of(known.clip.fit.motion.expression)
    first = slice(0, known.edge)
    lag = believed_lag(heard[first, 0], seen[first, 0], fit.measured, LARGEST + 1)
    gain = seen[first][fit.measured].std(0) / np.maximum(heard[first][fit.measured].std(0), 1e-9)
    begin = time.process_time()
    chosen = PersonaliseExpression().run(general, fit, features)
    seconds = time.process_time() - begin
    always = PersonaliseExpression(held_out=0.0)
    adapted = chosen if accepted(chosen) else always.run(general, fit, features)
    made = predict(adapted, known.features)
    rows = {
        "general, face unknown": known.figures(plain, lag, facts, nobody),
        "general, lag 0": known.figures(plain, 0, facts, face),
        "general": known.figures(plain, lag, facts, face),
        "general, gain by ratio of spreads": known.figures(plain, lag, facts, gain),
        "adapted always": known.figures(made, lag, facts),
    }
    own = facts.of_person(fit)
    for name, made in by_codes(known, generals.styled, own, lag).items():
        rows[name] = known.figures(made, lag, facts)
    rows["personalise_expression"] = rows["adapted always" if accepted(chosen) else "general"]
    return {
        "clip": known.clip.name,
        "person": known.clip.person,
        "lag": lag,
        "accepted": accepted(chosen),
        "right": better(rows["adapted always"], rows["general"]) == accepted(chosen),
        "seconds": seconds,
        "rows": {name: attrs.asdict(row) for name, row in rows.items()},
    }


def by_codes(
    known: Known, network: StyledNetwork, facts: ExpressionFacts, lag: int
) -> dict[str, Floats]:
    """Expression of the whole clip with no code, and with that of the first seconds."""
    fit, features = known.first()
    first = target_of(example_of(features, fit, name="", person="").shifted(lag), facts)
    windows = known.features.windows
    heard = speech_scale(windows, facts).apply(windows)
    codes = {
        "with codes of style, none known": torch.zeros(STYLE.numbers),
        "code of style by its gradient": code_of(network, first, facts, style=STYLE, seed=0),
    }
    return {
        name: network.predict(heard, code) * facts.expression_std for name, code in codes.items()
    }


def accepted(made: OnnxModel) -> bool:
    """Whether `personalise_expression` adapted."""
    return "Adapted to" in made.facts["card"]


def better(one: Figures, other: Figures) -> bool:
    """By what `personalise_expression` looks at: opening, concordance, width, closures."""

    def value(row: Figures) -> float:
        return row.opening + row.ccc + row.width + row.hits - row.false

    return value(one) > value(other)


def summary(found: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Means over people of every row, and the share of clips whose spread is right."""
    people = sorted({one["person"] for one in found})
    made: dict[str, dict[str, float]] = {}
    for name in found[0]["rows"]:
        of_people = [
            [one["rows"][name] for one in found if one["person"] == person] for person in people
        ]
        made[name] = {
            key: float(np.mean([np.mean([row[key] for row in rows]) for rows in of_people]))
            for key in found[0]["rows"][name]
        }
        spreads = [one["rows"][name]["spread"] for one in found]
        made[name]["within"] = float(np.mean([WITHIN[0] <= x <= WITHIN[1] for x in spreads]))
    return made


def trained(corpus: Corpus, folder: Path) -> dict[str, Generals]:
    """For every person the networks that have not learned from them."""
    row, protocol = ROWS[SHIPPED], corpus.protocol
    examples = corpus.examples(row)
    training = corpus.training(row, examples)
    lagged = list(zip(examples, (one.lag for one in corpus.in_time), strict=True))
    found: dict[str, Generals] = {}
    for number, group in enumerate(corpus.groups):
        others = [x.shifted(lag) for x, lag in lagged if x.person not in group and x.reliable]
        general = training.train(others)
        assert isinstance(general, TrainedExpression)
        facts = general.facts
        styled = train_styled(
            [target_of(in_own_spread(x, facts), facts) for x in others],
            facts,
            ExpressionSize(**facts.size),
            Schedule(steps=protocol.steps),
            style=STYLE,
            seed=protocol.seed,
        )
        path = folder / f"general_{number}.onnx"
        mapping = general.write(path, licence="", card="general")
        found.update(dict.fromkeys(group, Generals(mapping=mapping, styled=styled)))
    return found


def main() -> int:
    """Adapt to every clip that is long enough."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        corpus = corpus_of(args, Path(scratch))
        networks = trained(corpus, Path(scratch))
        found = []
        for clip in corpus.clips:
            if len(clip.fit.measured) >= LEAST_S * clip.fit.motion.fps:
                windows = corpus.ears.hear(clip.speech, ROWS[SHIPPED].features)
                fps = clip.fit.motion.fps
                known = Known(
                    clip=clip, features=SpeechFeatures(windows=windows, fps=fps),
                    edge=round(FIRST_S * fps),
                )  # fmt: skip
                found.append(rows_of(known, networks[clip.person]))
    right = [one["right"] for one in found]
    report = {
        "command": "benchmarks/mapping_person.py --clips DIR",
        "protocol": attrs.asdict(corpus.protocol),
        "clips": len(found),
        "people": len({one["person"] for one in found}),
        "accepted": float(np.mean([one["accepted"] for one in found])),
        "right": float(np.mean(right)),
        "seconds": float(np.mean([one["seconds"] for one in found])),
        "mapping": summary(found),
        "each": found,
    }
    args.output.write_text(json.dumps(report, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
