"""nst.images.decoders: bounded memory, and pictures that are reduced while they are decoded."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image

from nst import images
from nst.errors import PictureTooLarge
from nst.images import WEB_FORMATS, Format, Limits
from nst.settings import Settings
from tests.support.picture_files import file_of, near, noise, png

ROOT = Path(__file__).parents[3]
LIMITS = Limits.of(Settings())
MEGABYTE = 1_000_000
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="memory is measured as Linux does")


def gradient(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """A smooth picture with large shapes, like a photo."""
    cells = np.random.default_rng(3).integers(0, 256, (max(2, height // 64), max(2, width // 64), 4), dtype=np.uint8)
    return Image.fromarray(cells).resize((width, height), Image.Resampling.BICUBIC).convert(mode)


def thumbnail(picture: Image.Image, side: int) -> Image.Image:
    picture = picture.copy()
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    return picture


class TestMaxSide:
    @pytest.mark.parametrize("side", [200, 333, 900, 1500])
    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
    def test_reducing_while_decoding_equals_reducing_afterwards(self, format: str, side: int) -> None:
        data = file_of(gradient(1999, 1333), format, **({"compress_level": 1} if format == "PNG" else {"quality": 95}))
        reduced = images.decode(data, LIMITS, max_side=side)
        assert max(reduced.size) == side
        assert near(reduced, thumbnail(images.decode(data, LIMITS), side).resize(reduced.size), tolerance=1.0)

    @pytest.mark.parametrize("format", WEB_FORMATS)
    def test_a_smaller_picture_is_not_changed(self, format: Format) -> None:
        data = images.encode(noise(), format)
        assert near(images.decode(data, LIMITS, max_side=128), images.decode(data, LIMITS), tolerance=0.01)

    @pytest.mark.parametrize("mode", ["L", "1", "P", "LA", "RGBA", "CMYK", "I;16"])
    def test_pictures_of_every_mode_are_reduced(self, mode: str) -> None:
        picture = gradient(800, 601, "RGBA")
        picture = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257) if mode == "I;16" else picture.convert(mode)
        data = file_of(picture, "JPEG" if mode == "CMYK" else "PNG")
        reduced = images.decode(data, LIMITS, max_side=100)
        assert near(reduced, thumbnail(images.decode(data, LIMITS), 100), tolerance=3)

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_a_reduced_picture_is_turned_upright(self, orientation: int) -> None:
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = orientation
        data = file_of(gradient(1600, 1200), "JPEG", exif=exif)
        assert near(images.decode(data, LIMITS, max_side=300), thumbnail(images.decode(data, LIMITS), 300), tolerance=2)

    def test_strips_leave_no_seams(self) -> None:
        picture = gradient(2400, 2300)
        data = file_of(picture, "PNG", compress_level=1)
        found = np.asarray(images.decode(data, LIMITS, max_side=2000), dtype=int)
        at_once = np.asarray(picture.resize((2000, 1917), Image.Resampling.LANCZOS), dtype=int)
        assert np.abs(found - at_once).max() <= 1

    def test_transcode_uses_the_first_encoding_that_is_small_enough(self) -> None:
        data = file_of(noise(), "PNG")
        ways = ((Format.PNG, 100), (Format.JPEG, 90), (Format.JPEG, 20))
        assert images.transcode(data, LIMITS, ways)[0] is Format.PNG
        assert images.transcode(data, LIMITS, ways, max_bytes=40_000)[0] is Format.JPEG
        format, encoded = images.transcode(data, LIMITS, ways, max_bytes=1)
        assert (format, len(encoded) < 20_000) == (Format.JPEG, True)

    def test_transcode_has_other_encodings_for_transparency(self) -> None:
        data = file_of(Image.new("RGBA", (64, 64), (1, 2, 3, 100)))
        format, encoded = images.transcode(data, LIMITS, ((Format.JPEG, 90),), transparent=((Format.PNG, 90),))
        assert format is Format.PNG
        assert images.decode(encoded, LIMITS).mode == "RGBA"


@pytest.mark.slow
class TestLargePhotos:
    """Plain pictures: small files that need as much memory as any."""

    @pytest.mark.parametrize("mode", ["L", "RGB"])
    @pytest.mark.parametrize(("size", "decoded"), [((8160, 6144), (8160, 6144)), ((12000, 9000), (6000, 4500))])
    def test_a_jpeg_with_too_many_pixels_is_decoded_at_half_its_size(
        self, mode: str, size: tuple[int, int], decoded: tuple[int, int]
    ) -> None:
        data = file_of(Image.new(mode, size, "grey"), "JPEG")
        assert images.decode(data, LIMITS).size == decoded
        assert images.decode(data, LIMITS, max_side=4096).size == (4096, round(4096 * size[1] / size[0]))

    def test_a_jpeg_of_200_megapixels_is_accepted(self) -> None:
        data = file_of(Image.new("L", (16320, 12240), "grey"), "JPEG")
        assert images.decode(data, LIMITS, max_side=900).size == (900, 675)

    def test_other_formats_are_not_decoded_at_half_their_size(self) -> None:
        with pytest.raises(PictureTooLarge, match="12000 x 9000 pixels; at most 65 million"):
            images.decode(png(12000, 9000, b""), LIMITS)

    def test_a_jpeg_is_bounded_as_well(self) -> None:
        data = file_of(Image.new("L", (1100, 1000)), "JPEG")
        assert images.decode(data, Limits(10**6, 280_000, 32)).size == (550, 500)
        with pytest.raises(PictureTooLarge, match="at most 1 million"):
            images.decode(data, Limits(10**6, 250_000, 32))

    def test_the_coefficients_of_a_progressive_jpeg_count(self) -> None:
        data = file_of(Image.new("RGB", (1000, 1000)), "JPEG", progressive=True, subsampling=0)
        assert images.decode(data, Limits(10**6, 430_000, 32)).size == (500, 500)
        with pytest.raises(PictureTooLarge):
            images.decode(data, Limits(10**6, 420_000, 32))


MEASURED = """
import json, sys, threading
from pathlib import Path
from tests.unit.images.test_decoders import large
from nst import images
from nst.images import Format, Limits
from nst.settings import Settings

def memory(key):
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(key))
    return int(line.split()[1]) * 1024

kind, way, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
data, limits, done = large(kind), Limits.of(Settings()), []
ways = {
    "preview": lambda: images.decode(data, limits, max_side=900),
    "stored": lambda: images.transcode(data, limits, ((Format.JPEG, 95),), max_side=4096),
    "whole": lambda: images.decode(data, limits).size,
}
Path("/proc/self/clear_refs").write_text("5")
before = memory("VmRSS")
all_of_them = [threading.Thread(target=lambda: done.append(ways[way]())) for _ in range(threads)]
for thread in all_of_them: thread.start()
for thread in all_of_them: thread.join()
print(json.dumps({"done": len(done), "before": before, "peak": memory("VmHWM")}))
"""


def large(kind: str) -> bytes:
    """50 megapixels in a small file."""
    size = (8160, 6144)
    if kind == "png":
        return file_of(Image.new("RGBA", size, (90, 120, 150, 200)), "PNG", compress_level=1)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    return file_of(Image.new("RGB", size, (90, 120, 150)), kind.upper(), exif=exif)


def measured(kind: str, way: str, threads: int) -> dict[str, Any]:
    child = subprocess.run(
        [sys.executable, "-c", MEASURED, kind, way, str(threads)], cwd=ROOT, capture_output=True, encoding="utf-8", timeout=900, check=True
    )
    return dict(json.loads(child.stdout))


@on_linux
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("kind", "way", "threads"), [("jpeg", "stored", 8), ("png", "preview", 4), ("webp", "preview", 4)])
def test_concurrent_pictures_of_50_megapixels_share_a_bounded_memory(kind: str, way: str, threads: int) -> None:
    """Without the memory budget, four of the PNGs need 1.0 GB and the eight JPEGs 2.2 GB."""
    found = measured(kind, way, threads)
    assert found["done"] == threads
    assert found["peak"] < 900 * MEGABYTE
