"""Praat's TextGrid in its text forms, and what is said of one that holds no phones."""

import pytest

from talkgraph.errors import InputError
from talkgraph.nodes.evaluate import ReadPhones
from talkgraph.nodes.evaluate.phones import phones_of

LONG = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 0.5
tiers? <exists>
size = 3
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 0.5
        intervals: size = 1
        intervals [1]:
            xmin = 0
            xmax = 0.5
            text = "say ""me"" 2 m"
    item [2]:
        class = "TextTier"
        name = "clicks"
        xmin = 0
        xmax = 0.5
        points: size = 1
        points [1]:
            number = 0.25
            mark = "m"
    item [3]:
        class = "IntervalTier"
        name = "anna - phones"
        xmin = 0
        xmax = 0.5
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.125
            text = "m"
        intervals [2]:
            xmin = 0.125
            xmax = 0.25
            text = ""
        intervals [3]:
            xmin = 0.25
            xmax = 5e-1
            text = "IY1"
"""
SHORT = """File type = "ooTextFile"
"TextGrid"

0
0.5
<exists>
1
"IntervalTier"
"{name}"
0
0.5
2
0
0.25
"b\u0325"
0.25
0.5
"a"
"""


def test_the_tier_of_phones_of_the_long_form_without_its_silence():
    found = phones_of(LONG)
    assert (found.symbols, found.starts, found.stops) == (["m", "IY1"], [0, 0.25], [0.125, 0.5])


def test_the_short_form_in_the_encoding_that_praat_gives_it(tmp_path):
    """A tier alone may be called as it likes."""
    path = tmp_path / "a.TextGrid"
    for name, encoding in (("phones", "utf-16"), ("whatever", "utf-16-be"), ("x", "utf-8")):
        text = SHORT.format(name=name)
        path.write_bytes(("\ufeff" + text if encoding == "utf-16-be" else text).encode(encoding))
        found = ReadPhones().run(path)
        assert (found.symbols, found.starts, found.stops) == (
            ["b\u0325", "a"],
            [0, 0.25],
            [0.25, 0.5],
        )


@pytest.mark.parametrize("cut", [40, 200, 700, len(LONG) - 20])
def test_a_cut_file_is_refused(cut):
    with pytest.raises(InputError, match="no whole TextGrid; save it again with Praat"):
        phones_of(LONG[:cut])


def test_tiers_among_which_none_is_of_phones_are_named():
    other = LONG.replace("anna - phones", "anna")
    with pytest.raises(InputError, match=r"has the tiers 'words', 'anna'; call the one with the"):
        phones_of(other)
    with pytest.raises(InputError, match="and no other"):
        phones_of(LONG.replace('"words"', '"phones of bert"'))


def test_tiers_without_phones():
    empty = SHORT.format(name="phones").replace("b\u0325", "").replace('"a"', '" "')
    with pytest.raises(InputError, match="holds no phones"):
        phones_of(empty)
