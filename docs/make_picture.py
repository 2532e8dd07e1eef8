"""Make docs/picture.png: a photo and a speech go in, a talking video comes out.

    python docs/make_picture.py

Left the public-domain photo and the speech that `make talk` uses, then what two stages see (the
rendered face; the landmarks of the fit), and frames of the video.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from talkgraph.cli import samples
from talkgraph.engine import Result
from talkgraph.graphs import photo
from talkgraph.nodes.footage import open_footage
from talkgraph.nodes.geometry.camera import point_in_camera, project
from talkgraph.nodes.values import Footage

SIDE = 256
FRAMES = (12, 24, 45, 66, 84, 105)


def main() -> None:
    """Run the photo graph and draw the sheet."""
    result = photo.graph().run({"audio": samples.speech(), "photo": samples.photo()})
    footage: Footage = result["footage"]
    crop = result["clip"].crop
    box = tuple(
        round(v) for v in (crop.left, crop.top, crop.left + crop.side, crop.top + crop.side)
    )
    whole = Image.fromarray(open_footage(footage)[0]).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    face = Image.fromarray(result["face"][FRAMES[1]]).resize((SIDE, SIDE))
    paper = Image.new("RGB", (SIDE, SIDE), (236, 236, 236))
    paper.paste(face, mask=face.getchannel("A"))
    made = [
        Image.fromarray(result["pasted"][at])
        .crop(box)
        .resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        for at in FRAMES
    ]
    tiles = [whole, waveform(result["speech"].samples), mesh(result), paper, *made[:4]]
    sheet = Image.new("RGB", (4 * SIDE, 2 * SIDE), "white")
    for index, tile in enumerate(tiles):
        sheet.paste(tile, ((index % 4) * SIDE, (index // 4) * SIDE))
    target = Path(__file__).with_name("picture.png")
    sheet.save(target, optimize=True)
    print(target)


def waveform(samples_: np.ndarray) -> Image.Image:
    """The speech as a drawing."""
    picture = Image.new("RGB", (SIDE, SIDE), (236, 236, 236))
    draw = ImageDraw.Draw(picture)
    edges = np.linspace(0, len(samples_), SIDE + 1).astype(int)
    loudest = np.abs(samples_).max()
    for x in range(SIDE):
        height = np.abs(samples_[edges[x] : edges[x + 1]]).max() / loudest * SIDE * 0.4
        draw.line((x, SIDE / 2 - height, x, SIDE / 2 + height), fill=(60, 90, 140))
    return picture


def mesh(result: Result) -> Image.Image:
    """The fitted face model's landmarks over the photo's crop."""
    clip, fit, model = (result[name] for name in ("clip", "fit", "face_model"))
    motion = fit.motion
    shape = model.shape(fit.identity, motion.expression[0])[model.landmark_vertices]
    camera = point_in_camera(shape, motion.rotation[0], motion.translation[0])
    points = project(camera, SIDE)[0]
    picture = Image.fromarray(clip.frames[0]).resize((SIDE, SIDE))
    draw = ImageDraw.Draw(picture)
    for x, y in points:
        draw.ellipse((x - 0.8, y - 0.8, x + 0.8, y + 0.8), fill=(60, 230, 120))
    return picture


if __name__ == "__main__":
    main()
