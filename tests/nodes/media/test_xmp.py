"""Any XML reader finds that a video is synthetic."""

import xml.etree.ElementTree as ElementTree

import numpy as np

from talkgraph.cache.frames import Frames
from talkgraph.nodes.media import WriteVideo
from talkgraph.nodes.media.boxes import XMP, body_of_uuid, find_uuid
from talkgraph.nodes.values import Origin, Speech

IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"


def test_a_written_video_states_its_origin():
    sound = np.zeros(6400, np.float32)
    speech = Speech(samples=sound, rate=16000, soundtrack=sound[:, None], soundtrack_rate=16000)
    frames = Frames.from_array(np.zeros((10, 32, 32, 3), np.uint8))
    bare = WriteVideo().run(frames, speech).path.read_bytes()
    told = WriteVideo().run(frames, speech, Origin(source_type="trainedAlgorithmicMedia")).path
    assert told.read_bytes().startswith(bare)
    with told.open("rb") as file:
        text = body_of_uuid(file, find_uuid(file, XMP), 1 << 16).decode()
    (found,) = [
        one.attrib[IPTC] for one in ElementTree.fromstring(text).iter() if IPTC in one.attrib
    ]
    assert found == "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
