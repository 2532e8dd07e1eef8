"""Which kind of file somebody gave, by its first bytes: to say so, and what to give instead."""

from __future__ import annotations

import attrs

HEAD = 512  # bytes that are looked at
LETTER = 4  # bytes of the longest one

AS_VIDEO = "give it as `video`"
AS_PHOTO = "give it as `photo`"
AS_AUDIO = "give it as `audio`"
AS_HEIC_PHOTO = (
    "give it as `photo` after pip install 'talkgraph[heic]', or export it as JPEG first (on an"
    " iPhone: Settings, Camera, Formats, Most Compatible; or send it by mail)"
)
AS_MP4_OR_PHOTO = "turn it into an MP4 (H.264), or give it as `photo` for its first picture"
PHOTOS = (AS_PHOTO, AS_HEIC_PHOTO, AS_MP4_OR_PHOTO)
_JPEG = "open it and export it as JPEG first"
_MP4 = "open it in its own program and export it as MP4 (H.264, AAC) first"
_FILE = "give the file itself, downloaded and unpacked"


@attrs.frozen
class Kind:
    """name: with its article, after "the video is".   remedy: what to do with such a file."""

    name: str
    remedy: str


# What the first bytes are, in the order in which they are tried.
_SIGNS: tuple[tuple[int, bytes, Kind], ...] = (
    (0, b"\xff\xd8\xff", Kind("a JPEG photo", AS_PHOTO)),
    (0, b"\x89PNG\r\n\x1a\n", Kind("a PNG picture", AS_PHOTO)),
    (0, b"BM", Kind("a BMP picture", AS_PHOTO)),
    (30, b"ANIM", Kind("an animated WebP picture", AS_MP4_OR_PHOTO)),
    (8, b"WEBP", Kind("a WebP picture", AS_PHOTO)),
    (0, b"GIF8", Kind("a GIF picture", AS_PHOTO)),
    (4, b"ftypavif", Kind("an AVIF picture", AS_PHOTO)),
    (4, b"ftypavis", Kind("an animated AVIF picture", AS_MP4_OR_PHOTO)),
    (0, b"\x00\x00\x00\x0cjP  \r\n", Kind("a JPEG 2000 picture", AS_PHOTO)),
    (0, b"\xff\x0a", Kind("a JPEG XL picture", _JPEG)),
    (0, b"\x00\x00\x00\x0cJXL ", Kind("a JPEG XL picture", _JPEG)),
    *(
        (4, b"ftyp" + brand, Kind("a HEIC photo", AS_HEIC_PHOTO))
        for brand in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")
    ),
    (4, b"ftypcrx", Kind("a raw photo of a camera", _JPEG)),
    (0, b"FUJIFILMCCD-RAW", Kind("a raw photo of a camera", _JPEG)),
    (8, b"CR\x02", Kind("a raw photo of a camera", _JPEG)),
    (0, b"II*\x00", Kind("a TIFF picture", AS_PHOTO)),
    (0, b"MM\x00*", Kind("a TIFF picture", AS_PHOTO)),
    (0, b"8BPS", Kind("a Photoshop picture", _JPEG)),
    (0, b"%!PS", Kind("a PostScript drawing", _JPEG)),
    (0, b"gimp xcf", Kind("a GIMP picture", _JPEG)),
    (4, b"ftyp", Kind("a video or a sound in an MP4 file", AS_VIDEO)),
    (4, b"moov", Kind("a QuickTime video", AS_VIDEO)),
    (0, b"\x1aE\xdf\xa3", Kind("a Matroska or WebM video", AS_VIDEO)),
    (8, b"AVI ", Kind("an AVI video", AS_VIDEO)),
    (0, b"FLV\x01", Kind("a Flash video", AS_VIDEO)),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Kind("a Windows Media file", AS_VIDEO)),
    (0, b"\x00\x00\x01\xba", Kind("an MPEG video", AS_VIDEO)),
    (0, b".RMF", Kind("a RealMedia file", _MP4)),
    (8, b"WAVE", Kind("a WAV recording", AS_AUDIO)),
    (0, b"fLaC", Kind("a FLAC recording", AS_AUDIO)),
    (0, b"OggS", Kind("an Ogg recording", AS_AUDIO)),
    (0, b"ID3", Kind("an MP3 recording", AS_AUDIO)),
    (0, b"FORM", Kind("an AIFF recording", AS_AUDIO)),
    (0, b"caff", Kind("a Core Audio recording", AS_AUDIO)),
    (0, b"#!AMR", Kind("an AMR recording", AS_AUDIO)),
    (0, b"MThd", Kind("a MIDI file, which holds notes and no sound", "give a recording of it")),
    (0, b"%PDF", Kind("a PDF document", "give the file that it shows")),
    (0, b"PK\x03\x04", Kind("a ZIP archive or a document", _FILE)),
    (0, b"Rar!", Kind("a RAR archive", _FILE)),
    (0, b"7z\xbc\xaf\x27\x1c", Kind("a 7-Zip archive", _FILE)),
    (0, b"\x1f\x8b", Kind("a gzip archive", _FILE)),
    (0, b"d8:announce", Kind("a torrent", _FILE)),
    (0, b"bplist", Kind("a shortcut of the system", _FILE)),
    (0, b"#EXTM3U", Kind("a playlist, which only names other files", _FILE)),
    (0, b"[playlist]", Kind("a playlist, which only names other files", _FILE)),
    (0, b"version https://git-lfs", Kind("a Git LFS pointer, not the file itself", "git lfs pull")),
)  # fmt: skip
_PLAIN_TEXT = Kind("a text, not a recording or a picture", _FILE)
_TEXTS = (
    (b"<svg", Kind("an SVG drawing", _JPEG)),
    (b"<!doctype html", Kind("a web page", _FILE)),
    (b"<html", Kind("a web page", _FILE)),
    (b"<mpd", Kind("a playlist, which only names other files", _FILE)),
)


def kind_of(path: str) -> Kind | None:
    """The kind of file at `path`, None where its first bytes tell none."""
    with open(path, "rb") as file:
        head = file.read(HEAD)
    for at, sign, kind in _SIGNS:
        if head[at : at + len(sign)] == sign:
            return kind
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for sign, kind in _TEXTS:
        if sign in text and b"<" in text[:5]:
            return kind
    return _PLAIN_TEXT if _is_text(head) else None


def _is_text(head: bytes) -> bool:
    """Whether these are letters and line ends alone, as UTF-8 but for a letter cut in two."""
    letters = head.decode("utf-8", errors="ignore")
    whole = len(head) - len(letters.encode()) < LETTER
    return whole and all(letter.isprintable() or letter in "\t\r\n\f" for letter in letters)
