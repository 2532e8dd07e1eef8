"""Train the refiner of one person on their own clip (Yi et al. 2020, sections 3.4 and 4.1).

Where the defaults leave the paper, why, and what that was measured to do: `train_refiner.md`.
"""

from __future__ import annotations

from typing import Any

import attrs

from talkgraph import engine
from talkgraph.cache.files import File
from talkgraph.cache.frames import Frames
from talkgraph.engine import Node, node, param
from talkgraph.errors import InputError, ModelError
from talkgraph.models.published.generator_2020 import SIDE
from talkgraph.models.sessions import current_device, open_network
from talkgraph.nodes.refine.pairs import check_pairs, training_pairs
from talkgraph.nodes.refine.refine import NETWORK, OF_FRAMES
from talkgraph.nodes.refine.region import Region, face_region
from talkgraph.nodes.refine.schedule import Schedule
from talkgraph.nodes.training.curve import write_curve
from talkgraph.nodes.values import FaceTrack, IdentityFeature, IdentityTrack, OnnxModel

PAPER: dict[str, Any] = {
    "network": "paper", "size": SIDE, "width": 64, "discriminator_width": 64, "steps": 18000,
    "batch": 1, "crop": 0, "learning_rate": 1e-4, "beta1": 0.5, "final_rate": 1.0,
    "residual": False, "adversarial_weight": 1.0, "adversarial_from": 0.0, "gradient_weight": 0.0,
    "mouth_weight": 0.0, "eye_weight": 0.0, "goal": "frame", "region_margin": -1.0,
    "feature_weight": 0.0, "averaging": 0.0, "brightness": 0.0, "shift": 0.05, "mirrored": 0.5,
}  # fmt: skip
"""What `preset="paper"` sets; sizes, weights and rates that the paper leaves out are those of its
public implementation."""


@node("train_refiner", version=1, gpu=True)
class TrainRefiner(Node):
    """Learn to turn rendered frames of a person into real ones, from paired frames of a clip.

    Example:
        >>> import numpy as np
        >>> from talkgraph.cache import Frames
        >>> from talkgraph.nodes.refine import TrainRefiner
        >>> from talkgraph.nodes.values import IdentityFeature
        >>> real = Frames.from_array(np.full((3, 24, 24, 3), 128, np.uint8))
        >>> somebody = IdentityFeature(vector=np.full(128, 0.1, np.float32))
        >>> tiny = TrainRefiner(size=24, width=4, stem=1, levels=2, discriminator_width=4, steps=1)
        >>> tiny.run(real, real, somebody).facts["trained"]
        '1 steps of 4 on 3 frames, seed 0'
    """

    preset: str = param(
        "ours",
        "`paper`: every parameter that is left at its default is as in Yi et al. 2020",
        choices=("ours", "paper"),
    )
    network: str = param(
        "compact", "the generator and discriminator: ours, or the published ones",
        choices=("compact", "paper"),
    )  # fmt: skip
    size: int = param(192, "work resolution; frames are resized to it", unit="px", ge=24)
    width: int = param(16, "channels of the generator's top level (64 in the paper's net)", ge=4)
    stem: int = param(
        2, "the stem folds stem x stem px into channels (paper: 1)", choices=(1, 2, 4, 8)
    )
    levels: int = param(4, "resolutions of the U-Net (8 in the paper's net)", ge=2, le=9)
    normed: bool = param(
        False, "the generator normalises its channels over the picture (paper: True, AdaIN)"
    )
    discriminator_width: int = param(16, "channels of PatchGAN's first layer (usually 64)", ge=4)
    steps: int = param(700, "optimiser steps (paper: 60 epochs of 300 frames = 18000)", ge=1)
    batch: int = param(4, "windows per step", ge=1)
    crop: int = param(
        64, "a step sees parts of pictures, of this size; 0: whole ones (paper)", unit="px", ge=0
    )
    near_details: float = param(
        0.75, "share of the parts that lie about the mouth or an eye, the others anywhere",
        ge=0, le=1,
    )  # fmt: skip
    learning_rate: float = param(1e-3, "Adam's, for the first half of the steps", gt=0)
    beta1: float = param(0.9, "Adam's first-moment decay", ge=0, lt=1)
    final_rate: float = param(0.1, "share of the learning rate left at the end", ge=0, le=1)
    adversarial_weight: float = param(1.0, "of the discriminator's verdict in eq. (4)", ge=0)
    adversarial_from: float = param(
        1.0,
        "share of the steps, at first, without a discriminator; 1: there is none (paper: 0)",
        ge=0,
        le=1,
    )
    l1_weight: float = param(100.0, "λ1 of eq. (4), colour difference", ge=0)
    gradient_weight: float = param(
        50.0, "weight of differences of neighbouring pixels; an addition to the paper", ge=0
    )
    residual: bool = param(
        True,
        "the colour mask is the rendered frame, changed, with no attention mask (paper: False, made"
        " from nothing, with one)",
    )
    attention_weight: float = param(
        2.0, "λ2 of eq. (4), mean of the attention mask; without a residual", ge=0
    )
    smoothness_weight: float = param(
        1e-5, "λ3 of eq. (4), roughness of the attention mask; without a residual", ge=0
    )
    mouth_weight: float = param(
        2.0, "extra colour difference weight at the mouth; an addition to the paper", ge=0
    )
    eye_weight: float = param(
        1.0, "extra colour difference weight at the eyes; an addition to the paper", ge=0
    )
    detail_margin: float = param(
        1.8, "where that extra weight ends", unit="half sizes of lips and eyes", gt=1
    )
    goal: str = param(
        "face",
        "where it counts how near the real frame is; an addition to the paper, where it is the"
        " whole frame",
        choices=("face", "frame"),
    )
    region_margin: float = param(
        0.2,
        "the network sees the face and this much around it; -1: the whole frame",
        ge=-1,
        unit="face heights",
    )
    feature_weight: float = param(
        10.0, "weight of the discriminator's feature differences; an addition to the paper", ge=0
    )
    averaging: float = param(
        0.99,
        "per-step decay of the running mean of the weights that is kept; 0: the last",
        ge=0,
        lt=1,
    )
    brightness: float = param(0.1, "training light varies by this share", ge=0, lt=1)
    shift: float = param(
        0.06, "training pictures are moved by up to this much", unit="picture sides", ge=0, le=0.5
    )
    mirrored: float = param(0.0, "share of the steps whose pictures are mirrored", ge=0, le=1)
    most_frames: int = param(600, "most windows to train on, evenly spread", unit="windows", ge=1)
    seed: int = param(0, "of the initial weights and the order of the frames", ge=0)
    threads: int = param(0, "CPU threads, 0 for PyTorch's choice", ge=0, keyed=False)

    def run(
        self,
        rendered: Frames,
        real: Frames,
        identity: IdentityFeature,
        track: FaceTrack | None = None,
        general: OnnxModel | None = None,
        identities: IdentityTrack | None = None,
        critic: OnnxModel | None = None,
    ) -> OnnxModel:
        """Train on rendered frame t-2, t-1, t against real frame t.

        Args:
            rendered: composites, `[shape=(T, S, S, 3), uint8]`, over the clip's own backgrounds.
            real: the clip's frames, the same count and size.
            identity: the person's feature, given to the generator through AdaIN.
            track: of the clip: where the face, mouth and eyes are. Without it the network sees
                whole frames, and all pixels count alike.
            general: a refiner of the same architecture to start from (section 4.1).
            identities: who is seen in each real frame; in the place of `identity`, so that the
                refiner may be given what a memory retrieves.
            critic: a discriminator to start from, `yi2020-discriminator`.

        Returns:
            The generator; see `export.export` for its inputs and outputs. Nothing is kept of a
            training that is cut off.

        Raises:
            InputError: if the frames do not pair up, or the work size does not suit the net.
            ModelError: if `general` or `critic` is of another architecture.
        """
        node = self._as_preset()
        return node._train(rendered, real, identity, track, general, identities, critic)

    def _as_preset(self) -> TrainRefiner:
        if self.preset == "ours":
            return self
        defaults = {field.name: field.default for field in attrs.fields(type(self))}
        left = {k: v for k, v in PAPER.items() if getattr(self, k) == defaults[k]}
        return self.with_params(preset="ours", **left)

    def _train(
        self,
        rendered: Frames,
        real: Frames,
        identity: IdentityFeature,
        track: FaceTrack | None,
        general: OnnxModel | None,
        identities: IdentityTrack | None,
        critic: OnnxModel | None,
    ) -> OnnxModel:
        import torch

        from talkgraph.nodes.refine.adversarial import fit
        from talkgraph.nodes.refine.export import export, load_weights

        check_pairs(rendered, real, track, identities)
        self._check_size()
        region = Region()
        if track is not None and self.region_margin >= 0:
            region = face_region(track, self.region_margin)
        pairs = training_pairs(
            rendered,
            real,
            identity,
            track,
            identities,
            size=self.size,
            region=region,
            most_frames=self.most_frames,
            goal=self.goal,
            detail_margin=self.detail_margin,
            mouth_weight=self.mouth_weight,
            eye_weight=self.eye_weight,
        )
        device = torch.device("cpu")
        if current_device() == "cuda":
            if torch.cuda.is_available():
                device = torch.device("cuda")
            else:
                engine.note("the refiner is trained on the CPU: this PyTorch has no CUDA")
        cuda = [torch.cuda.current_device()] if device.type == "cuda" else []
        threads = torch.get_num_threads()
        try:
            if self.threads:
                torch.set_num_threads(self.threads)
            # The caller's random state is none of our business: leave it as it was.
            with torch.random.fork_rng(devices=cuda):
                torch.manual_seed(self.seed)
                generator, discriminator = self._networks(pairs.identity.shape[1])
            if general is not None:
                self._check_general(general)
                load_weights(generator, general.file.path)
            if critic is not None:
                load_weights(discriminator, critic.file.path, "critic")
            losses: list[float] = []
            fit(generator, discriminator, pairs, Schedule.of(self), device, losses)
        finally:
            torch.set_num_threads(threads)
        path = engine.scratch_folder() / "refiner.onnx"
        difference = export(generator, path, self.size, pairs.identity.shape[1])
        return OnnxModel(
            file=File(path),
            facts={
                **self._facts(len(pairs.real), region, general, difference),
                **({} if identities is None else {"identity": OF_FRAMES}),
                **write_curve(losses),
            },
        )

    def _networks(self, identity_size: int) -> tuple[Any, Any]:
        """Generator and discriminator, with random weights."""
        if self.network == "paper":
            from talkgraph.nodes.refine.paper_network import PaperDiscriminator, PaperGenerator

            made = PaperGenerator(self.width, identity_size)
            return made, PaperDiscriminator(self.discriminator_width)
        from talkgraph.nodes.refine.discriminator import Discriminator
        from talkgraph.nodes.refine.network import Generator

        compact = Generator(
            self.width,
            self.stem,
            self.levels,
            identity_size,
            residual=self.residual,
            normed=self.normed,
        )
        return compact, Discriminator(self.discriminator_width)

    def _facts(
        self, count: int, region: Region, general: OnnxModel | None, difference: float
    ) -> dict[str, str]:
        return {
            "kind": "refiner",
            "size": str(self.size),
            "region": str(region),
            "window": "RGB of frames t-2, t-1, t in [-1, 1]",
            "outputs": "colour in [-1, 1], attention in [0, 1]; o = A r + (1 - A) C",
            "network": self.network,
            "width": str(self.width),
            **({"stem": str(self.stem), "levels": str(self.levels)} if self._is_compact else {}),
            "residual": str(self.residual).lower(),
            "normed": str(self.normed).lower(),
            "trained": f"{self.steps} steps of {self.batch} on {count} frames, seed {self.seed}",
            "start": "a general refiner" if general is not None else "random weights",
            "parity": f"{difference:.1e} to PyTorch",
        }

    @property
    def _is_compact(self) -> bool:
        return self.network == "compact"

    def _check_size(self) -> None:
        if not self._is_compact:
            if self.size != SIDE or self.residual:
                raise InputError(
                    f"train_refiner: the published network has a size of {SIDE} px and no residual,"
                    f" got {self.size} and residual={str(self.residual).lower()}; set them so, or"
                    ' preset="paper"'
                )
            return
        multiple = self.stem * 2 ** (self.levels - 1)
        for name, side in (("size", self.size), ("crop", self.crop)):
            if side % multiple:
                raise InputError(
                    f"train_refiner: {name} {side} is no multiple of stem * 2^(levels - 1) ="
                    f" {multiple}; change {name}, stem or levels"
                )

    def _check_general(self, general: OnnxModel) -> None:
        open_network(general, NETWORK, node=self.node_id, port="general")
        # The weights of both kinds have the same shapes: nothing else would notice.
        if not self._is_compact:
            return
        for name in ("residual", "normed"):
            found, wanted = general.facts.get(name), str(getattr(self, name)).lower()
            if found != wanted:
                raise ModelError(
                    f"the general refiner was trained with {name}={found}, this one has {wanted};"
                    f" set {name} as in the general one"
                )
