"""Adaptation of the general mapping to one person's way of talking, from seconds of a clip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from talkgraph.engine import Node, node, param, progress, scratch_folder
from talkgraph.nodes.pose_mapping.expression_inference import open_expression_mapping
from talkgraph.nodes.pose_mapping.facts import ExpressionFacts
from talkgraph.nodes.pose_mapping.personal import (
    general_instead,
    lag_of_clip,
    no_better,
    too_little,
)
from talkgraph.nodes.training.curve import write_curve
from talkgraph.nodes.training.threads import one_thread
from talkgraph.nodes.values import FaceFit, OnnxModel, SpeechFeatures

if TYPE_CHECKING:
    from talkgraph.nodes.pose_mapping.expression_network import ExpressionNetwork
    from talkgraph.nodes.pose_mapping.train.corpus import Target


@node("personalise_expression", version=1, gpu=True)
class PersonaliseExpression(Node):
    """The mapping of one person, an ONNX model like the general one.

    The clip's picture is put in time with its sound, then all layers are trained gently on it: in
    10 s that learns how far the person's mouth moves, and some of how. The last part of the clip
    decides by what a viewer sees, lip opening, width and closures: if a network trained on the rest
    follows that part worse than the general one, or where the clip is silent or too short, the
    general mapping is returned, with a note.

    Example:
        >>> import numpy as np
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_fit
        >>> from talkgraph.nodes.networks import LoadNetwork
        >>> from talkgraph.nodes.pose_mapping import PersonaliseExpression
        >>> from talkgraph.nodes.values import SpeechFeatures
        >>> general = LoadNetwork(name="general-mapping-speech-encoder").run()
        >>> features = SpeechFeatures(windows=np.zeros((50, 1, 384), np.float32), fps=25.0)
        >>> own = PersonaliseExpression().run(general, synthetic_fit(frames=50), features)
        >>> own.facts == general.facts  # two seconds teach nothing
        True
    """

    steps: int = param(100, "updates; twice as many overfit 10 s", ge=1)
    rate: float = param(3e-4, "learning rate of Adam", gt=0)
    batch: int = param(8, "how many go into one update", unit="sequences", ge=1)
    frames: int = param(50, "length of a sequence", unit="frames", ge=2)
    mouth: float = param(0.5, "weight of the mouth measures", ge=0)
    concordance: float = param(1.0, "weight of their concordance", ge=0)
    closure: float = param(0.2, "weight of lip closure", ge=0)
    held_out: float = param(
        0.25, "part of the clip that decides; 0 adapts whatever it says", ge=0, lt=1
    )
    min_seconds: float = param(4.0, "shorter clips are not learned from", unit="s", ge=0)
    largest_lag: int = param(
        8, "largest lag of picture against sound looked for", unit="frames", ge=0
    )
    seed: int = param(0, "seed of the order of training", ge=0)

    def run(
        self, mapping: OnnxModel, fit: FaceFit, clip_features: SpeechFeatures | None = None
    ) -> OnnxModel:
        """Adapt `mapping`.

        Args:
            fit: tracked motion of the clip.
            clip_features: features of the clip's own sound, without windows where it has none.

        Raises:
            ModelError: `mapping` is none, holds no weights, or was trained on other features.
        """
        facts = open_expression_mapping(mapping, self.node_id)
        why = too_little(clip_features, fit, facts, self.min_seconds)
        if clip_features is None or why:
            return general_instead(mapping, why)
        with one_thread():
            return self._adapt(mapping, facts.of_person(fit), fit, clip_features)

    def _adapt(
        self, mapping: OnnxModel, facts: ExpressionFacts, fit: FaceFit, features: SpeechFeatures
    ) -> OnnxModel:
        from talkgraph.nodes.pose_mapping.expression_file import (
            read_expression_network,
            write_expression_mapping,
        )
        from talkgraph.nodes.pose_mapping.train.corpus import example_of, target_of
        from talkgraph.nodes.pose_mapping.train.score import seen_by_viewer

        general = read_expression_network(mapping)
        example = example_of(features, fit, name="clip", person="clip")
        target = target_of(example, facts)
        heard = general.predict(target.features)
        example = example.shifted(lag_of_clip(heard, target, facts, self.largest_lag))
        # Features and offset are normalised by the whole clip, for both parts.
        whole = target_of(example, facts)
        card = f"{facts.card}\n\nAdapted to {len(example) / facts.fps:.0f} s of one person's clip"
        edge = round(len(example) * (1.0 - self.held_out))
        if edge < len(example):
            first, last = whole.part(0, edge), whole.part(edge, len(example))
            trial, _ = self._train(read_expression_network(mapping), first, facts, done=0)
            before, after = (
                seen_by_viewer(last, network.predict(last.features), facts)
                for network in (general, trial)
            )
            if not after >= before:
                return general_instead(mapping, no_better(self.held_out))
            card += f": agreement on the held-out part {before:.2f} -> {after:.2f}"
        network, losses = self._train(general, whole, facts, done=self.steps)
        made = write_expression_mapping(
            network,
            attrs.evolve(facts, card=f"{card}."),
            scratch_folder() / "personal_mapping.onnx",
        )
        return OnnxModel(file=made.file, facts={**made.facts, **write_curve(losses)})

    def _train(
        self, network: ExpressionNetwork, target: Target, facts: ExpressionFacts, *, done: int
    ) -> tuple[ExpressionNetwork, list[float]]:
        """The network after training, and its loss after every step."""
        from talkgraph.nodes.pose_mapping.train.expression_loss import ExpressionWeights
        from talkgraph.nodes.pose_mapping.train.expression_training import (
            loss_of_mouth,
            train_expression,
        )
        from talkgraph.nodes.pose_mapping.train.optimiser import Schedule
        from talkgraph.nodes.pose_mapping.train.sequences import Variation

        losses: list[float] = []

        def report(step: int, loss: float) -> None:
            losses.append(loss)
            progress(done + step, 2 * self.steps)

        weights = ExpressionWeights(
            mouth=self.mouth, concordance=self.concordance, closure=self.closure
        )
        trained = train_expression(
            network, [target], loss_of_mouth(facts, weights),
            Schedule(steps=self.steps, rate=self.rate, warmup=10, decay=0.0, average=0.95),
            variation=Variation(batch=self.batch, frames=self.frames),
            seed=self.seed,
            report=report,
        )  # fmt: skip
        return trained, losses
