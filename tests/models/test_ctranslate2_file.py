"""The reader of weights: what is whole is read exactly, what is not is refused in one line."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from talkgraph.errors import ModelError
from talkgraph.models.ctranslate2_file import read_variables
from tests.models.speech_reference import TYPES, weights_file

VARIABLES = {
    "encoder/a/weight": np.arange(6, dtype="<f2").reshape(2, 3),
    "encoder/b": np.array([1.5, -2], "<f4"),
    "heads": np.array(6, "<i2"),
    "none": np.zeros((0, 4), "i1"),
    "kind": np.array([7], "<i4"),
}
FILE = weights_file(VARIABLES, aliases=[("x", "heads")])


def test_every_variable_is_read():
    assert {array.dtype.str for array in VARIABLES.values()} == {np.dtype(x).str for x in TYPES}
    found = read_variables(FILE)
    assert list(found) == list(VARIABLES)
    for name, array in VARIABLES.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def test_a_file_that_is_cut_anywhere_is_refused():
    for length in range(len(FILE)):
        with pytest.raises(ModelError, match="cut short"):
            read_variables(FILE[:length])


def renamed(old, new):
    return FILE.replace(old, new)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (FILE + b"\0\0", "2 bytes too many"),
        (weights_file(VARIABLES, version=5), "version 6 .found 5."),
        (b"PK\3\4" + bytes(40), "no CTranslate2 file"),
        (renamed(b"encoder/b\0", b"encoder/\xff\0"), "no text"),
        (renamed(b"heads\0\0\2", b"heads\0\0\5"), "'heads' .* unknown type 5"),
        (renamed(b"heads\0\0\2", b"heads\0\0\1"), r"'heads' .* 2 bytes for shape \[\]"),
        (renamed(b"heads\0\0", b"heads\0\x09"), "'heads' .* 9 axes"),
        (renamed(b"none\0", b"kind\0"), "'kind' twice"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(data, said):
    with pytest.raises(ModelError, match=said) as refused:
        read_variables(data)
    assert "\n" not in str(refused.value)


@settings(max_examples=300)
@given(st.integers(0, len(FILE) - 1), st.binary(min_size=1, max_size=8))
def test_damage_is_read_or_refused_and_nothing_else(at, damage):
    try:
        found = read_variables(FILE[:at] + damage + FILE[at + len(damage) :])
    except ModelError:
        return
    assert sum(array.nbytes for array in found.values()) < len(FILE)
