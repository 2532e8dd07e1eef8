"""Train the refiner of one person on their own clip (Yi et al. 2020, sections 3.4 and 4.1).

Where the defaults leave the paper, why, and what that was measured to do: `train_refiner.md`.
"""

from __future__ import annotations

from talkgraph import engine
from talkgraph.cache.files import File
from talkgraph.cache.frames import Frames
from talkgraph.engine import Node, node, param
from talkgraph.errors import InputError, ModelError
from talkgraph.models.sessions import current_device, open_network
from talkgraph.nodes.refine.pairs import check_pairs, training_pairs
from talkgraph.nodes.refine.refine import NETWORK
from talkgraph.nodes.refine.region import Region, face_region
from talkgraph.nodes.refine.schedule import Schedule
from talkgraph.nodes.training.curve import write_curve
from talkgraph.nodes.values import FaceTrack, IdentityFeature, OnnxModel


@node("train_refiner", version=1, gpu=True)
class TrainRefiner(Node):
    """Learn to turn rendered frames of a person into real ones, from paired frames of a clip.

    Example:
        >>> import numpy as np
        >>> real = Frames.from_array(np.full((3, 24, 24, 3), 128, np.uint8))
        >>> somebody = IdentityFeature(vector=np.full(128, 0.1, np.float32))
        >>> tiny = TrainRefiner(size=24, width=4, stem=1, levels=2, discriminator_width=4, steps=1)
        >>> tiny.run(real, real, somebody).facts["trained"]
        '1 steps of 1 on 3 frames, seed 0'
    """

    size: int = param(256, "work resolution; frames are resized to it", unit="px", ge=24)
    width: int = param(32, "channels of the generator's top level (64 in the paper's net)", ge=4)
    stem: int = param(
        4, "the stem folds stem x stem px into channels (paper: 1)", choices=(1, 2, 4, 8)
    )
    levels: int = param(5, "resolutions of the U-Net (8 in the paper's net)", ge=2, le=9)
    discriminator_width: int = param(16, "channels of PatchGAN's first layer (usually 64)", ge=4)
    steps: int = param(6000, "optimiser steps (paper: 60 epochs of 300 frames = 18000)", ge=1)
    batch: int = param(1, "windows per step", ge=1)
    learning_rate: float = param(2e-4, "Adam's, for the first half of the steps", gt=0)
    beta1: float = param(0.5, "Adam's first-moment decay", ge=0, lt=1)
    final_rate: float = param(0.1, "share of the learning rate left at the end", ge=0, le=1)
    l1_weight: float = param(100.0, "λ1 of eq. (4), colour difference", ge=0)
    residual: bool = param(
        True, "the colour mask changes the rendered frame (paper: False, made from nothing)"
    )
    attention_weight: float = param(
        0.0, "λ2 of eq. (4), mean of the attention mask (paper: 2, see train_refiner.md)", ge=0
    )
    smoothness_weight: float = param(1e-5, "λ3 of eq. (4), roughness of the attention mask", ge=0)
    mouth_weight: float = param(
        4.0, "extra colour difference weight at the mouth; an addition to the paper", ge=0
    )
    eye_weight: float = param(
        1.0, "extra colour difference weight at the eyes; an addition to the paper", ge=0
    )
    detail_margin: float = param(
        1.8, "where that extra weight ends", unit="half sizes of lips and eyes", gt=1
    )
    goal: str = param(
        "mouth",
        "what is to become real, the goal elsewhere being the rendered frame; an addition to the"
        " paper, where it is the whole frame",
        choices=("mouth", "face", "frame"),
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
        0.998,
        "per-step decay of the running mean of the weights that is kept; 0: the last",
        ge=0,
        lt=1,
    )
    brightness: float = param(0.1, "training light varies by this share", ge=0, lt=1)
    shift: float = param(
        0.06, "training pictures are moved by up to this much", unit="picture sides", ge=0, le=0.5
    )
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
    ) -> OnnxModel:
        """Train on rendered frame t-2, t-1, t against real frame t.

        Args:
            rendered: composites, `[shape=(T, S, S, 3), uint8]`, over the clip's own backgrounds.
            real: the clip's frames, the same count and size.
            identity: the person's feature, given to the generator through AdaIN.
            track: of the clip: where the face, mouth and eyes are. Without it the network sees
                whole frames, and all pixels count alike.
            general: a refiner of the same architecture to start from (section 4.1).

        Returns:
            The generator; see `export.export` for its inputs and outputs. Nothing is kept of a
            training that is cut off.

        Raises:
            InputError: if the frames do not pair up, or the work size does not suit the net.
            ModelError: if `general` is of another architecture.
        """
        import torch

        from talkgraph.nodes.refine.adversarial import fit
        from talkgraph.nodes.refine.discriminator import Discriminator
        from talkgraph.nodes.refine.export import export, load_weights
        from talkgraph.nodes.refine.network import Generator

        check_pairs(rendered, real, track)
        self._check_size()
        region = Region()
        if track is not None and self.region_margin >= 0:
            region = face_region(track, self.region_margin)
        pairs = training_pairs(
            rendered,
            real,
            identity,
            track,
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
                generator = Generator(
                    self.width,
                    self.stem,
                    self.levels,
                    len(identity.vector),
                    residual=self.residual,
                )
                discriminator = Discriminator(self.discriminator_width)
            if general is not None:
                self._check_general(general)
                load_weights(generator, general.file.path)
            losses: list[float] = []
            fit(generator, discriminator, pairs, Schedule.of(self), device, losses)
        finally:
            torch.set_num_threads(threads)
        path = engine.scratch_folder() / "refiner.onnx"
        difference = export(generator, path, self.size, len(identity.vector))
        return OnnxModel(
            file=File(path),
            facts={
                **self._facts(len(pairs.real), region, general, difference),
                **write_curve(losses),
            },
        )

    def _facts(
        self, count: int, region: Region, general: OnnxModel | None, difference: float
    ) -> dict[str, str]:
        return {
            "kind": "refiner",
            "size": str(self.size),
            "region": str(region),
            "window": "RGB of frames t-2, t-1, t in [-1, 1]",
            "outputs": "colour in [-1, 1], attention in [0, 1]; o = A r + (1 - A) C",
            "width": str(self.width),
            "stem": str(self.stem),
            "levels": str(self.levels),
            "residual": str(self.residual).lower(),
            "trained": f"{self.steps} steps of {self.batch} on {count} frames, seed {self.seed}",
            "start": "a general refiner" if general is not None else "random weights",
            "parity": f"{difference:.1e} to PyTorch",
        }

    def _check_size(self) -> None:
        multiple = self.stem * 2 ** (self.levels - 1)
        if self.size % multiple:
            raise InputError(
                f"train_refiner: size {self.size} is no multiple of stem * 2^(levels - 1) ="
                f" {multiple}; change size, stem or levels"
            )

    def _check_general(self, general: OnnxModel) -> None:
        open_network(general, NETWORK, node=self.node_id, port="general")
        # The weights of both kinds have the same shapes: nothing else would notice.
        residual = general.facts.get("residual")
        if residual != str(self.residual).lower():
            raise ModelError(
                f"the general refiner was trained with residual={residual}, this one has"
                f" {str(self.residual).lower()}; set residual as in the general one"
            )
