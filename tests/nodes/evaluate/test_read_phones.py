import pytest

from talkgraph.errors import InputError
from talkgraph.nodes.evaluate import ReadPhones
from talkgraph.nodes.evaluate.phones import phones_of
from talkgraph.nodes.evaluate.read_phones import MOST_BYTES

MFA = """Begin,End,Label,Type,Speaker
0.0,0.31,make,words,lj
0.31,0.5,me,words,lj
0.0,0.1,m,phones,lj
0.1,0.2,ej,phones,lj
0.2,0.31,k,phones,lj
"""


def test_labels_of_audacity():
    found = phones_of("0.100000\t0.180000\tM\n\\\t200\t300\n0.18\t0.3\tAH1\n\n")
    assert (found.symbols, found.starts, found.stops) == (["M", "AH1"], [0.1, 0.18], [0.18, 0.3])


def test_csv_of_the_montreal_aligner_without_its_words():
    found = phones_of(MFA)
    assert (found.symbols, found.starts) == (["m", "ej", "k"], [0.0, 0.1, 0.2])


@pytest.mark.parametrize(
    "text",
    ["0.1 0.2 M", "0.3\t0.2\tM", "nan\t1\tM", "-1\t1\tM", "a\tb\tc", "0.1\t0.2", "0\tinf\tM"],
)
def test_what_is_no_phone_is_named_with_its_line(text):
    with pytest.raises(InputError, match=r"alignment's line 2 is no phone: .*; write start, stop"):
        phones_of(f"0.0\t0.1\tm\n{text}")


def test_a_file_without_phones_or_of_bytes_is_refused(tmp_path):
    path = tmp_path / "labels.txt"
    path.write_text("\n")
    with pytest.raises(InputError, match="holds no phones"):
        ReadPhones().run(path)
    path.write_bytes(b"\xff\x00\x81")
    with pytest.raises(InputError, match="cannot be read"):
        ReadPhones().run(path)
    path.write_text("0.1\t0.2\tM\n")
    assert ReadPhones().run(path).symbols == ["M"]


def test_a_file_as_large_as_a_recording_is_refused(tmp_path):
    path = tmp_path / "labels.txt"
    lines = b"0.1\t0.2\tM\n".ljust(MOST_BYTES, b"\n")
    path.write_bytes(lines)
    assert ReadPhones().run(path).symbols == ["M"]
    path.write_bytes(lines + b"\n")
    with pytest.raises(InputError, match="larger than 8 MiB; export the phones alone"):
        ReadPhones().run(path)
