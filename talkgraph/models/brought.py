"""The named models that the user brings: nobody may pass them on, or they have no fixed content."""

from __future__ import annotations

from talkgraph.models.asset import Asset
from talkgraph.models.conversions import as_brought, from_checkpoint
from talkgraph.models.sources import UserFile


def _published(name: str, purpose: str, file: str, year: int, build: str, of: str) -> Asset:
    """A network of Yi et al., made by a function of a module of `talkgraph.models`."""
    return Asset(
        name=name,
        purpose=purpose,
        licence="university research (Yi et al.: patented)",
        source=UserFile(
            f"take {file} of Yi et al. {year}, then `models.add('{name}', 'FILE.pth')`",
            convert=from_checkpoint(of, build),
        ),
        parts=(),
        convert=as_brought,
    )


BROUGHT: tuple[Asset, ...] = (
    Asset(
        name="arcface",
        purpose="identity feature of 512 numbers, as Yi et al. 2020 use in section 3.4",
        licence="non-commercial research (InsightFace)",
        source=UserFile(
            "export ArcFace to ONNX (input N x 3 x 112 x 112), or take w600k_r50.onnx from "
            "InsightFace's buffalo_l package, then "
            "`models.add('arcface', 'FILE.onnx')`"
        ),
        parts=(),
        convert=as_brought,
    ),
    _published(
        "yi2020-audio2coeff",
        "speech to the coefficients of BFM 2009, eq. (1), as Yi et al. 2020 publish it",
        "atcnet_lstm_general.pth",
        2020,
        "build",
        of="published.audio2coeff_2020",
    ),
    _published(
        "yi2020-generator",
        "the refiner of section 3.4, as Yi et al. 2020 publish it",
        "0_net_G.pth",
        2020,
        "build",
        of="published.generator_2020",
    ),
    _published(
        "yi2020-discriminator",
        "its discriminator, from which training goes on",
        "0_net_D.pth",
        2020,
        "build",
        of="published.discriminator_2020",
    ),
    _published(
        "yi2020-memory",
        "its memory: pairs of spatial and identity feature, and the ResNet-18",
        "0_net_mem.pth",
        2020,
        "build",
        of="published.memory_2020",
    ),
    _published(
        "yi2022-generator",
        "the refiner as Yi et al. 2022 publish it",
        "0_net_G.pth (folder seq_p2p)",
        2022,
        "build",
        of="published.generator_2022",
    ),
    _published(
        "head-pattern-encoder-yi2022",
        "motion behaviour pattern from head motion, as Yi et al. 2022 publish it",
        "latest_iddNet.pth",
        2022,
        "published_encoder",
        of="head_pattern",
    ),
    _published(
        "head-pattern-decoder-yi2022",
        "head motion from that pattern and speech, as Yi et al. 2022 publish it",
        "latest_cttMotionNet.pth",
        2022,
        "published_decoder",
        of="head_pattern",
    ),
    Asset(
        name="resnet18",
        purpose="ResNet-18's pool5, the paper's spatial feature for the refiner's memory",
        licence="BSD-3-Clause (torchvision)",
        source=UserFile(
            "take torchvision's resnet18-f37072fd.pth, then `models.add('resnet18', 'FILE.pth')`",
            convert=from_checkpoint("spatial_feature", "resnet18"),
        ),
        parts=(),
        convert=as_brought,
    ),
    Asset(
        name="face-reconstruction",
        purpose="ResNet-50 that regresses the 257 coefficients of BFM 2009 (Deng et al. 2019)",
        licence="research only; needs the Basel Face Model's licence",
        source=UserFile(
            "take the checkpoint of Deng et al. (Deep3DFaceRecon_pytorch, epoch_20.pth) and "
            "run: python -m talkgraph.nodes.face_fit.regression.reconstruction_network "
            "epoch_20.pth FILE.onnx, then `models.add('face-reconstruction', 'FILE.onnx')`"
        ),
        parts=(),
        convert=as_brought,
    ),
)
