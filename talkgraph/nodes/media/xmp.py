"""The metadata by which any program learns that a video is synthetic: XMP with IPTC's term for it.

It is plain text that anybody can add, change or take away: a word of the file about itself.
What is signed is `credentials`.
"""

from __future__ import annotations

from talkgraph.nodes.media.boxes import XMP, uuid_box
from talkgraph.nodes.values import Origin

_PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
    ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    ' xmp:CreatorTool="talkgraph" Iptc4xmpExt:DigitalSourceType="{uri}"/>'
    '</rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
)


def xmp_box(origin: Origin) -> bytes:
    """The box that goes to the end of an MP4 file (XMP part 3, section 1.1.4)."""
    return uuid_box(XMP, _PACKET.format(uri=origin.uri).encode())
