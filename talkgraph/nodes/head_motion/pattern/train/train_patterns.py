"""Training of both networks on clips of many people, with folds by person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import attrs
import numpy as np
import torch
from numpy.typing import NDArray

from talkgraph.nodes.head_motion.pattern.facts import PatternFacts
from talkgraph.nodes.head_motion.pattern.networks import rows_of
from talkgraph.nodes.head_motion.pattern.train.contrastive import EncoderSchedule, train_encoder
from talkgraph.nodes.head_motion.pattern.train.corpus import (
    Example,
    facts_of,
    units_of,
)
from talkgraph.nodes.head_motion.pattern.train.modules import (
    PatternEncoder,
    PatternSize,
    PoseDecoder,
)
from talkgraph.nodes.head_motion.pattern.train.onnx_file import write_decoder, write_encoder
from talkgraph.nodes.head_motion.pattern.train.regression import DecoderSchedule, train_decoder
from talkgraph.nodes.head_motion.pattern.train.retrieval import (
    Retrieval,
    by_halves,
    by_other_clip,
    moments,
    together,
)
from talkgraph.nodes.training.folds import person_folds
from talkgraph.nodes.values import Floats, OnnxModel

Report = Callable[[str, int, int], None]
"""What is trained, step, and number of steps."""


@attrs.frozen(kw_only=True)
class PatternTraining:
    """Settings of the training.

    folds: persons are split into this many groups; each is judged by networks that never saw it.
    feature_prior: frames' worth of the corpus' feature mean against a speech's own.
    min_seconds: shorter clips are left out.
    """

    size: PatternSize = attrs.Factory(PatternSize)
    encoder: EncoderSchedule = attrs.Factory(EncoderSchedule)
    decoder: DecoderSchedule = attrs.Factory(DecoderSchedule)
    folds: int = 3
    feature_prior: float = 50.0
    min_seconds: float = 3.0
    seed: int = 0


@attrs.frozen(kw_only=True, eq=False)
class Trained:
    """Both networks of one training."""

    encoder: PatternEncoder
    decoder: PoseDecoder
    facts: PatternFacts

    def pattern(self, pose: Floats) -> NDArray[np.floating]:
        """The pattern of a motion about its mean, `[shape=(T, 6)]`."""
        with torch.no_grad():
            made = self.encoder(torch.from_numpy(np.ascontiguousarray(pose))[None])
        return np.asarray(made[0].numpy())

    def motion(self, windows: Floats, pattern: NDArray[np.floating]) -> Floats:
        """The motion for features `[shape=(T, rows, bins)]`, `[shape=(T, 6)]`."""
        rows = rows_of(self.facts.centred(windows), self.facts.stride)
        with torch.no_grad():
            told = torch.from_numpy(np.asarray(pattern, np.float32))[None]
            made = self.decoder(torch.from_numpy(rows)[None], told)
        return np.asarray(made[0].numpy())

    def write(
        self, encoder: Path, decoder: Path, texts: dict[str, dict[str, str]] | None = None
    ) -> tuple[OnnxModel, OnnxModel]:
        """Both as ONNX; `texts` has further facts under "encoder" and "decoder"."""
        more = texts or {}
        return (
            write_encoder(self.encoder, self.facts.as_text() | more.get("encoder", {}), encoder),
            write_decoder(self.decoder, self.facts.as_text() | more.get("decoder", {}), decoder),
        )


@attrs.frozen(kw_only=True)
class PatternScores:
    """What networks do with people that they never saw.

    halves, other_clip: retrieval by patterns; `moments_`: by simple moments, same questions.
    explained: 1 - squared error of the pose / that of holding still, with the pattern of the other
        half of the clip.
    spread: standard deviation of the made angles over the real ones, geometric mean.
    """

    halves: Retrieval
    moments_halves: Retrieval
    other_clip: Retrieval
    moments_other_clip: Retrieval
    explained: float
    spread: float


def usable(examples: Sequence[Example], settings: PatternTraining) -> list[Example]:
    """The examples that are long enough."""
    return [x for x in examples if len(x) >= settings.min_seconds * x.fps]


def train_patterns(
    examples: Sequence[Example],
    settings: PatternTraining,
    report: Report = lambda what, step, steps: None,
) -> Trained:
    """Train the encoder, then, with it held, the decoder."""
    facts = facts_of(units_of(examples), examples[0].fps, settings.feature_prior)
    encoder, decoder = networks_of(examples, settings)
    train_encoder(
        encoder, examples, settings.encoder, seed=settings.seed,
        report=lambda step, _: report("encoder", step, settings.encoder.steps),
    )  # fmt: skip
    train_decoder(
        decoder, encoder, examples, facts, settings.decoder, seed=settings.seed,
        report=lambda step, _: report("decoder", step, settings.decoder.steps),
    )  # fmt: skip
    return Trained(encoder=encoder, decoder=decoder, facts=facts)


def networks_of(
    examples: Sequence[Example], settings: PatternTraining
) -> tuple[PatternEncoder, PoseDecoder]:
    """Both networks with random weights, in the units of `examples`."""
    units = units_of(examples)
    torch.manual_seed(settings.seed)
    return (
        PatternEncoder(settings.size, units.pose_scale),
        PoseDecoder(settings.size, units.pose_scale, units.feature_scale),
    )


def cross_validate(
    examples: Sequence[Example],
    settings: PatternTraining,
    report: Report = lambda what, step, steps: None,
    keep: Callable[[set[str], Trained], None] = lambda people, trained: None,
) -> PatternScores:
    """Judge every group of people by networks that were trained on the others.

    Args:
        keep: called with the people of each group and the networks that never saw them.
    """
    found: list[PatternScores] = []
    counts: list[int] = []
    for group in person_folds(examples, settings.folds, settings.seed):
        mine = [x for x in examples if x.person in group]
        trained = train_patterns([x for x in examples if x.person not in group], settings, report)
        keep(group, trained)
        found.append(scores_of(trained, mine))
        counts.append(len(mine))
    whole = {
        name: together([getattr(one, name) for one in found])
        for name in ("halves", "moments_halves", "other_clip", "moments_other_clip")
    }
    weights = np.array(counts) / sum(counts)
    spread = np.exp(weights @ np.log([one.spread for one in found]))
    return PatternScores(
        **whole, explained=float(weights @ [one.explained for one in found]), spread=float(spread)
    )


def scores_of(trained: Trained, examples: Sequence[Example]) -> PatternScores:
    """What trained networks do with `examples` of people that they never saw."""
    plain = partial(moments, fps=examples[0].fps)
    error = whole = 0.0
    spreads = []
    for example in examples:
        middle = len(example) // 2
        first, real = example.pose[:middle], example.pose[middle:]
        made = trained.motion(example.windows[middle:], trained.pattern(first - first.mean(0)))
        made, real = made - made.mean(0), real - real.mean(0)
        scale = trained.encoder.pose_scale.numpy()
        error += float((((made - real) / scale) ** 2).sum())
        whole += float(((real / scale) ** 2).sum())
        spreads.append(np.log((made[:, :3].std(0) + 1e-6) / (real[:, :3].std(0) + 1e-6)))
    return PatternScores(
        halves=by_halves(examples, trained.pattern),
        moments_halves=by_halves(examples, plain),
        other_clip=by_other_clip(examples, trained.pattern),
        moments_other_clip=by_other_clip(examples, plain),
        explained=1 - error / whole,
        spread=float(np.exp(np.mean(spreads))),
    )
