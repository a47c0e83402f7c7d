"""nst.images: hostile, unusual and ordinary files, all generated here."""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps

from nst import images
from nst.errors import FileUnreadable, NotAPicture, PasticheError, PictureTooLarge, PictureTooSmall, TruncatedPicture
from nst.images import WEB_FORMATS, Format, Limits
from nst.settings import Settings
from tests.support.picture_files import BLUE, GREEN, LIMITS, RED, WHITE, chunk, file_of, near, noise, png, scene, swapped_profile

FORMATS = ("JPEG", "PNG", "WEBP")


class TestOrdinaryPictures:
    @pytest.mark.parametrize("format", FORMATS)
    def test_a_picture_of_each_format_is_decoded(self, format: str) -> None:
        picture = images.decode(file_of(scene(), format), LIMITS)
        assert picture.mode == "RGB"
        assert near(picture, scene(), tolerance=12)

    def test_a_greyscale_picture_becomes_rgb(self) -> None:
        grey = Image.linear_gradient("L")
        assert near(images.decode(file_of(grey), LIMITS), grey.convert("RGB"), tolerance=0.1)

    def test_a_black_and_white_picture_becomes_rgb(self) -> None:
        bits = Image.linear_gradient("L").convert("1")
        assert near(images.decode(file_of(bits), LIMITS), bits.convert("RGB"), tolerance=0.1)

    def test_sixteen_bits_of_grey_are_scaled_and_not_clipped(self) -> None:
        levels = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)
        grey = images.decode(file_of(Image.fromarray(levels)), LIMITS)
        assert np.abs(np.asarray(grey)[..., 0] - levels / 257).max() <= 1.5

    def test_sixteen_bits_of_colour_are_scaled(self) -> None:
        row = b"\0" + struct.pack(">HHH", 65535, 32768, 0) * 40
        picture = images.decode(png(40, 40, row * 40, depth=16), LIMITS)
        assert picture.getpixel((20, 20)) == (255, 128, 0)

    @pytest.mark.parametrize(("depth", "colour", "row"), [(16, 0, b"\0" + b"\0\xff" * 40), (16, 2, b"\0" + b"\0\xff" * 120)])
    def test_a_transparent_colour_of_sixteen_bits_is_ignored(self, depth: int, colour: int, row: bytes) -> None:
        key = chunk(b"tRNS", b"\0\xff" * (3 if colour == 2 else 1))
        assert images.decode(png(40, 40, row * 40, key, depth=depth, colour=colour), LIMITS).size == (40, 40)

    def test_a_palette_becomes_rgb(self) -> None:
        assert near(images.decode(file_of(scene().quantize(8)), LIMITS), scene(), tolerance=1)

    def test_a_cmyk_jpeg_keeps_its_colours(self) -> None:
        # What is written is inverted and marked as Adobe's, as Photoshop does.
        data = file_of(scene().convert("CMYK"), "JPEG", quality=95)
        assert b"Adobe" in data
        assert near(images.decode(data, LIMITS), scene(), tolerance=8)

    def test_the_first_frame_of_an_animation_is_taken(self) -> None:
        later = [Image.new("RGB", (64, 64), colour) for colour in (GREEN, BLUE)]
        data = file_of(Image.new("RGB", (64, 64), RED), "WEBP", save_all=True, append_images=later, lossless=True)
        assert images.decode(data, LIMITS).getpixel((5, 5)) == RED

    def test_the_first_frame_of_an_animated_png_is_taken(self) -> None:
        data = file_of(Image.new("RGB", (64, 64), RED), "PNG", save_all=True, append_images=[Image.new("RGB", (64, 64), BLUE)])
        assert images.decode(data, LIMITS).getpixel((5, 5)) == RED


class TestTransparency:
    @pytest.mark.parametrize("mode", ["RGBA", "LA"])
    def test_transparency_is_kept(self, mode: str) -> None:
        half = Image.new("L", (96, 64), 255)
        half.paste(0, (0, 0, 48, 64))
        picture = scene().convert(mode[:-1])
        picture.putalpha(half)
        decoded = images.decode(file_of(picture), LIMITS)
        assert decoded.mode == "RGBA"
        assert list(decoded.getchannel("A").get_flattened_data()) == list(half.get_flattened_data())

    def test_the_transparent_colour_of_a_palette_is_kept(self) -> None:
        indexed = scene().quantize(4)
        corner = indexed.getpixel((0, 0))
        decoded = images.decode(file_of(indexed, transparency=corner), LIMITS)
        assert decoded.mode == "RGBA"
        assert (decoded.getpixel((0, 0))[3], decoded.getpixel((90, 60))[3]) == (0, 255)  # type: ignore[index]

    def test_a_palette_with_many_levels_of_transparency_is_kept(self) -> None:
        decoded = images.decode(file_of(scene().quantize(4), transparency=bytes([0, 85, 170, 255])), LIMITS)
        assert decoded.getchannel("A").getextrema() == (0, 255)

    def test_an_opaque_alpha_channel_is_dropped(self) -> None:
        assert images.decode(file_of(scene().convert("RGBA")), LIMITS).mode == "RGB"


class TestOrientation:
    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("format", FORMATS)
    def test_a_picture_is_turned_upright(self, orientation: int, format: str) -> None:
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = orientation
        data = file_of(scene(), format, exif=exif, quality=95)
        expected = ImageOps.exif_transpose(Image.open(BytesIO(data))).convert("RGB")
        decoded = images.decode(data, LIMITS)
        assert near(decoded, expected, tolerance=1)
        assert (decoded.size == (64, 96)) == (orientation >= 5)

    @pytest.mark.parametrize(
        "exif", [b"Exif\0\0nonsense", b"Exif\0\0II*\0\xff\xff\xff\xff", b"", b"Exif\0\0MM\0*\0\0\0\x08\0\x05" + b"\xff" * 30]
    )
    @pytest.mark.filterwarnings("ignore:Corrupt EXIF")
    def test_broken_exif_does_not_change_the_pixels(self, exif: bytes) -> None:
        assert near(images.decode(file_of(scene(), "JPEG", exif=exif, quality=95), LIMITS), scene(), tolerance=4)

    @pytest.mark.parametrize("orientation", [0, 9, 6000])
    def test_an_invalid_orientation_is_ignored(self, orientation: int) -> None:
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = orientation
        assert images.decode(file_of(scene(), "JPEG", exif=exif), LIMITS).size == (96, 64)


class TestColourProfiles:
    @pytest.mark.parametrize("format", FORMATS)
    def test_a_profile_is_converted_to_srgb(self, format: str) -> None:
        data = file_of(Image.new("RGB", (64, 64), RED), format, icc_profile=swapped_profile())
        red, green, _ = images.decode(data, LIMITS).getpixel((30, 30))  # type: ignore[misc]
        assert (red < 30, green > 225) == (True, True)

    def test_a_profile_does_not_change_transparency(self) -> None:
        picture = Image.new("RGBA", (64, 64), (255, 0, 0, 100))
        assert images.decode(file_of(picture, icc_profile=swapped_profile()), LIMITS).getchannel("A").getextrema() == (100, 100)

    @pytest.mark.parametrize("profile", [b"no profile", b"\0" * 200, swapped_profile()[:300]])
    def test_a_broken_profile_is_ignored(self, profile: bytes) -> None:
        assert near(images.decode(file_of(scene(), icc_profile=profile), LIMITS), scene())

    def test_a_profile_for_another_colour_space_is_ignored(self) -> None:
        grey = Image.linear_gradient("L")
        assert near(images.decode(file_of(grey, "JPEG", quality=95, icc_profile=swapped_profile()), LIMITS), grey.convert("RGB"))


class TestMetadata:
    def with_secrets(self, format: str) -> bytes:
        exif = Image.Exif()
        exif[ExifTags.Base.Artist] = "SECRET"
        exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSProcessingMethod] = b"SECRET"
        options: dict[str, Any] = {"exif": exif, "icc_profile": swapped_profile()}
        if format == "JPEG":
            options |= {"comment": b"SECRET", "xmp": b"SECRET"}
        return file_of(scene(), format, **options)

    @pytest.mark.parametrize("format", FORMATS)
    def test_nothing_but_pixels_is_decoded(self, format: str) -> None:
        data = self.with_secrets(format)
        assert b"SECRET" in data
        picture = images.decode(data, LIMITS)
        assert picture.info == {}
        assert dict(picture.getexif()) == {}

    @pytest.mark.parametrize("format", list(Format))
    def test_nothing_but_pixels_is_encoded(self, format: Format) -> None:
        opened = Image.open(BytesIO(self.with_secrets("JPEG")))
        data = images.encode(opened, format)
        assert b"SECRET" not in data
        assert {"exif", "icc_profile", "xmp", "comment"}.isdisjoint(Image.open(BytesIO(data)).info)

    def test_data_after_a_picture_is_removed(self) -> None:
        polyglot = file_of(scene(), "JPEG") + b"<script>SECRET</script>PK\x03\x04"
        assert b"SECRET" not in images.encode(images.decode(polyglot, LIMITS), Format.JPEG)


NOT_PICTURES = {
    "text": b"Dear Sir or Madam",
    "html": b"<!doctype html><img src=x onerror=alert(1)>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"/>',
    "zip": b"PK\x03\x04" + b"\0" * 60,
    "gif": file_of(scene(), "GIF"),
    "tiff": file_of(scene(), "TIFF"),
    "bmp": file_of(scene(), "BMP"),
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n",
    "zeros": b"\0" * 1000,
    "one byte": b"\xff",
    "riff that is a sound": b"RIFF\x24\0\0\0WAVEfmt ",
}


class TestRefusals:
    @pytest.mark.parametrize("data", NOT_PICTURES.values(), ids=NOT_PICTURES.keys())
    def test_a_file_that_is_not_a_picture_is_refused_whatever_its_name(self, data: bytes, tmp_path: Path) -> None:
        path = tmp_path / "holiday.jpg"
        path.write_bytes(data)
        with pytest.raises(NotAPicture, match="not a JPEG, PNG, WebP, HEIC or AVIF picture"):
            images.read(path, LIMITS)

    def test_an_empty_file_is_refused(self) -> None:
        with pytest.raises(NotAPicture, match="The file is empty"):
            images.decode(b"", LIMITS)

    @pytest.mark.parametrize("kept", [0.01, 0.05, 0.3, 0.6, 0.9])
    @pytest.mark.parametrize("format", FORMATS)
    def test_a_picture_that_breaks_off_is_refused(self, format: str, kept: float) -> None:
        data = file_of(noise(), format)
        with pytest.raises(TruncatedPicture, match="damaged, or breaks off"):
            images.decode(data[: max(16, int(len(data) * kept))], LIMITS)

    @pytest.mark.parametrize("start", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\xff\xff\xff\xffWEBPVP8 "])
    def test_a_valid_start_followed_by_nonsense_is_refused(self, start: bytes) -> None:
        with pytest.raises(TruncatedPicture):
            images.decode(start + b"nonsense" * 50, LIMITS)

    @pytest.mark.parametrize("seed", range(20))
    @pytest.mark.parametrize("format", FORMATS)
    @pytest.mark.filterwarnings("ignore::UserWarning")
    def test_a_file_with_flipped_bytes_is_decoded_or_refused(self, format: str, seed: int) -> None:
        data = bytearray(file_of(scene(), format))
        random = np.random.default_rng(seed)
        for place in random.integers(0, len(data), 8):
            data[place] = random.integers(0, 256)
        try:
            assert images.decode(bytes(data), LIMITS).mode in ("RGB", "RGBA")
        except PasticheError as error:
            assert str(error).endswith(".")

    def test_a_picture_with_less_data_than_its_header_states_is_refused(self) -> None:
        with pytest.raises(TruncatedPicture):
            images.decode(png(500, 500, b"\0" * 100), LIMITS)

    def test_a_picture_with_more_data_than_its_header_states_has_the_stated_size(self) -> None:
        assert images.decode(png(40, 40, b"\0" * 1_000_000), LIMITS).size == (40, 40)

    @pytest.mark.parametrize("side", [1_001, 9_500, 60_000, 2**31 - 1])
    def test_a_decompression_bomb_is_refused_by_its_header(self, side: int) -> None:
        with pytest.raises(PictureTooLarge, match="at most 1 million"):
            images.decode(png(side, side, b"\0" * 1000), LIMITS)

    def test_a_webp_bomb_is_refused_before_its_canvas_is_allocated(self) -> None:
        still = file_of(Image.new("RGB", (16, 16)), "WEBP", lossless=True)[12:]
        frame = b"\0" * 6 + (15).to_bytes(3, "little") * 2 + b"\0" * 4 + still
        canvas = b"\2\0\0\0" + (16383).to_bytes(3, "little") * 2
        parts = ((b"VP8X", canvas), (b"ANIM", b"\0" * 6), (b"ANMF", frame))
        body = b"WEBP" + b"".join(kind + struct.pack("<I", len(part)) + part for kind, part in parts)
        with pytest.raises(PictureTooLarge):
            images.decode(b"RIFF" + struct.pack("<I", len(body)) + body, LIMITS)

    def test_a_decompression_bomb_in_a_text_is_not_decompressed(self) -> None:
        text = chunk(b"zTXt", b"comment\0\0" + zlib.compress(b"\0" * 70_000_000))
        assert images.decode(png(40, 40, b"\0" * 5000, text), LIMITS).size == (40, 40)

    @pytest.mark.parametrize(("size", "sentence"), [((3, 3), "3 x 3 pixels; each side needs at least 32"), ((400, 31), "400 x 31")])
    def test_a_tiny_picture_is_refused(self, size: tuple[int, int], sentence: str) -> None:
        with pytest.raises(PictureTooSmall, match=sentence):
            images.decode(file_of(Image.new("RGB", size)), LIMITS)

    def test_a_very_long_and_narrow_picture_is_refused(self) -> None:
        with pytest.raises(PictureTooSmall, match="at most 20 times the short one"):
            images.decode(file_of(Image.new("L", (700, 34))), LIMITS)

    def test_a_large_file_is_refused_without_reading_it(self, tmp_path: Path) -> None:
        path = tmp_path / "long.jpg"
        with path.open("wb") as file:
            file.write(b"\xff\xd8\xff")
            file.truncate(10**12)  # a hole: it takes no room, and would take a while to read
        with pytest.raises(PictureTooLarge, match="larger than 2 MB"):
            images.read(path, LIMITS)

    def test_the_sentences_name_no_library(self) -> None:
        for data in (*NOT_PICTURES.values(), b"", b"\xff\xd8\xff", png(9999, 9999, b""), file_of(Image.new("L", (3, 3)))):
            with pytest.raises(PasticheError) as caught:
                images.decode(data, LIMITS)
            assert not any(word in str(caught.value).lower() for word in ("pil", "decoder", "zlib", "exception", "bytesio"))


class TestFiles:
    def test_a_picture_is_read_from_its_file(self, tmp_path: Path) -> None:
        path = tmp_path / "scene.png"
        path.write_bytes(file_of(scene()))
        assert near(images.read(path, LIMITS), scene(), tolerance=0.1)

    def test_a_missing_file_is_reported(self, tmp_path: Path) -> None:
        with pytest.raises(FileUnreadable, match="no such file"):
            images.read(tmp_path / "nowhere.jpg", LIMITS)

    def test_a_folder_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(FileUnreadable):
            images.read(tmp_path, LIMITS)

    def test_a_read_error_is_reported(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        def refuse(*_: object) -> None:
            raise PermissionError

        path = tmp_path / "locked.jpg"
        path.touch()
        monkeypatch.setattr(Path, "open", refuse)
        with pytest.raises(FileUnreadable, match="cannot be read"):
            images.read(path, LIMITS)

    def test_limits_come_from_the_settings(self) -> None:
        settings = Settings(max_bytes=1, max_pixels=2, min_side=3)
        assert Limits.of(settings) == Limits(max_bytes=1, max_pixels=2, min_side=3)


class TestEncoding:
    @pytest.mark.parametrize("format", WEB_FORMATS)
    def test_an_encoded_picture_can_be_decoded(self, format: Format) -> None:
        data = images.encode(scene(), format)
        assert near(images.decode(data, LIMITS), scene(), tolerance=6)
        assert Image.open(BytesIO(data)).get_format_mimetype() == format.media_type

    @pytest.mark.parametrize("format", [Format.PNG, Format.WEBP])
    def test_transparency_is_encoded(self, format: Format) -> None:
        half = Image.new("RGBA", (64, 64), (255, 0, 0, 128))
        assert images.decode(images.encode(half, format), LIMITS).getchannel("A").getextrema() == (128, 128)

    @pytest.mark.parametrize("format", [Format.JPEG, Format.TIFF])
    def test_transparency_becomes_white_where_there_is_none(self, format: Format) -> None:
        opened = Image.open(BytesIO(images.encode(Image.new("RGBA", (64, 64), (0, 0, 0, 0)), format)))
        assert (opened.mode, opened.getpixel((32, 32))) == ("RGB", WHITE)

    @pytest.mark.parametrize("format", [Format.JPEG, Format.WEBP])
    def test_higher_quality_needs_more_bytes(self, format: Format) -> None:
        assert len(images.encode(noise(), format, quality=30)) < len(images.encode(noise(), format, quality=90))

    @pytest.mark.parametrize("format", list(Format))
    def test_a_large_picture_that_is_all_noise_can_be_encoded(self, format: Format) -> None:
        assert Image.open(BytesIO(images.encode(noise(1200), format, quality=94))).size == (1200, 1200)

    @pytest.mark.parametrize("make", [lambda: scene().quantize(4), lambda: scene().convert("L"), lambda: scene().convert("CMYK")])
    def test_any_mode_can_be_encoded(self, make: Callable[[], Image.Image]) -> None:
        assert images.decode(images.encode(make(), Format.PNG), LIMITS).size == (96, 64)

    @pytest.mark.parametrize(
        ("name", "format"), [("a.JPG", Format.JPEG), ("a.jpeg", Format.JPEG), ("a.webp", Format.WEBP), ("a.gif", None)]
    )
    def test_a_file_extension_selects_a_format(self, name: str, format: Format | None) -> None:
        assert images.format_of(Path(name)) is format

    def test_a_format_has_a_file_extension(self) -> None:
        assert [format.suffix for format in Format] == [".jpg", ".png", ".webp", ".tif"]
