"""The benchmark of speech to mouth: its rows and their parts; its figures are not judged."""

import json
import sys

import numpy as np
import pytest

from tests.places import ROOT

BENCHMARKS = ROOT / "benchmarks"


@pytest.fixture(autouse=True)
def beside(monkeypatch):
    """Benchmarks import what lies beside them."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def test_a_changed_copy_is_as_long_and_the_same_each_time():
    from changed_sound import changed

    sound = np.sin(np.arange(16000) / 20).astype(np.float32) / 2
    copies = [changed(sound, 16000, seed) for seed in range(1, 9)]
    for seed, copy in enumerate(copies, 1):
        assert copy.shape == sound.shape and copy.dtype == np.float32
        assert np.isfinite(copy).all() and np.abs(copy).max() <= 1
        assert np.array_equal(copy, changed(sound, 16000, seed))
    assert len({copy.tobytes() for copy in copies}) == 8


def test_rows_of_the_lips_sum_to_the_distance_of_their_vertices():
    from mapping_rows import lips_of

    from talkgraph.nodes.face_model import LoadFaceModel
    from talkgraph.nodes.face_model.face_model import LIP

    model = LoadFaceModel().run()
    change = np.random.default_rng(0).standard_normal(64).astype(np.float32)
    moved = model.expression_basis[model.region == LIP] @ change
    assert (lips_of(model) @ change @ (lips_of(model) @ change)) == pytest.approx(
        float((moved.astype(np.float64) ** 2).sum()), rel=1e-4
    )


def test_without_codes_a_styled_network_is_the_plain_one():
    import torch
    from mapping_style import Style, StyledNetwork

    from talkgraph.nodes.pose_mapping.expression_network import ExpressionNetwork
    from talkgraph.nodes.pose_mapping.expression_size import ExpressionSize

    size = ExpressionSize(bins=6, width=8)
    styled, plain = StyledNetwork(size, 3, Style()).eval(), ExpressionNetwork(size).eval()
    plain.load_state_dict({name: styled.state_dict()[name] for name in plain.state_dict()})
    heard = torch.randn(2, 9, 1, 6)
    with torch.no_grad():
        made = styled(heard, torch.zeros(2, Style().numbers))
        assert torch.allclose(made, plain(heard), atol=1e-6)


def test_rows_are_made_once_and_make_a_table(tmp_path, monkeypatch, capsys):
    import mapping
    import table

    from talkgraph.cli.train.fits import fit_path, write_fit
    from talkgraph.nodes.face_model import LoadFaceModel
    from tests.cli.test_train_fits import clip, talking

    name = LoadFaceModel().run().name
    for seed, who in enumerate("abcdef"):
        one = talking(clip(seed, who=who), seed)
        write_fit(fit_path(tmp_path / "fits", who, one.name), one, name)
    monkeypatch.setattr(mapping, "MIN_CORRELATION", -1.0)  # these lips follow nothing
    known = tmp_path / "known.json"
    known.write_text(json.dumps({"left_out": ["clip_5"], "not_english": {"clip_0": "German"}}))
    output = tmp_path / "mapping.json"
    command = ["mapping.py", "--fits", str(tmp_path / "fits"), "--store", str(tmp_path / "store"),
               "--known", str(known), "--steps", "2", "-o", str(output), "--rows"]  # fmt: skip
    for rows in (["MFCC", "tiny.en, block 1"], ["MFCC", "with lip vertices"]):
        monkeypatch.setattr(sys, "argv", [*command, *rows])
        assert mapping.main() == 0
    said = capsys.readouterr().err
    assert "tiny.en, block 1: needs --whisper FILE" in said and "MFCC: is there" in said
    report = json.loads(output.read_text())
    assert (report["clips"], list(report["mapping"])) == (5, ["MFCC", "with lip vertices"])
    assert set(report["mapping"]["MFCC"]) >= {"opening", "within", "worst", "not_english"}
    monkeypatch.setattr(sys, "argv", ["table.py", str(output)])
    assert table.main() == 0
    assert "| with lip vertices |" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", [*command, "MFCC", "--seed", "1"])
    with pytest.raises(SystemExit, match="of other clips or another protocol"):
        mapping.main()
