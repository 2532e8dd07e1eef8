"""Writes an untrusted photo as an upright RGB PNG of bounded size."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from talkgraph.nodes.media.decoder.opening import Refused, unknown
from talkgraph.nodes.media.kinds import AS_MP4_OR_PHOTO, AS_PHOTO, PHOTOS

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "AVIF", "GIF", "JPEG2000")
GREY = 128  # behind transparent parts
MIN_SIDE = 32  # px
_TURNS = {  # clockwise; Pillow counts the other way
    90: Image.Transpose.ROTATE_270,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}


def decode(
    path: str,
    folder: str,
    *,
    progress: Callable[[float, float], None],
    max_side: int,
    max_pixels: int,
    turn: int,
) -> dict[str, Any]:
    """Write `photo.png` into the folder.

    Args:
        turn: clockwise, beyond what the photo's own tags say, in degrees.

    Returns: width, height, notes.
    """
    formats, reads = _readable()
    Image.MAX_IMAGE_PIXELS = None  # our own cap follows, before any pixel is decoded
    try:
        with open(path, "rb") as file, Image.open(file, formats=formats) as image:
            width, height = image.size
            if width * height > max_pixels:
                raise Refused(
                    f"has {width} x {height} pixels, more than {max_pixels / 1e6:g} million",
                    "scale it down first",
                )
            if min(width, height) < MIN_SIDE:
                raise Refused(f"has only {width} x {height} pixels", "give a larger one")
            notes = []
            if max(width, height) > max_side:
                notes.append(
                    f"the photo is scaled down from {width} x {height} px to {max_side} px"
                )
            count = getattr(image, "n_frames", 1)
            if count > 1 and image.format not in ("MPO", "HEIF"):
                notes.append(f"the photo holds {count} pictures; the first is used")
            picture = _picture(image, max_side)
            if turn:
                picture = picture.transpose(_TURNS[turn])
    except UnidentifiedImageError:
        text = "is damaged, or not a photo of a known kind"
        raise unknown(path, text, reads=reads) from None
    except (SyntaxError, ValueError, EOFError, OverflowError, IndexError, KeyError) as error:
        raise unknown(path, f"is damaged ({type(error).__name__})", reads=reads) from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise unknown(path, "is cut off or damaged", reads=reads) from None
    # sRGB by now; a profile would hold the second in which it was made
    picture.save(Path(folder) / "photo.png", compress_level=1, icc_profile=None)
    return {"width": picture.width, "height": picture.height, "notes": notes}


def _readable() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Formats that can be read here, and the remedies of their kinds."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return FORMATS, (AS_PHOTO, AS_MP4_OR_PHOTO)
    register_heif_opener(thumbnails=False)
    return (*FORMATS, "HEIF"), PHOTOS


def _picture(image: Image.Image, max_side: int) -> Image.Image:
    """Upright sRGB picture without alpha, at most `max_side` px."""
    profile = image.info.get("icc_profile")
    image.draft("RGB", (max_side, max_side))  # lets JPEG decode at a fraction of its size
    picture = _eight_bits(image)
    alpha = picture.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in picture.info
    if alpha:
        picture = picture.convert("RGBA")
    elif picture.mode == "P":
        picture = picture.convert("RGB")
    if max(picture.size) > max_side:
        picture.thumbnail((max_side, max_side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    picture.getexif().update(image.getexif())
    picture = ImageOps.exif_transpose(picture)
    if alpha:
        behind = Image.new("RGBA", picture.size, (GREY, GREY, GREY, 255))
        picture = Image.alpha_composite(behind, picture).convert("RGB")
    return _to_srgb(picture, profile)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 or 32 bits as 8 bits; everything else as it is."""
    if image.mode.startswith("I;16"):
        deep = np.asarray(image, dtype=np.uint16)
        return Image.fromarray(((deep.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8))
    if image.mode in ("I", "F"):
        values = np.nan_to_num(np.asarray(image, dtype=np.float32))
        top = 1.0 if image.mode == "F" and values.max() <= 1.0 else 255.0
        top = 65535.0 if values.max() > 255.0 else top
        return Image.fromarray(np.clip(values * (255.0 / top) + 0.5, 0, 255).astype(np.uint8))
    return image.copy()


def _to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Bring wide-gamut and print colours to sRGB by the photo's own profile, if that works."""
    if profile and picture.mode in ("RGB", "CMYK", "L"):
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            converted = ImageCms.profileToProfile(
                picture,
                ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                outputMode="RGB",
            )
            if converted is not None:
                return converted
    return picture.convert("RGB")
