"""A code of a person's style, learned with the general network and found again from seconds.

A row of `mapping_person.py`: every person who is learned from has a code of a few numbers, which
scales and shifts the channels of the network; of somebody new the code is zero, or what the
gradient on it alone finds in their first seconds.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
import torch
from torch import Tensor, nn

from talkgraph.nodes.pose_mapping.expression_size import ExpressionSize
from talkgraph.nodes.pose_mapping.facts import MappingFacts
from talkgraph.nodes.pose_mapping.train.corpus import Target
from talkgraph.nodes.pose_mapping.train.expression_loss import ExpressionWeights
from talkgraph.nodes.pose_mapping.train.expression_training import loss_of_mouth
from talkgraph.nodes.pose_mapping.train.optimiser import Schedule, optimise
from talkgraph.nodes.pose_mapping.train.sequences import Batch, Sequences, Variation
from talkgraph.nodes.values import Floats


@attrs.frozen(kw_only=True)
class Style:
    """Settings.

    numbers: of a code.
    unknown: share of sequences whose person is not told, so that zero is a code like any other.
    pull: weight of the codes' squares.
    steps, rate: of the search for the code of somebody new.
    """

    numbers: int = 8
    unknown: float = 0.3
    pull: float = 0.01
    steps: int = 100
    rate: float = 0.05


class StyledNetwork(nn.Module):
    """`ExpressionNetwork` whose channels a code scales and shifts."""

    def __init__(self, size: ExpressionSize, people: int, style: Style) -> None:
        super().__init__()
        self.size = size
        self.codes = nn.Parameter(torch.zeros(people, style.numbers))
        self.dropout = nn.Dropout(size.dropout)
        self.hear = nn.Linear(size.rows * size.bins, size.width)
        self.blocks = nn.ModuleList(
            nn.Conv1d(size.width, size.width, size.kernel, padding=size.kernel // 2)
            for _ in range(size.blocks)
        )
        self.styles = nn.ModuleList(
            nn.Linear(style.numbers, 2 * size.width, bias=False) for _ in range(size.blocks + 1)
        )
        self.show = nn.Linear(size.width, size.expression)

    def forward(self, features: Tensor, codes: Tensor) -> Tensor:
        """`(B, T, rows, bins)` and `(B, numbers)` to `(B, T, expression)`."""
        x = nn.functional.gelu(self.hear(self.dropout(features.flatten(2)))).transpose(1, 2)
        x = _styled(x, self.styles[0](codes))
        for block, style in zip(self.blocks, self.styles[1:], strict=True):
            x = _styled(x + nn.functional.gelu(block(self.dropout(x))), style(codes))
        made: Tensor = self.show(x.transpose(1, 2))
        return made

    @torch.no_grad()
    def predict(self, features: Floats, code: Tensor) -> Floats:
        """One clip, `(T, rows, bins)` to `(T, expression)`."""
        made = self.eval()(torch.from_numpy(features)[None], code[None])[0]
        return np.asarray(made.numpy(), np.float32)


def _styled(x: Tensor, shape: Tensor) -> Tensor:
    scale, shift = shape[..., None].chunk(2, dim=1)
    return x * (1 + scale) + shift


class _Told(Sequences):
    """Sequences, and the number of the target that each comes from."""

    def draw_told(self, random: np.random.Generator) -> tuple[Batch, list[int]]:
        chosen = random.choice(len(self.targets), self.variation.batch, p=self.chance)
        parts = [self._sequence(self.targets[index], random) for index in chosen]
        stacked = [torch.from_numpy(np.stack(part)) for part in zip(*parts, strict=True)]
        names = (field.name for field in attrs.fields(Batch))
        return Batch(**dict(zip(names, stacked, strict=True))), [int(index) for index in chosen]


def train_styled(
    targets: Sequence[Target],
    facts: MappingFacts,
    size: ExpressionSize,
    schedule: Schedule,
    *,
    style: Style,
    seed: int,
) -> StyledNetwork:
    """The network and the codes of all people."""
    people = sorted({target.example.person for target in targets})
    whose = [people.index(target.example.person) for target in targets]
    sequences = _Told(list(targets), Variation())
    loss = loss_of_mouth(facts, ExpressionWeights())
    torch.manual_seed(seed)
    network = StyledNetwork(size, len(people), style)
    nn.init.normal_(network.codes, std=0.1)

    def loss_of_batch(random: np.random.Generator) -> Tensor:
        batch, chosen = sequences.draw_told(random)
        told = torch.from_numpy((random.random(len(chosen)) >= style.unknown).astype(np.float32))
        codes = network.codes[[whose[index] for index in chosen]] * told[:, None]
        return loss(network(batch.features, codes), batch) + style.pull * (codes**2).mean()

    return optimise(network, loss_of_batch, schedule, seed=seed)


def code_of(
    network: StyledNetwork, target: Target, facts: MappingFacts, *, style: Style, seed: int
) -> Tensor:
    """The code that the gradient on it alone finds for a stretch of somebody new."""
    sequences = Sequences([target], Variation(frames=50))
    loss = loss_of_mouth(facts, ExpressionWeights())
    random = np.random.default_rng(seed)
    torch.manual_seed(seed)
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    network.eval()
    code = torch.zeros(1, style.numbers, requires_grad=True)
    search = torch.optim.Adam([code], lr=style.rate)
    for _ in range(style.steps):
        batch = sequences.draw(random)
        codes = code.expand(len(batch.features), -1)
        found = loss(network(batch.features, codes), batch) + style.pull * (code**2).mean()
        search.zero_grad()
        found.backward()  # type: ignore[no-untyped-call]
        search.step()
    return code.detach()[0]
