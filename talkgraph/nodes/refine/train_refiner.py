"""Train the refiner of one person on their own clip (Yi et al. 2020, sections 3.4 and 4.1).

Where the defaults leave the paper, and why
-------------------------------------------
The paper renders a smooth albedo over the frame's own background. Here the render has the clip's
own texture, and the backgrounds of the training pairs are other frames of the clip, bent to the
pose, so that no pair fits to the pixel. A per-pixel loss then prefers a blur to any detail.

residual, attention_weight   The colour mask starts from the rendered frame, and λ2 is 0: λ2 = 2
                             keeps A from saturating at 1, which then does no harm, and drives it
                             to 0 everywhere instead.
goal                         Only mouth and what is next to it are to become real. Gaze and lids
                             cannot be told from the render: with the whole face as the goal, a
                             clip with much head motion got eyes that fall apart, though every
                             figure below improved. Skin has the clip's own texture already.
shift                        A clip shows few head positions; without it the face doubles in new
                             ones.
feature_weight, averaging    Steadier texture for the same number of steps.

Measured on the held-out last third of two clips (330 frames each; real composites at 416 px over
displaced backgrounds, compared in the box of the face and of the mouth; PSNR dB / SSIM /
sharpness, where 1 is the real frame's), all after one seed, and with goal = "face":

                                              face                  mouth
    clip A, unrefined                    23.7 / .786 / 0.67    23.2 / .713 / 0.71
    clip A, refined, 2500 steps          25.0 / .800 / 0.89    25.5 / .746 / 0.96
    clip B, unrefined                    26.4 / .875 / 0.66    26.6 / .836 / 0.92
    clip B, refined, 2500 steps          26.5 / .861 / 0.77    27.8 / .815 / 1.06

Read them with care: settings were chosen in about 13 runs on clip A's own held-out third (clip
B was not used for choosing), SSIM fell on clip B, and on clip A the eyes got worse to look at
while all figures rose. benchmarks/RESULTS.md has the figures of the default, goal = "mouth".

On clip A at 256 px (other boxes; compare only with each other):

    unrefined                            23.9 / .776 / 0.77    23.0 / .702 / 0.77
    colour mask from nothing, λ2 = 2,
      goal the whole frame, 1200 steps   25.1 / .810 / 0.51    25.9 / .785 / 0.53   (a blur)
    residual, λ2 = 2, 3000 steps         25.2 / .803 / 1.13    25.6 / .767 / 1.14
    defaults, 1200 steps                 25.3 / .814 / 0.85    25.2 / .770 / 0.94
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from talkgraph import engine
from talkgraph.cache.files import File
from talkgraph.cache.frames import CHUNK, Frames
from talkgraph.engine import Node, node, param
from talkgraph.errors import InputError, ModelError
from talkgraph.models.sessions import current_device, open_network
from talkgraph.nodes.face_model.face_mesh import EYE_RIMS, OUTER_LIPS
from talkgraph.nodes.refine import face_parts
from talkgraph.nodes.refine.refine import NETWORK
from talkgraph.nodes.refine.region import Region, face_region, gather
from talkgraph.nodes.refine.temporal_window import spread, window_of
from talkgraph.nodes.training.curve import write_curve
from talkgraph.nodes.values import FaceTrack, Floats, IdentityFeature, Ints, OnnxModel

if TYPE_CHECKING:
    from talkgraph.nodes.refine.adversarial import Pairs, Schedule


@node("train_refiner", version=1, gpu=True)
class TrainRefiner(Node):
    """Learn to turn rendered frames of a person into real ones, from paired frames of a clip."""

    size: int = param(256, "work resolution; frames are resized to it", unit="px", ge=16)
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
        0.0, "λ2 of eq. (4), mean of the attention mask (paper: 2, see the module's text)", ge=0
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

        self._check(rendered, real, track)
        region = Region()
        if track is not None and self.region_margin >= 0:
            region = face_region(track, self.region_margin)
        pairs = self._pairs(rendered, real, identity, track, region)
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
            fit(generator, discriminator, pairs, self._schedule(), device, losses)
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

    def _check(self, rendered: Frames, real: Frames, track: FaceTrack | None) -> None:
        if len(rendered) != len(real) or not len(real):
            raise InputError(
                f"train_refiner got {len(rendered)} rendered and {len(real)} real frames;"
                " render every frame of the clip that is trained on"
            )
        for name, frames in (("rendered", rendered), ("real", real)):
            if frames.shape[2] != 3 or frames.shape[0] != frames.shape[1]:
                raise InputError(
                    f"train_refiner needs square RGB frames, {name} has {frames.shape}; crop the"
                    " frames to the head and composite the render over its background first"
                )
        if track is not None and len(track.landmarks) != len(real):
            raise InputError(
                f"train_refiner got {len(real)} frames and {len(track.landmarks)} tracked ones;"
                " give the track of the same clip"
            )
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

    def _pairs(
        self,
        rendered: Frames,
        real: Frames,
        identity: IdentityFeature,
        track: FaceTrack | None,
        region: Region,
    ) -> Pairs:
        from talkgraph.nodes.refine.adversarial import Pairs

        targets = spread(len(real), self.most_frames)
        wanted = window_of(targets)
        needed = np.unique(wanted)
        inputs = gather(rendered, needed, self.size, region)
        goals = gather(real, targets, self.size, region)
        rows = np.searchsorted(needed, wanted)
        if track is not None and self.goal != "frame":
            for start in range(0, len(targets), CHUNK):  # in parts: floats are four times as large
                part = slice(start, start + CHUNK)
                inside = self._inside(track, targets[part], region)[..., None]
                around = inputs[rows[part, -1]]
                goals[part] = np.rint(inside * goals[part] + (1 - inside) * around)
        return Pairs(
            rendered=inputs,
            real=goals,
            windows=rows,
            weights=self._weights(track, targets, region),
            identity=identity.vector.astype(np.float32),
        )

    def _inside(self, track: FaceTrack, targets: Ints, region: Region) -> Floats:
        """Where the real frame is the goal, `[shape=(N, size, size), float32]` in [0, 1]."""
        if self.goal == "face":
            return face_parts.face_masks(track, targets, self.size, region)
        return face_parts.detail_weights(
            track, OUTER_LIPS, targets, self.size, region, self.detail_margin
        )

    def _weights(self, track: FaceTrack | None, targets: Ints, region: Region) -> Floats | None:
        if track is None or not (self.mouth_weight or self.eye_weight):
            return None
        weights = np.ones((len(targets), self.size, self.size), np.float32)
        parts = (
            (OUTER_LIPS, self.mouth_weight),
            *((e, self.eye_weight) for e in EYE_RIMS),
        )
        for outline, extra in parts:
            part = face_parts.detail_weights(
                track, outline, targets, self.size, region, self.detail_margin
            )
            weights += np.float32(extra) * part
        return weights

    def _schedule(self) -> Schedule:
        from talkgraph.nodes.refine.adversarial import Schedule

        return Schedule(
            steps=self.steps,
            batch=self.batch,
            learning_rate=self.learning_rate,
            beta1=self.beta1,
            final_rate=self.final_rate,
            l1_weight=self.l1_weight,
            attention_weight=self.attention_weight,
            smoothness_weight=self.smoothness_weight,
            feature_weight=self.feature_weight,
            averaging=self.averaging,
            brightness=self.brightness,
            shift=self.shift,
            seed=self.seed,
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
