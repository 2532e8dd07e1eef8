"""No decoder is brought down, neither by the finds of the past nor by a few new inputs."""

import pytest

from .decoders import DECODERS
from .fuzzing import Decoder, fuzz, kept, replay

FEW = {"face_models": 10, "downloads": 60, "records": 10, "memos": 10, "lines": 10, "exports": 30}


@pytest.mark.parametrize("decoder", DECODERS, ids=lambda one: one.name)
def test_what_was_found_once_is_survived(decoder):
    assert [find.what for find in replay(decoder, kept(decoder))] == []


@pytest.mark.parametrize("decoder", DECODERS, ids=lambda one: one.name)
def test_new_inputs_are_survived(decoder):
    done, finds = fuzz(decoder, count=FEW.get(decoder.name, 120), seed=7)
    assert done and [find.what for find in finds] == []


def _frail(data, folder):
    if data.startswith(b"crash"):
        import os

        os.abort()
    if data.startswith(b"raise"):
        raise KeyError("x")


def test_the_fuzzer_sees_crashes_and_errors_and_goes_on():
    frail = Decoder("frail", lambda folder: [b""], _frail)
    inputs = [b"", b"crash", b"raise", b"raise", b"", b"crash 2"]
    said = [find.what for find in replay(frail, inputs)]
    assert len(said) == 3 and sum("ends the process (signal 6)" in text for text in said) == 2
    assert any("KeyError" in text for text in said)


def test_the_fuzzer_finds_what_is_there():
    frail = Decoder("frail", lambda folder: [b"crasi", b"raisd"], _frail)
    _, finds = fuzz(frail, count=20_000, seed=1)
    assert any("KeyError" in find.what for find in finds)
    assert any("ends the process" in find.what for find in finds)
