"""From the files that Yi et al. 2022 publish to a head that moves: as torch computes it."""

import numpy as np
import torch

from talkgraph import models
from talkgraph.nodes.audio_features import Mfcc
from talkgraph.nodes.face_model.synthetic import synthetic_fit
from talkgraph.nodes.geometry.neck import head_translation
from talkgraph.nodes.head_motion import DecodeHeadMotion, EncodeHeadMotion
from talkgraph.nodes.head_motion.pattern.networks import rows_of
from talkgraph.nodes.head_motion.pattern.poses import seen_talk
from talkgraph.nodes.head_motion.pattern.train.modules import (
    PatternEncoder,
    PatternSize,
    PoseDecoder,
)
from talkgraph.nodes.networks import LoadNetwork
from tests.nodes.head_motion.pattern.swaying import person, speech

SIZE = PatternSize(
    hidden=16, layers=3, code_layers=(16, 12), heard=8, heard_layers=3, gathered=20,
    frame_layers=(12, 8),
)  # fmt: skip


def test_whole_pickled_modules_move_a_head(tmp_path, monkeypatch):
    monkeypatch.setenv("TALKGRAPH_MODELS", str(tmp_path / "models"))
    torch.manual_seed(0)
    one = np.ones(6)
    modules = {
        "encoder": PatternEncoder(SIZE, one).eval(),
        "decoder": PoseDecoder(SIZE, one, np.ones(13)).eval(),
    }
    loaded = {}
    for name, module in modules.items():
        for buffer in ("pose_scale", "feature_scale"):  # the published modules have none
            module._buffers.pop(buffer, None)
        torch.save(module, tmp_path / f"{name}.pth")
        models.add(f"head-pattern-{name}-yi2022", tmp_path / f"{name}.pth")
        loaded[name] = LoadNetwork(name=f"head-pattern-{name}-yi2022").run()
        module.pose_scale, module.feature_scale = torch.ones(6), torch.ones(13)
    who, features = person(12.0, seed=1), Mfcc(keep_zeroth=True).run(speech(4.0))
    pattern = EncodeHeadMotion().run(who, loaded["encoder"])
    seen = seen_talk(who, None).pose
    pose = np.concatenate([seen[:, :3], head_translation(seen)], axis=1)
    with torch.no_grad():
        expected = modules["encoder"](torch.from_numpy(pose[None]).float())[0].numpy()
        rows = torch.from_numpy(rows_of(features.windows, 4))[None]
        moved = modules["decoder"](rows, torch.from_numpy(expected)[None])[0].numpy()
    np.testing.assert_allclose(pattern.vector, expected, atol=1e-5)
    made = DecodeHeadMotion().run(
        synthetic_fit(frames=100).motion, pattern, features, loaded["decoder"], who
    )
    np.testing.assert_allclose(made.rotation, moved[:, :3], atol=1e-4)
    np.testing.assert_allclose(made.translation, moved[:, 3:], atol=1e-4)
    assert loaded["decoder"].facts["licence"].startswith("university research")
