"""Files with missing or additional last bytes: complete pictures are accepted, cut ones are refused."""

import struct
from contextlib import suppress
from itertools import product
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nst import images
from nst.errors import TruncatedPicture
from tests.support.picture_files import LIMITS, chunk, file_of, near, noise, scene, swapped_profile

KINDS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "restart markers": {"restart_marker_blocks": 1},
    "optimised": {"optimize": True},
    "progressive": {"progressive": True},
    "fine": {"quality": 97, "subsampling": 0},
}
PADDING = {
    "nothing": b"",
    "half of the mark": b"\xff",
    "zeros": b"\0" * 3000,
    "fill": b"\xff" * 300,
    "zeros and fill": b"\0" * 512 + b"\xff" * 512,
    "fill and zeros": b"\xff" * 512 + b"\0" * 512,
    "text": b"hello world " * 30,
    "a line's end": b"\r\n",
}
DOUBTFUL = {
    "grey": Image.new("RGB", (200, 120), (128, 128, 128)),
    "plain": Image.new("L", (200, 120), 17),
    "grey corner": Image.new("RGB", (96, 96), "red"),
}
DOUBTFUL["grey corner"].paste((128, 128, 128), (48, 48, 96, 96))


def same(data: bytes, whole: bytes) -> bool:
    return np.array_equal(np.asarray(images.decode(data, LIMITS)), np.asarray(images.decode(whole, LIMITS)))


class TestJpeg:
    @pytest.mark.parametrize(("kind", "padding"), [*product(KINDS, PADDING)])
    def test_a_picture_without_an_end_marker_is_complete(self, kind: str, padding: str) -> None:
        whole = file_of(noise(), "JPEG", **KINDS[kind])
        assert same(whole[:-2] + PADDING[padding], whole)

    @pytest.mark.parametrize(("kind", "picture", "padding"), [*product(KINDS, DOUBTFUL, ["nothing", "zeros", "text"])])
    def test_a_plain_grey_picture_is_complete(self, kind: str, picture: str, padding: str) -> None:
        whole = file_of(DOUBTFUL[picture], "JPEG", **KINDS[kind])
        assert same(whole, whole)
        assert same(whole[:-2] + PADDING[padding], whole)

    @pytest.mark.parametrize(("kind", "kept"), [*product(KINDS, [0.2, 0.5, 0.8, 0.95])])
    @pytest.mark.parametrize("padding", ["nothing", "zeros"])
    def test_a_picture_that_is_cut_is_refused_whatever_follows_the_cut(self, kind: str, kept: float, padding: str) -> None:
        whole = file_of(noise(), "JPEG", **KINDS[kind])
        with pytest.raises(TruncatedPicture):
            images.decode(whole[: int(kept * len(whole))] + PADDING[padding], LIMITS)

    @pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "progressive"])
    @pytest.mark.parametrize("tail", [b"", b"\0" * 3000])
    def test_an_end_marker_after_the_cut_does_not_help(self, kind: str, tail: bytes) -> None:
        whole = file_of(noise(), "JPEG", **KINDS[kind])
        with pytest.raises(TruncatedPicture):
            images.decode(whole[: len(whole) // 2] + tail + b"\xff\xd9", LIMITS)

    @pytest.mark.parametrize("missing", range(3, 24))
    @pytest.mark.parametrize("kind", KINDS)
    def test_a_picture_without_its_last_bytes_is_refused_or_unchanged(self, kind: str, missing: int) -> None:
        whole = file_of(noise(), "JPEG", **KINDS[kind])
        with suppress(TruncatedPicture):
            assert same(whole[:-missing], whole)

    def test_a_progressive_picture_whose_last_scans_are_missing_is_refused(self) -> None:
        whole = file_of(noise(), "JPEG", progressive=True)
        with pytest.raises(TruncatedPicture):
            images.decode(whole[: whole.rindex(b"\xff\xda")], LIMITS)

    def test_a_progressive_picture_that_ends_early_on_purpose_is_accepted(self) -> None:
        whole = file_of(scene(), "JPEG", progressive=True)
        assert near(images.decode(whole[: whole.rindex(b"\xff\xc4")] + b"\xff\xd9", LIMITS), scene(), tolerance=12)

    def test_a_reduced_picture_is_checked_as_well(self) -> None:
        whole = file_of(noise(512), "JPEG")
        assert images.decode(whole[:-2], LIMITS, max_side=64).size == (64, 64)
        with pytest.raises(TruncatedPicture):
            images.decode(whole[: len(whole) // 2], LIMITS, max_side=64)


def with_wrong_checksum(data: bytes, kind: bytes) -> bytes:
    place = data.index(kind)
    end = place + 4 + int.from_bytes(data[place - 4 : place])
    return data[:end] + bytes([data[end] ^ 0xFF]) + data[end + 1 :]


class TestPng:
    @pytest.mark.parametrize("missing", [1, 4, 11, 12, 13, 16])
    def test_a_picture_without_its_last_chunk_is_complete(self, missing: int) -> None:
        whole = file_of(noise())
        assert same(whole[:-missing], whole)

    @pytest.mark.parametrize("missing", [24, 30, 100, 5000])
    def test_a_picture_whose_pixels_are_cut_is_refused(self, missing: int) -> None:
        with pytest.raises(TruncatedPicture):
            images.decode(file_of(noise())[:-missing], LIMITS)

    @pytest.mark.parametrize("kind", [b"pHYs", b"iCCP", b"tRNS", b"tEXt", b"IEND"])
    def test_a_wrong_checksum_of_an_optional_chunk_is_ignored(self, kind: bytes) -> None:
        data = file_of(scene().quantize(4), dpi=(72, 72), icc_profile=swapped_profile(), transparency=bytes([0, 9, 9, 9]))
        data = data.replace(b"\0\0\0\0IEND", chunk(b"tEXt", b"a\0b") + b"\0\0\0\0IEND")
        assert images.decode(with_wrong_checksum(data, kind), LIMITS).size == (96, 64)

    @pytest.mark.parametrize("kind", [b"IHDR", b"PLTE"])
    def test_a_wrong_checksum_of_a_critical_chunk_is_refused(self, kind: bytes) -> None:
        with pytest.raises(TruncatedPicture):
            images.decode(with_wrong_checksum(file_of(scene().quantize(4)), kind), LIMITS)


class TestWebp:
    @pytest.mark.parametrize("side", range(64, 80))
    @pytest.mark.parametrize("lossless", [False, True])
    def test_the_stated_file_length_does_not_matter(self, side: int, lossless: bool) -> None:
        whole = file_of(noise(side), "WEBP", lossless=lossless)
        for off in (-9, -1, 1, 2, 1000):
            assert same(whole[:4] + struct.pack("<I", len(whole) - 8 + off) + whole[8:], whole)
        if int.from_bytes(whole[16:20], "little") % 2:
            assert same(whole[:4] + struct.pack("<I", len(whole) - 9) + whole[8:-1], whole)

    @pytest.mark.parametrize("missing", [3, 10, 100])
    def test_a_picture_that_is_cut_is_refused(self, missing: int) -> None:
        with pytest.raises(TruncatedPicture):
            images.decode(file_of(noise(), "WEBP")[:-missing], LIMITS)
