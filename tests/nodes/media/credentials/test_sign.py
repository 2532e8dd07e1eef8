"""Signing and reading: what is said comes back, and no byte changes unnoticed."""

import json
import socket

import av
import numpy as np
import pytest

from talkgraph.cache.frames import Frames
from talkgraph.errors import InputError
from talkgraph.nodes.media import WriteVideo, credentials_of
from talkgraph.nodes.media.credentials import manifest, read_identity, sign
from talkgraph.nodes.values import Origin, Speech
from tests.nodes.media.credentials.certificates import written

ORIGIN = Origin(source_type="compositeWithTrainedAlgorithmicMedia")


@pytest.fixture(scope="module")
def video():
    sound = np.sin(np.arange(16000) / 9).astype(np.float32)
    speech = Speech(samples=sound, rate=16000, soundtrack=sound[:, None], soundtrack_rate=16000)
    frames = np.random.default_rng(0).integers(0, 255, (25, 48, 64, 3), dtype=np.uint8)
    return WriteVideo().run(Frames.from_array(frames), speech, ORIGIN).path


@pytest.fixture
def signed(tmp_path, video):
    chain, key, _ = written(tmp_path)
    claim = manifest("talk.mp4", ORIGIN, watermarked=True, provenance=None)
    sign(video, tmp_path / "talk.mp4", claim, read_identity(chain, key))
    return tmp_path / "talk.mp4"


def packets(path):
    with av.open(str(path)) as container:
        return [(p.stream.index, p.pts, bytes(p)) for p in container.demux() if p.size]


def test_what_is_claimed_comes_back(signed, video):
    found = credentials_of(signed)
    assert (found.state, found.problems, found.ours) == ("intact", (), True)
    assert found.source_type == ORIGIN.source_type
    assert (found.signer, found.issuer, found.trusted) == ("Anna", "Tests", False)
    assert packets(signed) == packets(video)
    data = signed.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")  # still plays while it loads
    assert b"c2pa.watermarked" in data


def test_a_root_vouches_for_a_signer(signed, tmp_path):
    assert credentials_of(signed, (tmp_path / "root.pem").read_bytes()).trusted
    (tmp_path / "b").mkdir()
    _, _, other = written(tmp_path / "b")
    assert not credentials_of(signed, other.read_bytes()).trusted


@pytest.mark.parametrize("place", ["mdat", "moov", "digitalsourcetype", "softwareAgent", "end"])
def test_a_changed_byte_is_noticed(signed, place):
    data = bytearray(signed.read_bytes())
    at = len(data) - 9 if place == "end" else data.index(place.encode()) + 20
    data[at] ^= 1
    signed.write_bytes(data)
    assert credentials_of(signed).state == "altered" and credentials_of(signed).problems


def test_more_bytes_and_fewer_are_noticed(signed):
    data = signed.read_bytes()
    for other in (data + b"\0\0\0\x18uuid" + bytes(16), data[:-40]):
        signed.write_bytes(other)
        assert credentials_of(signed).state == "altered"


def test_unsigned_files_and_others_have_none(tmp_path, video):
    assert credentials_of(video).state == "none"
    for data in (b"", b"ftyp", b"\0" * 100, b"RIFF....WAVE", b"\0\0\0\x08ftyp\xff\xff\xff\xffuuid"):
        (tmp_path / "x").write_bytes(data)
        assert credentials_of(tmp_path / "x").state == "none"


def test_no_time_stamp_is_a_line(tmp_path, video):
    chain, key, _ = written(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        with pytest.raises(InputError, match="gives no time stamp") as caught:
            claim = manifest("x.mp4", ORIGIN, watermarked=False, provenance=None)
            sign(video, tmp_path / "x.mp4", claim, read_identity(chain, key), url)
    assert url in str(caught.value) and "\n" not in str(caught.value)


def test_the_claim_is_json_without_secrets():
    text = json.dumps(manifest("x.mp4", ORIGIN, watermarked=False, provenance=None))
    assert "watermarked" not in text and "ingredients" in text
