"""nst.images.headers: a stripped file has everything that its pixels need, and nothing else."""

import struct
from contextlib import suppress
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image

from nst.images.headers import Excessive, strip_jpeg, strip_png, strip_webp
from nst.images.headers.orientation import from_exif
from tests.support.picture_files import chunk, file_of, noise, png, scene, swapped_profile


def segment(marker: int, body: bytes = b"") -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def exif_of(value: int) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = value
    return exif.tobytes()


def last_scan(data: bytes) -> bytes:
    return data[data.rindex(b"\xff\xda") : -2]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"progressive": True},
        {"restart_marker_blocks": 1},
        {"icc_profile": swapped_profile()},
        {"icc_profile": swapped_profile() * 100},  # in several segments
        {"exif": exif_of(6), "comment": b"\xff SECRET", "xmp": b"SECRET"},
    ],
)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_keeps_its_pixels_and_its_colour_profile(options: dict[str, Any], mode: str) -> None:
    data = file_of(noise().convert(mode), "JPEG", **options)
    stripped = strip_jpeg(data)
    before, after = Image.open(BytesIO(data)), Image.open(BytesIO(stripped.data))
    assert np.array_equal(np.asarray(before), np.asarray(after))
    assert after.info.get("icc_profile") == before.info.get("icc_profile")
    assert b"SECRET" not in stripped.data
    assert (stripped.size, stripped.mode) == (before.size, mode)
    assert stripped.orientation == (6 if "exif" in options else None)


def test_data_after_a_jpegs_end_is_removed_even_if_it_looks_like_scans() -> None:
    data = file_of(scene(), "JPEG")
    assert strip_jpeg(data + b"\xff\xda" * 1000 + b"SECRET").data == strip_jpeg(data).data == strip_jpeg(data).data[:-2] + b"\xff\xd9"


def test_a_jpeg_with_too_many_scans_is_refused_even_if_a_comment_contains_an_end_marker() -> None:
    data = file_of(scene(), "JPEG", progressive=True)
    scan = last_scan(data)
    assert strip_jpeg(data[:-2] + scan * 10 + b"\xff\xd9").data.count(b"\xff\xda") == data.count(b"\xff\xda") + 10
    with pytest.raises(Excessive):
        strip_jpeg(data[:-2] + segment(0xFE, b"\xff\xd9") + scan * 100 + b"\xff\xd9")


@pytest.mark.parametrize("much", [segment(0xFE) * 200_000, b"\xff\x01" * 200_000])
def test_a_jpeg_with_too_many_segments_is_refused(much: bytes) -> None:
    with pytest.raises(Excessive):
        strip_jpeg(b"\xff\xd8" + much + file_of(scene(), "JPEG")[2:])


@pytest.mark.parametrize("cut", range(0, 700, 7))
def test_a_file_that_is_cut_anywhere_is_stripped(cut: int) -> None:
    assert len(strip_jpeg(file_of(scene(), "JPEG")[:cut]).data) <= cut + 4
    with suppress(ValueError):
        assert len(strip_png(file_of(scene())[:cut]).data) <= cut + 16
    assert len(strip_webp(file_of(scene(), "WEBP")[:cut]).data) <= cut + 12


def test_a_png_keeps_its_pixels_and_its_first_profile() -> None:
    picture = noise().quantize(16)
    data = file_of(picture, transparency=bytes([0, 85]), icc_profile=swapped_profile(), exif=exif_of(3))
    end = data.index(b"IEND") - 4
    stripped = strip_png(data[:end] + chunk(b"iCCP", b"SECRET") + chunk(b"tEXt", b"a\0SECRET") + data[end:] + b"SECRET")
    assert list(Image.open(BytesIO(stripped.data)).get_flattened_data()) == list(picture.get_flattened_data())
    assert Image.open(BytesIO(stripped.data)).info["icc_profile"] == swapped_profile()
    assert b"SECRET" not in stripped.data
    assert stripped.orientation == 3


def test_a_png_with_too_many_chunks_is_refused() -> None:
    with pytest.raises(Excessive):
        strip_png(png(40, 40, b"", chunk(b"prVt", b"") * 200_000))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("kind", "letter"), [(3, "H"), (4, "I")])
@pytest.mark.parametrize("before", [b"", b"Exif\0\0"])
def test_the_orientation_is_found_in_either_byte_order(order: str, kind: int, letter: str, before: bytes) -> None:
    entries = struct.pack(f"{order}HHII", 0x010E, 2, 1000, 0xFFFFFFF0) + struct.pack(f"{order}HHI{letter}", 0x0112, kind, 1, 6)
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    assert from_exif(before + start + struct.pack(f"{order}H", 2) + entries + b"\0\0") == 6


@pytest.mark.parametrize(
    "exif",
    [
        b"",
        b"nonsense",
        b"II*\0",
        b"II*\0\xff\xff\xff\xff",
        b"II*\0\x08\0\0\0\xff\xff" + b"\0" * 100,  # more entries than there are
        b"II*\0\0\0\0\0" * 10,  # a directory that overlaps its own header
    ],
)
def test_a_malformed_exif_block_has_no_orientation(exif: bytes) -> None:
    assert from_exif(exif) is None
