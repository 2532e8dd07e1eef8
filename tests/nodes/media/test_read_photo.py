from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image

from talkgraph.errors import InputError
from talkgraph.nodes.footage import open_footage
from talkgraph.nodes.media import ReadPhoto
from talkgraph.nodes.media.decoder import photo
from talkgraph.nodes.media.decoder.opening import Refused
from tests.nodes.media import made_media as made

EXIF_ORIENTATION = 0x0112
# EXIF value -> how a viewer turns the stored picture (EXIF 2.32, 4.6.4 A)
TURNS = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: np.rot90(p, 2),
    4: lambda p: p[::-1],
    5: lambda p: p.transpose(1, 0, 2),
    6: lambda p: np.rot90(p, -1),
    7: lambda p: np.rot90(p, 2).transpose(1, 0, 2),
    8: lambda p: np.rot90(p, 1),
}


def read(path):
    footage = ReadPhoto().run(path)
    image = open_footage(footage)[0]
    assert footage.count == 1 and footage.fps == 25 and footage.speech is None
    assert image.shape == (footage.height, footage.width, 3)
    return image


@pytest.mark.parametrize(("kind", "orientation"), [("png", 6), *(("jpg", k) for k in TURNS)])
def test_exif_rotation(tmp_path, orientation, kind):
    wanted = made.picture(5, 150, 100)
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    path = tmp_path / f"a.{kind}"
    Image.fromarray(wanted).save(path, exif=exif, quality=95, subsampling=0)
    difference = read(path).astype(int) - TURNS[orientation](wanted)
    assert np.abs(difference).mean() < 2


def test_alpha_lies_on_mid_grey(tmp_path):
    rgba = np.zeros((64, 64, 4), np.uint8)
    rgba[:, :32] = (200, 10, 10, 255)
    rgba[:, 32:] = (0, 0, 255, 0)
    Image.fromarray(rgba).save(tmp_path / "a.png")
    image = read(tmp_path / "a.png")
    assert (image[:, :32] == (200, 10, 10)).all() and (image[:, 32:] == 128).all()


def test_palette_with_transparency(tmp_path):
    palette = Image.new("P", (64, 64), 1)
    palette.putpalette([0, 255, 0, 255, 0, 0])
    palette.paste(0, (0, 0, 32, 64))
    palette.save(tmp_path / "a.png", transparency=0)
    image = read(tmp_path / "a.png")
    assert (image[:, :32] == 128).all() and (image[:, 32:] == (255, 0, 0)).all()


@pytest.mark.parametrize("kind", ["png", "tiff"])
def test_grey_of_8_and_16_bits(tmp_path, kind):
    grey = np.tile(np.arange(64, dtype=np.uint8) * 4, (64, 1))
    Image.fromarray(grey).save(tmp_path / f"a.{kind}")
    assert (read(tmp_path / f"a.{kind}") == grey[..., None]).all()
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / f"b.{kind}")
    assert (read(tmp_path / f"b.{kind}") == grey[..., None]).all()


@pytest.mark.parametrize("mode", ["1", "LA", "CMYK", "YCbCr", "F"])
def test_other_modes(tmp_path, mode):
    image = Image.fromarray(made.picture(3, 100, 80)).convert(mode)
    path = tmp_path / ("a.png" if mode in ("1", "LA") else "a.tiff")
    image.save(path)
    assert read(path).shape == (80, 100, 3)


def test_wide_gamut_becomes_srgb(tmp_path):
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    wanted = made.picture(3, 100, 80)
    Image.fromarray(wanted).save(tmp_path / "a.png", icc_profile=profile)
    assert np.abs(read(tmp_path / "a.png").astype(int) - wanted).max() <= 1


def test_the_same_photo_gives_the_same_bytes_at_any_time(tmp_path):
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(made.picture(3, 100, 80)).save(tmp_path / "a.png", icc_profile=profile)
    read(tmp_path / "a.png")
    stored = Image.open(ReadPhoto().run(tmp_path / "a.png").file.path)
    assert "icc_profile" not in stored.info  # a profile holds the second in which it was made


def test_large_photo_is_scaled_down(tmp_path, capsys):
    Image.fromarray(made.picture(3, 3000, 1500)).save(tmp_path / "a.jpg")
    assert read(tmp_path / "a.jpg").shape == (1500, 3000, 3)
    assert ReadPhoto(max_side=2048).run(tmp_path / "a.jpg").height == 1024
    assert "scaled down" in capsys.readouterr().err


@pytest.mark.parametrize(("turn", "times"), [(90, -1), (180, 2), (270, 1)])
def test_turning_by_hand_adds_to_the_tag(tmp_path, turn, times):
    wanted = made.picture(5, 150, 100)
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = 6
    Image.fromarray(wanted).save(tmp_path / "a.png", exif=exif)
    image = open_footage(ReadPhoto(turn=turn).run(tmp_path / "a.png"))[0]
    assert np.array_equal(image, np.rot90(TURNS[6](wanted), times))


@pytest.mark.parametrize(
    ("kind", "most"), [("avif", 4), ("gif", 60), ("jp2", 4), ("mpo", 4), ("webp", 4)]
)
def test_kinds_of_people_s_phones_and_pages(tmp_path, kind, most):
    wanted = made.picture(3, 160, 120)
    options = {"avif": {"quality": 95}, "jp2": {"irreversible": False}, "webp": {"quality": 95}}
    Image.fromarray(wanted).save(tmp_path / f"a.{kind}", **options.get(kind, {}))
    assert np.abs(read(tmp_path / f"a.{kind}").astype(int) - wanted).mean() < most


@pytest.mark.parametrize("kind", ["gif", "webp", "png"])
def test_of_an_animated_photo_the_first_picture_is_used(tmp_path, capsys, kind):
    pictures = [Image.fromarray(made.picture(k, 100, 80)) for k in (3, 40, 50)]
    pictures[0].save(tmp_path / f"a.{kind}", save_all=True, append_images=pictures[1:])
    assert made.index_of(read(tmp_path / f"a.{kind}")) == 3
    assert "holds 3 pictures; the first is used" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["webp", "bmp", "tiff"])
def test_formats(tmp_path, kind):
    wanted = made.picture(3, 100, 80)
    options = {"lossless": True} if kind == "webp" else {}
    Image.fromarray(wanted).save(tmp_path / f"a.{kind}", **options)
    assert (read(tmp_path / f"a.{kind}") == wanted).all()


def refused(path, pattern, **params):
    with pytest.raises(InputError, match=pattern) as caught:
        ReadPhoto(**params).run(path)
    assert path.name not in str(caught.value) and "; " in str(caught.value)


def test_bomb_is_refused_before_it_is_decoded(tmp_path):
    Image.new("1", (20000, 20000)).save(tmp_path / "bomb.png")  # 50 kB of file, 1.2 GB of RGB
    refused(tmp_path / "bomb.png", "20000 x 20000")


def test_what_is_no_photo(tmp_path):
    (tmp_path / "a.jpg").write_text("no photo")
    refused(tmp_path / "a.jpg", "is a text")
    Image.new("RGB", (64, 64)).save(tmp_path / "b.ppm")
    (tmp_path / "b.ppm").rename(tmp_path / "b.png")  # what is not on the list
    refused(tmp_path / "b.png", "not a photo")
    Image.fromarray(made.picture(3, 300, 300)).save(tmp_path / "c.png")
    data = (tmp_path / "c.png").read_bytes()
    (tmp_path / "c.png").write_bytes(data[: len(data) // 2])
    refused(tmp_path / "c.png", "cut off|damaged")
    Image.new("RGB", (8, 8)).save(tmp_path / "d.png")
    refused(tmp_path / "d.png", "only 8 x 8")


@pytest.fixture
def heic(tmp_path):
    """A photo as an iPhone keeps it: lying, with the turn beside it."""
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = 6
    path = tmp_path / "a.heic"
    Image.fromarray(made.picture(5, 150, 100)).save(path, exif=exif.tobytes(), quality=95)
    return path


def test_heic_is_read_upright(heic):
    difference = read(heic).astype(int) - TURNS[6](made.picture(5, 150, 100))
    assert np.abs(difference).mean() < 3


def test_a_damaged_heic_is_called_so(heic):
    heic.write_bytes(heic.read_bytes()[:600])
    with pytest.raises(InputError, match="damaged"):
        read(heic)


def test_without_its_reader_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    (tmp_path / "a.heic").write_bytes(
        b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(99)
    )
    with pytest.raises(Refused, match="is a HEIC photo") as caught:
        photo.decode(
            str(tmp_path / "a.heic"), str(tmp_path), progress=lambda *_: None, max_side=100,
            max_pixels=10000, turn=0,
        )  # fmt: skip
    assert "pip install 'talkgraph[heic]'" in caught.value.remedy
