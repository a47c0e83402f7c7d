"""Bodies that servers compress although they are asked not to."""

import gzip
import tracemalloc
import zlib
from collections.abc import Callable, Iterator

import brotli
import pytest
import zstandard

from nst.web.content_encoding import CHUNK_BYTES, DecodingError, decode

BODY = bytes(range(256)) * 2000
ENCODE: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "GZIP": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}


def raw_deflate(data: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return engine.compress(data) + engine.flush()


def cut(data: bytes, size: int) -> Iterator[bytes]:
    yield from (data[start : start + size] for start in range(0, len(data), size))


@pytest.mark.parametrize("size", [1, 7, 1000, 10**7])
@pytest.mark.parametrize("encoding", ENCODE)
def test_a_body_is_decoded_whatever_its_chunks(encoding: str, size: int) -> None:
    chunks = list(decode(cut(ENCODE[encoding](BODY), size), encoding))
    assert b"".join(chunks) == BODY
    assert max(map(len, chunks)) <= 2 * CHUNK_BYTES


@pytest.mark.parametrize("size", [1, 1000])
def test_deflate_is_decoded_without_its_zlib_header(size: int) -> None:
    assert b"".join(decode(cut(raw_deflate(BODY), size), "deflate")) == BODY


def test_several_encodings_are_decoded_from_the_last() -> None:
    assert b"".join(decode(cut(brotli.compress(gzip.compress(BODY)), 999), "gzip, br")) == BODY


@pytest.mark.parametrize("data", [gzip.compress(BODY) + gzip.compress(b"more"), gzip.compress(BODY + b"more") + bytes(512)])
def test_gzip_members_are_joined_and_padding_is_ignored(data: bytes) -> None:
    assert b"".join(decode(cut(data, 5000), "gzip")) == BODY + b"more"


@pytest.mark.parametrize("encoding", ["", "identity", "utf-8", "aws-chunked", "gzip", "none"])
def test_data_that_is_not_encoded_is_passed_on_unchanged(encoding: str) -> None:
    assert b"".join(decode(cut(b"\xff\xd8\xff" + BODY, 1000), encoding)) == b"\xff\xd8\xff" + BODY


@pytest.mark.parametrize("encoding", ENCODE)
def test_a_body_that_breaks_off_is_decoded_as_far_as_it_goes(encoding: str) -> None:
    data = ENCODE[encoding](BODY)
    assert BODY.startswith(b"".join(decode(iter([data[: len(data) // 2]]), encoding)))


@pytest.mark.parametrize("encoding", ENCODE)
def test_an_empty_body_is_empty(encoding: str) -> None:
    assert b"".join(decode(iter([]), encoding)) == b""


@pytest.mark.parametrize(
    ("encoding", "data"), [("gzip", b"\x1f\x8b" + b"?" * 99), ("deflate", b"?" * 99), ("br", b"?" * 99), ("zstd", b"?" * 99)]
)
def test_malformed_data_raises_an_error(encoding: str, data: bytes) -> None:
    with pytest.raises(DecodingError):
        list(decode(iter([data]), encoding))


def test_too_many_encodings_are_refused() -> None:
    with pytest.raises(DecodingError):
        decode(iter([BODY]), ", ".join(["gzip"] * 9))


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
def test_a_decompression_bomb_is_never_in_memory_as_a_whole(encoding: str) -> None:
    bomb = bytes(200_000_000)
    for name in encoding.split(", "):
        bomb = ENCODE[name](bomb)
    tracemalloc.start()
    assert sum(map(len, decode(iter([bomb]), encoding))) == 200_000_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000
