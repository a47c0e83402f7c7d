"""Files for print: resolution, profile and pixels as Pillow reads them back, and the memory that they take."""

import threading
from io import BytesIO

import pytest
from PIL import Image, ImageCms

from nst import images
from nst.images import STORED_LIMITS, Format, codec, decoders, pixels
from nst.images.memory_budget import MemoryBudget
from tests.support.picture_files import noise, scene

PRINTED = [Format.JPEG, Format.PNG, Format.TIFF]


def opened(data: bytes) -> Image.Image:
    picture = Image.open(BytesIO(data))
    picture.load()
    return picture


def profile_name(data: bytes) -> str:
    return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(BytesIO(opened(data).info["icc_profile"]))).strip()


@pytest.mark.parametrize("dpi", [72, 150, 300, 1200])
@pytest.mark.parametrize("format", PRINTED)
def test_a_file_carries_its_resolution(format: Format, dpi: int) -> None:
    found = opened(images.encode(scene(), format, dpi=dpi)).info["dpi"]
    assert [round(float(one), 1) for one in found] == [dpi, dpi]  # PNG counts whole pixels of a metre


def test_the_resolution_is_in_the_fields_that_the_formats_have_for_it() -> None:
    png, jpeg = (images.encode(scene(), format, dpi=300) for format in (Format.PNG, Format.JPEG))
    assert b"pHYs" + (11811).to_bytes(4) * 2 + b"\1" in png
    assert jpeg[6:11] == b"JFIF\0"
    assert jpeg[13:18] == b"\1" + (300).to_bytes(2) * 2


@pytest.mark.parametrize("format", list(Format))
def test_a_file_with_a_resolution_says_that_its_colours_are_srgb(format: Format) -> None:
    assert profile_name(images.encode(scene(), format, dpi=300)) == "sRGB built-in"


@pytest.mark.parametrize("format", list(Format))
def test_a_file_without_one_has_no_profile_and_the_same_pixels(format: Format) -> None:
    plain, printed = images.encode(scene(), format), images.encode(scene(), format, dpi=300)
    assert "icc_profile" not in opened(plain).info
    assert opened(plain).tobytes() == opened(printed).tobytes()


@pytest.mark.parametrize("format", list(Format))
def test_the_same_picture_is_the_same_file(format: Format) -> None:
    """A profile as LittleCMS makes it has the time in it."""
    first = images.encode(scene(), format, dpi=300)
    pixels.srgb_profile.cache_clear()
    assert images.encode(scene(), format, dpi=300) == first


@pytest.mark.parametrize("format", [Format.PNG, Format.TIFF])
def test_no_pixel_is_changed_by_a_lossless_format(format: Format) -> None:
    picture = noise(257)
    assert opened(images.encode(picture, format, dpi=300)).convert("RGB").tobytes() == picture.convert("RGB").tobytes()


def test_a_painting_with_the_profile_is_read_without_any_change() -> None:
    picture = noise(257)
    assert images.decode(images.encode(picture, Format.PNG, dpi=300), STORED_LIMITS).tobytes() == picture.convert("RGB").tobytes()


@pytest.mark.parametrize("stored", [Format.JPEG, Format.PNG, Format.WEBP])
@pytest.mark.parametrize("format", PRINTED)
def test_a_stored_painting_becomes_a_file_for_print(stored: Format, format: Format) -> None:
    data = images.printable(images.encode(scene(), stored, dpi=300), format)
    assert opened(data).format == format.upper()
    assert round(float(opened(data).info["dpi"][0])) == 300
    assert profile_name(data) == "sRGB built-in"
    assert opened(data).size == scene().size


def test_a_tiff_for_print_is_compressed_and_has_one_page_without_transparency() -> None:
    data = images.printable(images.encode(scene().convert("RGBA"), Format.PNG), Format.TIFF)
    tiff = opened(data)
    assert (tiff.mode, tiff.info["compression"], getattr(tiff, "n_frames", 1)) == ("RGB", "tiff_lzw", 1)
    assert len(data) < scene().width * scene().height * 3


@pytest.mark.parametrize("format", PRINTED)
def test_nothing_of_the_photo_but_its_pixels_is_in_a_file_for_print(format: Format) -> None:
    exif = Image.Exif()
    exif[0x010E], exif[0x8825] = "SECRET", {1: "N", 2: (52.0, 30.0, 0.0)}
    photo = BytesIO()
    scene().save(photo, "JPEG", exif=exif, comment=b"SECRET", dpi=(72, 72))
    assert b"SECRET" in photo.getvalue()
    data = images.printable(photo.getvalue(), format)
    assert b"SECRET" not in data
    exif_of = opened(data).getexif()
    assert 0x8825 not in exif_of
    assert 0x010E not in exif_of
    assert format is Format.TIFF or not dict(exif_of)


def test_encoding_for_print_reserves_the_memory_that_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    reserved, budget = [], MemoryBudget(640_000_000, 128_000_000, 64_000_000)

    class Recorded(MemoryBudget):
        def reserve(self, requested: int) -> object:  # type: ignore[override]
            reserved.append(requested)
            return budget.reserve(requested)

    monkeypatch.setattr(decoders, "_BUDGET", Recorded(1, 1, 1))
    picture = noise(2000)
    stored = images.encode(picture, Format.PNG)
    data = images.printable(stored, Format.TIFF)
    held = 4 * picture.width * picture.height
    assert reserved[0] >= held + 2 * len(data)  # the library's copy of the file, and ours


def test_conversions_wait_for_each_others_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoders, "_BUDGET", MemoryBudget(20_000_000, 1_000_000, 0))
    running, most, lock, encode = 0, 0, threading.Lock(), codec.encode

    def counted(*args: object) -> bytes:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        try:
            return encode(*args)  # type: ignore[arg-type]
        finally:
            with lock:
                running -= 1

    monkeypatch.setattr(codec, "encode", counted)
    stored = images.encode(noise(1000), Format.JPEG)
    threads = [threading.Thread(target=images.printable, args=(stored, Format.TIFF)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
