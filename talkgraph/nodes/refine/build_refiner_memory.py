"""Build the refiner's memory from one person's clip (Yi et al. 2020, section 3.4)."""

from __future__ import annotations

import attrs
import numpy as np

from talkgraph import engine
from talkgraph.cache.frames import Frames
from talkgraph.engine import Node, node, param
from talkgraph.errors import InputError
from talkgraph.nodes.refine.memory.bank import Bank
from talkgraph.nodes.refine.memory.spatial import SIDE, open_spatial, pooled
from talkgraph.nodes.refine.region import Region, gather
from talkgraph.nodes.signals import evenly_spread
from talkgraph.nodes.values import IdentityTrack, OnnxModel, RefinerMemory


@node("build_refiner_memory", version=1, gpu=True)
class BuildRefinerMemory(Node):
    """Learn which identity feature goes with which rendered frame, and keep the pairs.

    A layer behind a pretrained network makes the spatial feature, trained by a threshold triplet
    loss; after each step the memory meets the frame's pair: it updates the nearest one or replaces
    an old one. Differences to the paper: the pretrained network is EfficientNet-Lite0 unless the
    user brings ResNet-18, and pairs that were never filled are left out of the result.

    Example:
        >>> import numpy as np
        >>> from talkgraph.cache import Frames
        >>> from talkgraph.nodes.refine import BuildRefinerMemory
        >>> from talkgraph.nodes.refine.memory.example import tiny_spatial
        >>> from talkgraph.nodes.values import IdentityTrack
        >>> grey = Frames.from_array(np.full((3, 24, 24, 3), 128, np.uint8))
        >>> who = IdentityTrack(vectors=np.eye(3, 8, dtype=np.float32), measured=np.ones(3, bool))
        >>> memory = BuildRefinerMemory(slots=4, key_size=5, steps=6)
        >>> memory.run(grey, who, tiny_spatial()).keys.shape
        (4, 5)
    """

    slots: int = param(1000, "pairs at most (published: 30000, for many people)", ge=1)
    key_size: int = param(512, "length of the spatial feature", ge=1)
    steps: int = param(6000, "optimiser steps (published: 60 epochs of 300 frames)", ge=1)
    batch: int = param(1, "frames per step", ge=1)
    learning_rate: float = param(1e-4, "Adam's", gt=0)
    same: float = param(
        0.98, "cosine of two identity features above which they are the same", gt=-1, lt=1
    )
    margin: float = param(0.3, "of the triplet loss", ge=0)
    nearest: int = param(256, "pairs that are looked at for each query of the loss", ge=1)
    age_noise: float = param(
        4.0, "random part of an age where the oldest are looked for", unit="updates", ge=0
    )
    most_frames: int = param(600, "most frames to learn from, evenly spread", unit="frames", ge=1)
    seed: int = param(0, "of the first pairs, the layer and the order of the frames", ge=0)

    def run(
        self,
        rendered: Frames,
        identities: IdentityTrack,
        network: OnnxModel,
        general: RefinerMemory | None = None,
    ) -> RefinerMemory:
        """Build the memory.

        Args:
            rendered: composites of a clip, `[shape=(T, S, S, 3), uint8]`.
            identities: of the clip's own frames, as many.
            network: the pretrained one, `spatial-feature` or `resnet18`.
            general: a memory to start from, of the same kind of identity feature; its network and
                layer are used on.

        Raises:
            InputError: the frames do not pair up, or are not square.
            ModelError: `network` is no such network.
        """
        import torch

        from talkgraph.nodes.refine.memory.triplet import MemorySchedule, train

        self._check(rendered, identities, general)
        network = network if general is None else general.network
        session = open_spatial(network, self.node_id, "network")
        chosen = evenly_spread(len(rendered), self.most_frames)
        spatial = pooled(session, gather(rendered, chosen, SIDE, Region()))
        features = identities.vectors[chosen]
        size = self.key_size if general is None else general.keys.shape[1]
        with torch.random.fork_rng(devices=[]):  # the caller's random state is left as it was
            torch.manual_seed(self.seed)
            layer = torch.nn.Linear(spatial.shape[1], size)
        bank = Bank.empty(
            self.slots, size, features.shape[1], np.random.default_rng([self.seed, 1])
        )
        if general is not None:
            layer.load_state_dict(
                {"weight": torch.tensor(general.weight), "bias": torch.tensor(general.bias)}
            )
            self._take_over(general, bank)
        schedule = MemorySchedule(
            **{field.name: getattr(self, field.name) for field in attrs.fields(MemorySchedule)}
        )
        train(layer, bank, spatial, features, schedule, engine.progress)
        filled = bank.indices >= 0
        # The training counts frames that it was given; the memory those of the clip.
        return RefinerMemory(
            network=network,
            weight=layer.weight.detach().numpy().copy(),
            bias=layer.bias.detach().numpy().copy(),
            keys=bank.keys[filled],
            values=bank.values[filled],
            ages=bank.ages[filled],
            indices=chosen[np.minimum(bank.indices[filled], len(chosen) - 1)],
        )

    def _take_over(self, general: RefinerMemory, bank: Bank) -> None:
        """Put the youngest pairs of another memory in the place of empty ones."""
        youngest = np.argsort(general.ages, kind="stable")[: self.slots]
        at = slice(0, len(youngest))
        bank.keys[at], bank.values[at] = general.keys[youngest], general.values[youngest]
        bank.ages[at], bank.indices[at] = general.ages[youngest], general.indices[youngest]

    def _check(
        self, rendered: Frames, identities: IdentityTrack, general: RefinerMemory | None
    ) -> None:
        if len(rendered) != len(identities.vectors) or not len(rendered):
            raise InputError(
                f"build_refiner_memory got {len(rendered)} rendered frames and "
                f"{len(identities.vectors)} identity features; give those of the same clip"
            )
        if rendered.shape[2] != 3 or rendered.shape[0] != rendered.shape[1]:
            raise InputError(
                f"build_refiner_memory needs square RGB frames, got {rendered.shape}; crop the "
                "frames to the head and composite the render over its background first"
            )
        if general is not None and general.values.shape[1] != identities.vectors.shape[1]:
            raise InputError(
                f"build_refiner_memory: the general memory holds identity features of length "
                f"{general.values.shape[1]}, those of the clip have {identities.vectors.shape[1]}; "
                "describe the clip with the network that the memory was made with"
            )
