import numpy as np
import pytest

from talkgraph.nodes.albedo.train.learn_albedo import clip_albedo, learn_albedo
from talkgraph.nodes.face_model.face_model import LIP


def test_mean_and_main_direction_are_found(model):
    random = np.random.default_rng(0)
    direction = 0.05 * np.sin(6 * model.mean_shape[:, 1:2]) * np.ones(3)
    sizes = random.normal(size=30)
    albedos = [model.mean_albedo + size * direction for size in sizes]
    learned = learn_albedo(albedos, [str(k) for k in range(30)], model)
    outer = model.region <= LIP
    middle = model.mean_albedo[outer] + np.median(sizes) * direction[outer]
    assert learned.mean_albedo == pytest.approx(middle, abs=0.02)
    first = learned.albedo_basis[:, :, 0].ravel()
    wanted = direction[: len(learned.albedo_basis)].ravel()
    wanted = wanted - wanted.mean()
    match = np.corrcoef(first, wanted)[0, 1]
    assert abs(match) > 0.98
    assert learned.albedo_basis.shape[:2] == (1790, 3) and len(learned.inner_albedo) > 500


def test_overall_tone_does_not_count_and_persons_count_once(model):
    albedos = [model.mean_albedo, model.mean_albedo * 0.5, model.mean_albedo * [1.2, 0.8, 1]]
    learned = learn_albedo(albedos, ["a", "b", "b"], model)
    spread = np.abs(learned.albedo_basis).max() if learned.albedo_basis.size else 0
    assert spread < 0.02


def test_a_clip_contributes_its_albedo(scene):
    found = clip_albedo(scene.clip, scene.fit, scene.model)
    assert found.colour.shape == scene.truth.colour.shape


def test_numbers_must_agree(model):
    with pytest.raises(ValueError, match="1 albedos but 2 persons"):
        learn_albedo([model.mean_albedo], ["a", "b"], model)
