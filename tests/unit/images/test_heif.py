"""HEIC and AVIF: decoded like other formats, within the same limits."""

import struct
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from io import BytesIO
from typing import Any

import numpy as np
import pillow_heif
import pytest
from PIL import AvifImagePlugin, ExifTags, Image, ImageOps

from nst import images
from nst.errors import NotAPicture, PasticheError, PictureTooLarge, TruncatedPicture
from nst.images import Format, decoders
from nst.images.headers import Excessive, strip_heif
from nst.images.headers.boxes import box, full_box
from tests.support.picture_files import GREEN, LIMITS, RED, file_of, near, scene, swapped_profile

FORMATS = ("HEIC", "AVIF")
WRITTEN: dict[str, dict[str, Any]] = {
    "HEIC": {"quality": -1, "chroma": 444, "matrix_coefficients": 0},
    "AVIF": {"quality": 100, "subsampling": "4:4:4"},
}


def written(format: str, picture: Image.Image, **options: Any) -> bytes:
    if format == "AVIF":
        return file_of(picture, "AVIF", **WRITTEN["AVIF"], **options)
    file, buffer = pillow_heif.from_pillow(picture), BytesIO()
    file.save(buffer, **{**WRITTEN["HEIC"], **options})
    return buffer.getvalue()


def exif_of(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Artist] = "SECRET"
    return exif.tobytes()


def large(side: int = 128) -> Image.Image:
    return scene(side + side // 2, side)


@cache
def ordinary(format: str) -> bytes:
    return written(format, large())


def properties(data: bytes, *boxes: bytes) -> bytes:
    """The file with more properties at the end of its primary item's list."""
    for own in boxes:
        place = data.index(b"ipco") - 4
        count = _count(data, place)
        data = _inserted(data, place + int.from_bytes(data[place : place + 4]), own, (b"meta", b"iprp", b"ipco"))
        place = data.index(b"ipma") + 8
        entry = place + 4
        data = data[: entry + 2] + bytes([data[entry + 2] + 1]) + data[entry + 3 :]
        data = _inserted(data, entry + 3 + data[entry + 2] - 1, bytes([count + 1]), (b"meta", b"iprp", b"ipma"))
    return data


def _count(data: bytes, place: int) -> int:
    end, place, count = place + int.from_bytes(data[place : place + 4]), place + 8, 0
    while place < end:
        place, count = place + int.from_bytes(data[place : place + 4]), count + 1
    return count


def _inserted(data: bytes, place: int, more: bytes, within: tuple[bytes, ...]) -> bytes:
    """Insert `more` at a place, and adjust the sizes of the boxes around it and the offsets in `iloc`."""
    changed = bytearray(data)
    for kind in within:
        start = data.index(kind) - 4
        changed[start : start + 4] = struct.pack(">I", int.from_bytes(data[start : start + 4]) + len(more))
    start = data.index(b"iloc") - 4
    for at in _offsets(data, start):
        changed[at : at + 4] = struct.pack(">I", int.from_bytes(data[at : at + 4]) + len(more))
    return bytes(changed[:place]) + more + bytes(changed[place:])


def _offsets(data: bytes, start: int) -> Iterator[int]:
    """Where `iloc` has offsets of four bytes into the file, in the versions that the encoders write."""
    version, sizes = data[start + 8], data[start + 12 : start + 14]
    offset, length, base = sizes[0] >> 4, sizes[0] & 15, sizes[1] >> 4
    assert (offset, length) == (4, 4)
    place = start + 16
    for _ in range(int.from_bytes(data[start + 14 : start + 16])):
        place += 2 + (2 if version else 0) + 2
        if base:
            yield place
        place += base
        count, place = int.from_bytes(data[place : place + 2]), place + 2
        for _ in range(count):
            if not base:
                yield place
            place += 8


def turns(*orders: tuple[bytes, int]) -> tuple[bytes, ...]:
    return tuple(box(kind, bytes([value])) for kind, value in orders)


class TestOrdinaryPictures:
    @pytest.mark.parametrize("format", FORMATS)
    def test_an_ordinary_picture_is_decoded(self, format: str) -> None:
        picture = images.decode(ordinary(format), LIMITS)
        assert near(picture, large(), tolerance=2)
        assert picture.info == {}

    @pytest.mark.parametrize("format", FORMATS)
    @pytest.mark.parametrize("size", [(133, 97), (64, 64), (65, 200)])
    def test_sides_may_be_odd(self, format: str, size: tuple[int, int]) -> None:
        assert images.decode(written(format, scene(*size)), LIMITS).size == size

    @pytest.mark.parametrize("format", FORMATS)
    def test_transparency_is_kept(self, format: str) -> None:
        picture = large().convert("RGBA")
        picture.putalpha(Image.linear_gradient("L").resize(picture.size))
        decoded = images.decode(written(format, picture), LIMITS)
        assert decoded.mode == "RGBA"
        assert near(decoded.getchannel("A"), picture.getchannel("A"), tolerance=2)

    @pytest.mark.parametrize("format", FORMATS)
    def test_grey_becomes_rgb(self, format: str) -> None:
        grey = Image.linear_gradient("L")
        options = {"matrix_coefficients": 6} if format == "HEIC" else {}
        assert near(images.decode(written(format, grey, **options), LIMITS), grey.convert("RGB"), tolerance=3)

    @pytest.mark.parametrize("mode", ["RGB;10", "RGB;12", "RGB;16"])
    def test_ten_bits_and_more_are_scaled(self, mode: str) -> None:
        levels = np.asarray(large()).astype(np.uint16) * {"RGB;10": 4, "RGB;12": 16, "RGB;16": 257}[mode]
        buffer = BytesIO()
        pillow_heif.from_bytes(mode, large().size, levels.tobytes()).save(buffer, quality=90)
        data = buffer.getvalue()
        assert strip_heif(data).bits > 8
        assert near(images.decode(data, LIMITS), large(), tolerance=12)

    @pytest.mark.parametrize("format", FORMATS)
    def test_the_first_picture_is_taken(self, format: str) -> None:
        later = [Image.new("RGB", (192, 128), GREEN)] * 3
        if format == "AVIF":
            data = file_of(Image.new("RGB", (192, 128), RED), "AVIF", save_all=True, append_images=later, quality=100, subsampling="4:4:4")
        else:
            file = pillow_heif.from_pillow(Image.new("RGB", (192, 128), RED))
            for picture in later:
                file.add_from_pillow(picture)
            buffer = BytesIO()
            file.save(buffer, primary_index=0, **WRITTEN["HEIC"])
            data = buffer.getvalue()
        assert near(images.decode(data, LIMITS), Image.new("RGB", (192, 128), RED), tolerance=3)

    @pytest.mark.parametrize("format", FORMATS)
    def test_a_picture_is_reduced(self, format: str) -> None:
        assert near(images.decode(ordinary(format), LIMITS, max_side=64), large().resize((64, 43), Image.Resampling.LANCZOS), tolerance=6)

    def test_tiles_are_put_together(self) -> None:
        assert near(images.decode(tiled(2, 2), LIMITS), Image.new("RGB", (192, 192), RED), tolerance=4)
        assert images.decode(tiled(3, 2, size=(250, 150)), LIMITS).size == (250, 150)

    @pytest.mark.parametrize("format", FORMATS)
    @pytest.mark.parametrize("name", ["a.heic", "a.avif", "a.jpg"])
    def test_the_name_does_not_matter(self, format: str, name: str, tmp_path: Any) -> None:
        path = tmp_path / name
        path.write_bytes(ordinary(format))
        assert images.read(path, LIMITS).size == (192, 128)


def tiled(across: int, down: int, size: tuple[int, int] | None = None, count: int | None = None, side: int = 96) -> bytes:
    """A grid, as phones write it, with the same tile in separate items."""
    tile = written("HEIC", Image.new("RGB", (side, side), RED))
    config, coded = _property(tile, b"hvcC"), bytes(strip_heif(tile).pieces[-1])
    colours = box(b"colr", b"nclx" + struct.pack(">HHHB", 1, 13, 0, 0x80))
    width, height = size or (across * side, down * side)
    grid = struct.pack(">BBBBHH", 0, 0, down - 1, across - 1, width, height)
    tiles = range(2, 2 + (across * down if count is None else count))
    ipco = box(b"ipco", _ispe(width, height), _ispe(side, side), config, colours)
    associations = [struct.pack(">HBBB", 1, 2, 1, 4), *(struct.pack(">HBBBB", number, 3, 2, 0x83, 4) for number in tiles)]
    ipma = full_box(b"ipma", struct.pack(">I", len(associations)), *associations)
    iref = full_box(b"iref", box(b"dimg", struct.pack(f">HH{len(tiles)}H", 1, len(tiles), *tiles)))
    return _file(iref, box(b"iprp", ipco, ipma), [(b"grid", grid), *[(b"hvc1", coded)] * len(tiles)])


def _file(iref: bytes, iprp: bytes, items: list[tuple[bytes, bytes]], brand: bytes = b"heic") -> bytes:
    start = box(b"ftyp", brand, b"\0\0\0\0mif1", brand)

    def meta(place: int) -> bytes:
        places = []
        for number, (_, data) in enumerate(items, 1):
            places.append(struct.pack(">HHHII", number, 0, 1, place, len(data)))
            place += len(data)
        kinds = [full_box(b"infe", struct.pack(">HH4sB", number, 0, kind, 0), version=2) for number, (kind, _) in enumerate(items, 1)]
        return full_box(
            b"meta",
            full_box(b"hdlr", struct.pack(">I4s13x", 0, b"pict")),
            full_box(b"pitm", b"\0\1"),
            full_box(b"iinf", struct.pack(">H", len(items)), *kinds),
            iref,
            iprp,
            full_box(b"iloc", b"\x44\0", struct.pack(">H", len(items)), *places),
        )

    return start + meta(len(start) + len(meta(0)) + 8) + box(b"mdat", *(data for _, data in items))


def _property(data: bytes, kind: bytes) -> bytes:
    place = data.index(kind) - 4
    return data[place : place + int.from_bytes(data[place : place + 4])]


def _ispe(width: int, height: int) -> bytes:
    return full_box(b"ispe", struct.pack(">II", width, height))


class TestOrientation:
    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("format", FORMATS)
    def test_a_picture_is_turned_once_as_its_encoder_meant(self, format: str, orientation: int) -> None:
        data = written(format, large(), exif=exif_of(orientation))
        upright = ImageOps.exif_transpose(Image.open(BytesIO(file_of(large(), exif=exif_of(orientation)))))
        assert near(images.decode(data, LIMITS), upright.convert("RGB"), tolerance=3)

    def test_exif_orientation_is_ignored(self) -> None:
        data = written("HEIC", large(), exif=exif_of(6))
        without = data.replace(b"irot", b"free").replace(b"imir", b"free")
        if b"irot" in data:
            assert images.decode(without, LIMITS).size == (192, 128)

    @pytest.mark.parametrize("quarters", range(4))
    def test_turns_are_counter_clockwise(self, quarters: int) -> None:
        data = properties(ordinary("HEIC"), *turns((b"irot", quarters)))
        assert near(images.decode(data, LIMITS), large().rotate(90 * quarters, expand=True), tolerance=3)

    @pytest.mark.parametrize("quarters", range(4))
    @pytest.mark.parametrize(("axis", "flip"), [(0, ImageOps.flip), (1, ImageOps.mirror)])
    def test_turns_and_mirrors_are_applied_in_their_order(self, quarters: int, axis: int, flip: Any) -> None:
        turned_first = properties(ordinary("HEIC"), *turns((b"irot", quarters), (b"imir", axis)))
        assert near(images.decode(turned_first, LIMITS), flip(large().rotate(90 * quarters, expand=True)), tolerance=3)
        mirrored_first = properties(ordinary("HEIC"), *turns((b"imir", axis), (b"irot", quarters)))
        assert near(images.decode(mirrored_first, LIMITS), flip(large()).rotate(90 * quarters, expand=True), tolerance=3)

    def test_a_crop_is_applied(self) -> None:
        crop = box(b"clap", struct.pack(">IIIIiIiI", 96, 1, 64, 1, -48, 1, -32, 1))
        assert near(images.decode(properties(ordinary("HEIC"), crop), LIMITS), large().crop((0, 0, 96, 64)), tolerance=3)


class TestColours:
    @pytest.mark.parametrize("format", FORMATS)
    def test_a_profile_is_converted_to_srgb(self, format: str) -> None:
        picture = Image.new("RGB", (64, 64), RED)
        picture.info["icc_profile"] = swapped_profile()
        options = {"icc_profile": swapped_profile()} if format == "AVIF" else {}
        red, green, _ = images.decode(written(format, picture, **options), LIMITS).getpixel((30, 30))  # type: ignore[misc]
        assert (red < 30, green > 225) == (True, True)

    def test_primaries_given_by_numbers_are_converted(self) -> None:
        data = ordinary("HEIC")
        place = data.index(b"nclx") + 4
        wide = data[:place] + struct.pack(">HH", 12, 13) + data[place + 4 :]
        narrow, wider = (np.asarray(images.decode(each, LIMITS), dtype=int)[100, 100] for each in (data, wide))
        assert np.abs(narrow - wider).max() <= 3  # white stays white
        orange = written("HEIC", Image.new("RGB", (64, 64), (200, 120, 60)))
        place = orange.index(b"nclx") + 4
        red, _, blue = images.decode(orange[:place] + struct.pack(">HH", 12, 13) + orange[place + 4 :], LIMITS).getpixel((9, 9))  # type: ignore[misc]
        assert red > 205
        assert blue < 55


class TestMetadata:
    @pytest.mark.parametrize("format", FORMATS)
    def test_no_metadata_is_left(self, format: str) -> None:
        data = written(format, large(), exif=exif_of(1), xmp=b"<x:xmpmeta>SECRET</x:xmpmeta>")
        assert b"SECRET" in data
        assert b"SECRET" not in strip_heif(data).data
        assert b"SECRET" not in images.encode(images.decode(data, LIMITS), Format.JPEG)


class TestRefusals:
    @pytest.mark.parametrize("format", FORMATS)
    @pytest.mark.parametrize("kept", [0.05, 0.3, 0.6, 0.95])
    def test_a_picture_that_breaks_off_is_refused(self, format: str, kept: float) -> None:
        data = written(format, Image.effect_noise((192, 128), 90).convert("RGB"))
        with pytest.raises(TruncatedPicture):
            images.decode(data[: int(kept * len(data))], LIMITS)

    @pytest.mark.parametrize("format", FORMATS)
    def test_the_size_is_checked_before_decoding(self, format: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(decoders, "decode", pytest.fail)
        with pytest.raises(PictureTooLarge, match=r"192 x 128 pixels; at most 0\.02 million"):
            images.decode(ordinary(format), replace(LIMITS, max_pixels=20_000))

    @pytest.mark.parametrize("format", FORMATS)
    @pytest.mark.parametrize("size", [(60, 60), (20_000, 20_000), (192, 400)])
    def test_a_wrong_size_is_refused(self, format: str, size: tuple[int, int]) -> None:
        data = ordinary(format)
        place = data.index(b"ispe") + 8
        with pytest.raises(TruncatedPicture):
            images.decode(data[:place] + struct.pack(">II", *size) + data[place + 8 :], LIMITS)

    @pytest.mark.parametrize("format", FORMATS)
    def test_a_coded_picture_larger_than_the_file_says_is_refused_undecoded(self, format: str) -> None:
        data = written(format, scene(600, 600))
        place = data.index(b"ispe") + 8
        smaller = data[:place] + struct.pack(">II", 64, 64) + data[place + 8 :]
        with pytest.raises(Excessive, match="larger than the file says"):
            strip_heif(smaller)
        with pytest.raises(TruncatedPicture):
            images.decode(smaller, LIMITS)

    def test_tiles_that_are_too_many_or_too_few_are_refused(self) -> None:
        for data in (tiled(2, 2, count=3), tiled(2, 2, count=500), tiled(2, 2, count=0), tiled(8, 8, size=(64, 64), side=512)):
            with pytest.raises(TruncatedPicture):
                images.decode(data, LIMITS)

    def test_a_sequence_without_a_still_picture_is_refused(self) -> None:
        data = box(b"ftyp", b"hevc\0\0\0\0msf1hevc") + box(b"moov", bytes(5000)) + box(b"mdat", bytes(5000))
        with pytest.raises(TruncatedPicture):
            images.decode(data, LIMITS)

    def test_a_sequence_next_to_the_picture_is_removed(self) -> None:
        data = ordinary("HEIC") + box(b"moov", b"SECRET" * 100_000)
        assert images.decode(data, LIMITS).size == (192, 128)
        assert b"moov" not in strip_heif(data).data

    def test_other_codecs_are_refused_with_their_sentence(self) -> None:
        with pytest.raises(NotAPicture, match="kind of HEIC or AVIF picture cannot be read"):
            images.decode(ordinary("HEIC").replace(b"hvc1", b"vvc1"), LIMITS)

    def test_without_a_decoder_of_avif_there_is_a_sentence(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(AvifImagePlugin, "SUPPORTED", False)
        with pytest.raises(NotAPicture, match=r"picture \(AVIF\) cannot be read here. Save it as JPEG"):
            images.decode(ordinary("AVIF"), LIMITS)

    @pytest.mark.parametrize("kind", [b"iinf", b"iloc", b"iref", b"ipma", b"ipco"])
    def test_too_many_boxes_are_refused(self, kind: bytes) -> None:
        many = {
            b"iinf": full_box(b"iinf", b"\0\0", *[full_box(b"infe", struct.pack(">HH4sB", 1, 0, b"hvc1", 0), version=2)] * 100_000),
            b"iloc": full_box(b"iloc", b"\x44\0", b"\xff\xff", struct.pack(">HHHII", 1, 0, 1, 0, 100) * 65_535),
            b"iref": full_box(b"iref", *[box(b"cdsc", b"\0\1\0\1\0\1")] * 100_000),
            b"ipma": box(b"iprp", full_box(b"ipma", struct.pack(">I", 1 << 31), b"\0\1\1\1" * 1_000_000)),
            b"ipco": box(b"iprp", box(b"ipco", box(b"free") * 100_000)),
        }[kind]
        with pytest.raises(Excessive):
            strip_heif(box(b"ftyp", b"heic\0\0\0\0heic") + full_box(b"meta", full_box(b"pitm", b"\0\1"), many))

    def test_items_that_share_their_data_are_refused(self) -> None:
        extents = struct.pack(">II", 0, 4000) * 60
        iloc = full_box(b"iloc", b"\x44\0", b"\0\1", struct.pack(">HHH", 1, 0, 60), extents)
        infe = full_box(b"iinf", b"\0\1", full_box(b"infe", struct.pack(">HH4sB", 1, 0, b"hvc1", 0), version=2))
        data = box(b"ftyp", b"heic\0\0\0\0heic") + full_box(b"meta", full_box(b"pitm", b"\0\1"), infe, iloc) + bytes(4000)
        with pytest.raises(Excessive, match="share"):
            strip_heif(data)

    @pytest.mark.parametrize("seed", range(60))
    @pytest.mark.parametrize("format", FORMATS)
    def test_a_file_with_flipped_bytes_is_decoded_or_refused(self, format: str, seed: int) -> None:
        data, random = bytearray(ordinary(format)), np.random.default_rng(seed)
        for place in random.integers(0, len(data) if seed % 2 else min(500, len(data)), 6):
            data[place] = random.integers(0, 256)
        try:
            assert images.decode(bytes(data), LIMITS).mode in ("RGB", "RGBA")
        except PasticheError as error:
            assert str(error).endswith(".")
