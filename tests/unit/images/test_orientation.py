"""The orientation of a picture, wherever a file states it."""

import struct
import zlib
from io import BytesIO
from typing import Any

import pytest
from PIL import ExifTags, Image, ImageOps

from nst import images
from nst.images.headers.orientation import decode_raw_profile, from_xmp
from tests.support.picture_files import LIMITS, chunk, file_of, near, scene

NAMESPACE = b"http://ns.adobe.com/tiff/1.0/"
START = b"http://ns.adobe.com/xap/1.0/\0"
FORMATS = ("JPEG", "PNG", "WEBP")


def exif_of(value: int | None) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Software] = "a program"
    if value is not None:
        exif[ExifTags.Base.Orientation] = value
    return exif.tobytes()


def xmp_of(claim: bytes) -> bytes:
    return (
        b'<?xpacket begin="\xef\xbb\xbf"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description rdf:about="" ' + claim + b"</rdf:Description></rdf:RDF></x:xmpmeta>"
    )


ATTRIBUTE = xmp_of(b'xmlns:tiff="%s" tiff:Make="A" tiff:Orientation="6">' % NAMESPACE)
WAYS = {
    "an attribute": ATTRIBUTE,
    "an attribute in single quotes": xmp_of(b"xmlns:tiff='%s' tiff:Orientation = '6'>" % NAMESPACE),
    "an element": xmp_of(b'xmlns:tiff="%s"><tiff:Orientation>6</tiff:Orientation>' % NAMESPACE),
    "an element with spaces": xmp_of(b'xmlns:tiff="%s"><tiff:Orientation>\n 6\n </tiff:Orientation>' % NAMESPACE),
    "another prefix": xmp_of(b'xmlns:ns1="%s" ns1:Orientation="6">' % NAMESPACE),
}


def with_segments(*bodies: bytes) -> bytes:
    data = file_of(scene(), "JPEG", quality=95)
    return data[:2] + b"".join(b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body for body in bodies) + data[2:]


def with_chunks(*chunks: bytes) -> bytes:
    data = file_of(scene())
    return data[:33] + b"".join(chunks) + data[33:]


def xmp_chunk(packet: bytes, packed: bool = False) -> bytes:
    return chunk(b"iTXt", b"XML:com.adobe.xmp\0" + (b"\1" if packed else b"\0") + b"\0\0\0" + (zlib.compress(packet) if packed else packet))


def raw_profile(name: str, block: bytes) -> bytes:
    return (
        f"\n{name}\n{len(block):8}\n".encode()
        + b"\n".join(block.hex().encode()[place : place + 72] for place in range(0, 2 * len(block), 72))
        + b"\n"
    )


def with_xmp(format: str, packet: bytes, **options: Any) -> bytes:
    if format == "PNG":
        data = file_of(scene(), **options)
        return data[:33] + xmp_chunk(packet) + data[33:]
    return file_of(scene(), format, quality=95, xmp=packet, **options)


def is_turned(data: bytes) -> bool:
    """Turned 90 degrees clockwise, as orientation 6 requires."""
    picture = images.decode(data, LIMITS)
    assert near(picture, scene().transpose(Image.Transpose.ROTATE_270) if picture.height > picture.width else scene(), tolerance=12)
    return picture.height > picture.width


class TestXmp:
    @pytest.mark.parametrize("packet", WAYS.values(), ids=WAYS)
    @pytest.mark.parametrize("format", FORMATS)
    def test_the_orientation_is_read_from_xmp(self, format: str, packet: bytes) -> None:
        assert is_turned(with_xmp(format, packet))

    @pytest.mark.parametrize("value", range(1, 9))
    def test_every_orientation_is_applied(self, value: int) -> None:
        data = with_xmp("PNG", ATTRIBUTE.replace(b'"6"', b'"%d"' % value))
        expected = ImageOps.exif_transpose(Image.open(BytesIO(file_of(scene(), exif=exif_of(value)))))
        assert near(images.decode(data, LIMITS), expected.convert("RGB"), tolerance=0.1)

    @pytest.mark.parametrize("format", FORMATS)
    def test_exif_has_priority_over_xmp(self, format: str) -> None:
        assert not is_turned(with_xmp(format, ATTRIBUTE, exif=exif_of(1)))

    @pytest.mark.parametrize("format", FORMATS)
    @pytest.mark.parametrize("value", [None, 0, 9])
    def test_xmp_counts_when_exif_states_nothing(self, format: str, value: int | None) -> None:
        assert is_turned(with_xmp(format, ATTRIBUTE, exif=exif_of(value)))

    def test_a_compressed_text_of_a_png_is_decompressed(self) -> None:
        assert is_turned(with_chunks(xmp_chunk(ATTRIBUTE, packed=True)))

    def test_a_decompression_bomb_in_a_text_is_not_decompressed(self) -> None:
        assert not is_turned(with_chunks(xmp_chunk(b" " * 50_000_000 + ATTRIBUTE, packed=True)))

    @pytest.mark.parametrize(
        "packet",
        [
            b"",
            b"tiff:Orientation",
            ATTRIBUTE.replace(b'"6"', b'"9"'),
            ATTRIBUTE.replace(b'"6"', b'"66"'),
            ATTRIBUTE.replace(b"tiff:Orientation", b"exif:Orientation"),
            b"xmlns:" * 100_000,
            (b"tiff:Orientation" + b" " * 1000) * 1000,
            b" " * 5_000_000 + ATTRIBUTE,
        ],
    )
    def test_a_malformed_packet_has_no_orientation(self, packet: bytes) -> None:
        assert from_xmp(packet) is None


class TestExif:
    def test_the_second_block_counts_when_the_first_states_nothing(self) -> None:
        assert is_turned(with_segments(exif_of(None), exif_of(6)))
        assert is_turned(with_segments(b"Exif\0\0nonsense", exif_of(6)))

    def test_the_first_of_two_blocks_counts(self) -> None:
        assert not is_turned(with_segments(exif_of(1), exif_of(6)))

    @pytest.mark.parametrize("padding", [b"\0", b"\xff"])
    def test_the_byte_after_its_name_may_be_any(self, padding: bytes) -> None:
        assert is_turned(with_segments(b"Exif\0" + padding + exif_of(6)[6:]))

    @pytest.mark.parametrize("name", ["exif", "APP1"])
    @pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt"])
    @pytest.mark.parametrize("start", [b"Exif\0\0", b""])
    def test_the_orientation_is_read_from_a_hexadecimal_profile(self, name: str, kind: bytes, start: bytes) -> None:
        text = raw_profile(name.lower(), start + exif_of(6)[6:])
        body = {b"tEXt": text, b"zTXt": b"\0" + zlib.compress(text), b"iTXt": b"\1\0\0\0" + zlib.compress(text)}[kind]
        assert is_turned(with_chunks(chunk(kind, f"Raw profile type {name}".encode() + b"\0" + body)))

    def test_a_hexadecimal_profile_may_be_xmp(self) -> None:
        assert is_turned(with_chunks(chunk(b"tEXt", b"Raw profile type APP1\0" + raw_profile("app1", START + ATTRIBUTE))))
        assert is_turned(with_chunks(chunk(b"tEXt", b"Raw profile type xmp\0" + raw_profile("xmp", ATTRIBUTE))))

    @pytest.mark.parametrize(
        "text", [b"", b"\nexif\n", b"\nexif\n 4\nzz", b"\nexif\n 4\nabc", b"\nexif\n" + b" " * 100_000, b"\n" * 100_000]
    )
    def test_a_malformed_hexadecimal_profile_is_empty(self, text: bytes) -> None:
        assert decode_raw_profile(text) == b""

    def test_an_exif_chunk_of_a_png_has_priority_over_texts(self) -> None:
        text = chunk(b"tEXt", b"Raw profile type exif\0" + raw_profile("exif", exif_of(6)))
        data = file_of(scene(), exif=exif_of(1))
        assert not is_turned(data[:33] + text + data[33:])
