"""Fine-tuning of the general mapping to one person's way of talking (section 4.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from talkgraph.engine import Node, node, param, progress, scratch_folder
from talkgraph.nodes.pose_mapping.facts import MotionFacts
from talkgraph.nodes.pose_mapping.inference import open_mapping
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
    from talkgraph.nodes.pose_mapping.network import MappingNetwork
    from talkgraph.nodes.pose_mapping.train.corpus import Target


@node("personalise_mapping", version=1, gpu=True)
class PersonaliseMapping(Node):
    """The mapping of one person, an ONNX model like the general one.

    The last part of the clip is held out: the fine-tuned network is taken only if it predicts that
    part better than the general one; it is then trained on the whole clip. The general mapping is
    returned, with a note, where the clip is silent, too short, or teaches nothing.

    Example:
        >>> import numpy as np
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_fit
        >>> from talkgraph.nodes.networks import LoadNetwork
        >>> from talkgraph.nodes.pose_mapping import PersonaliseMapping
        >>> from talkgraph.nodes.values import SpeechFeatures
        >>> general = LoadNetwork(name="general-mapping-mfcc").run()
        >>> features = SpeechFeatures(windows=np.zeros((50, 28, 12), np.float32), fps=25.0)
        >>> own = PersonaliseMapping(steps=100).run(general, synthetic_fit(frames=50), features)
        >>> own.facts == general.facts  # two seconds teach nothing
        True
    """

    steps: int = param(
        300,
        "updates; the paper's 100 epochs are about 1700, with which so small a net overfits",
        ge=1,
    )
    rate: float = param(1e-4, "learning rate of Adam (section 4.1)", gt=0)
    beta1: float = param(0.5, "first moment of Adam, as the public implementation", ge=0, lt=1)
    batch: int = param(8, "how many go into one update", unit="sequences", ge=1)
    frames: int = param(50, "length of a sequence", unit="frames", ge=2)
    lambda1: float = param(0.2, "weight of the pose, eq. (2)", ge=0)
    lambda2: float = param(0.01, "weight of the pose's continuity, eq. (2)", ge=0)
    mouth: float = param(0.5, "weight of the mouth measures (not in the paper)", ge=0)
    closure: float = param(0.2, "weight of lip closure (not in the paper)", ge=0)
    anchor: float = param(1e-3, "pull towards the general weights (not in the paper)", ge=0)
    held_out: float = param(0.2, "part of the clip that decides whether to personalise", gt=0, lt=1)
    min_seconds: float = param(4.0, "shorter clips are not learned from", unit="s", ge=0)
    largest_lag: int = param(
        3, "largest lag of picture against sound looked for", unit="frames", ge=0
    )
    seed: int = param(0, "seed of the order of training", ge=0)

    def run(
        self, mapping: OnnxModel, fit: FaceFit, clip_features: SpeechFeatures | None = None
    ) -> OnnxModel:
        """Fine-tune `mapping`.

        Args:
            fit: tracked motion of the clip.
            clip_features: features of the clip's own sound, without windows where it has none.

        Raises:
            ModelError: `mapping` is none, holds no weights, or was trained on other features.
        """
        facts = open_mapping(mapping, self.node_id)
        why = too_little(clip_features, fit, facts, self.min_seconds)
        if clip_features is None or why:
            return general_instead(mapping, why)
        with one_thread():
            return self._fine_tune(mapping, facts, fit, clip_features)

    def _fine_tune(
        self, mapping: OnnxModel, facts: MotionFacts, fit: FaceFit, features: SpeechFeatures
    ) -> OnnxModel:
        from talkgraph.nodes.pose_mapping.onnx_file import read_network, write_mapping
        from talkgraph.nodes.pose_mapping.train.corpus import example_of, target_of
        from talkgraph.nodes.pose_mapping.train.motion_training import predict_motion

        general = read_network(mapping)
        example = example_of(features, fit, name="clip", person="clip")
        target = target_of(example, facts)
        heard, _ = predict_motion(general, target)
        example = example.shifted(lag_of_clip(heard, target, facts, self.largest_lag))
        edge = round(len(example) * (1.0 - self.held_out))
        # The offset of the person is that of the whole clip, for both parts.
        whole = target_of(example, facts)
        train, held_out = whole.part(0, edge), whole.part(edge, len(example))
        trial, _ = self._train(read_network(mapping), [train], facts, done=0)
        before = _error(general, held_out, facts)
        after = _error(trial, held_out, facts)
        if not after < before:
            return general_instead(mapping, no_better(self.held_out))
        network, losses = self._train(read_network(mapping), [whole], facts, done=self.steps)
        card = (
            f"{facts.card}\n\nFine-tuned on {len(example) / facts.fps:.0f} s of one person's clip: "
            f"squared error on the held-out part {before:.3f} -> {after:.3f}."
        )
        made = write_mapping(
            network, attrs.evolve(facts, card=card), scratch_folder() / "personal_mapping.onnx"
        )
        return OnnxModel(file=made.file, facts={**made.facts, **write_curve(losses)})

    def _train(
        self, network: MappingNetwork, targets: list[Target], facts: MotionFacts, *, done: int
    ) -> tuple[MappingNetwork, list[float]]:
        """The network after training, and its loss after every step."""
        from talkgraph.nodes.pose_mapping.train.loss import LossWeights
        from talkgraph.nodes.pose_mapping.train.motion_training import train_motion
        from talkgraph.nodes.pose_mapping.train.optimiser import Schedule
        from talkgraph.nodes.pose_mapping.train.sequences import Variation

        schedule = Schedule(
            steps=self.steps,
            rate=self.rate,
            betas=(self.beta1, 0.999),
            warmup=10,
            average=0.95,
        )
        weights = LossWeights(
            pose=self.lambda1, continuity=self.lambda2, mouth=self.mouth, closure=self.closure
        )
        losses: list[float] = []

        def report(step: int, loss: float) -> None:
            losses.append(loss)
            progress(done + step, 2 * self.steps)

        trained = train_motion(
            network, targets, facts, schedule, weights,
            variation=Variation(batch=self.batch, frames=self.frames),
            seed=self.seed,
            anchor=self.anchor,
            report=report,
        )  # fmt: skip
        return trained, losses


def _error(network: MappingNetwork, target: Target, facts: MotionFacts) -> float:
    """Squared error of the mouth measures, in units of their general spread.

    Each part is taken about its own mean: a constant is put right by the person's offset anyway.
    """
    from talkgraph.nodes.pose_mapping.train.motion_training import predict_motion

    made, _ = predict_motion(network, target)
    seen = target.measured
    wrong = facts.readout.of((made - target.expression) * facts.expression_std)[seen]
    return (
        float((((wrong - wrong.mean(0)) / facts.mouth_std) ** 2).mean()) if seen.any() else np.inf
    )
