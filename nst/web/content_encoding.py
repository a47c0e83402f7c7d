"""Decodes Content-Encoding chunk by chunk, so that a decompression bomb is never in memory as a whole.

Some servers compress although they are asked not to. Unknown encodings, and gzip data that is not gzip, are passed on unchanged.
"""

import zlib
from collections.abc import Callable, Iterator
from itertools import chain
from typing import BinaryIO, cast

CHUNK_BYTES = 1 << 16  # of decoded data
MAX_ENCODINGS = 3  # of one body
_MAX_WINDOW = 8 << 20  # bytes, the limit of RFC 9659 for zstd

Chunks = Iterator[bytes]


class DecodingError(Exception):
    """The data is not what its encoding says."""


def decode(chunks: Chunks, content_encoding: str) -> Chunks:
    """Decode a body into chunks of about 64 kB at most.

    Args:
        content_encoding: the value of the header.

    Raises:
        DecodingError: at once for too many encodings, and while the chunks are read for malformed data.
    """
    names = [name.strip().lower() for name in content_encoding.split(",")]
    known = [_DECODERS[name] for name in names if name in _DECODERS]
    if len(known) > MAX_ENCODINGS:
        raise DecodingError
    for decoder in reversed(known):
        chunks = decoder(chunks)
    return chunks


def _gzip(chunks: Chunks) -> Chunks:
    start, chunks = _peek(chunks)
    return _inflate(chunks, zlib.MAX_WBITS | 16) if start == b"\x1f\x8b" else chunks


def _deflate(chunks: Chunks) -> Chunks:
    """With zlib's header, as in RFC 9110, or without, as some servers send it."""
    start, chunks = _peek(chunks)
    is_wrapped = len(start) == 2 and start[0] & 15 == 8 and int.from_bytes(start) % 31 == 0
    return _inflate(chunks, zlib.MAX_WBITS if is_wrapped else -zlib.MAX_WBITS)


def _inflate(chunks: Chunks, window: int) -> Chunks:
    engine = zlib.decompressobj(window)
    for chunk in chunks:
        rest = chunk
        while rest:
            try:
                yield engine.decompress(rest, CHUNK_BYTES)
            except zlib.error as error:
                raise DecodingError from error
            rest = engine.unconsumed_tail
            if engine.eof:
                rest = engine.unused_data
                if not rest.startswith(b"\x1f\x8b"):  # gzip may have further members; anything else is padding
                    return
                engine = zlib.decompressobj(window)
    yield engine.flush()


def _brotli(chunks: Chunks) -> Chunks:
    import brotli

    engine = brotli.Decompressor()
    try:
        for chunk in chunks:
            yield engine.process(chunk, output_buffer_limit=CHUNK_BYTES)
            while rest := engine.process(b"", output_buffer_limit=CHUNK_BYTES):  # output may remain after all input was taken
                yield rest
            if engine.is_finished():
                return
    except brotli.error as error:
        raise DecodingError from error


def _zstd(chunks: Chunks) -> Chunks:
    import zstandard

    engine = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW)
    try:
        with engine.stream_reader(cast(BinaryIO, _ChunkFile(chunks)), read_across_frames=True) as reader:
            while chunk := reader.read(CHUNK_BYTES):
                yield chunk
    except zstandard.ZstdError as error:
        raise DecodingError from error


class _ChunkFile:
    """A file-like object that reads from chunks."""

    def __init__(self, chunks: Chunks) -> None:
        self._chunks = chunks
        self._rest = b""

    def read(self, size: int) -> bytes:
        while not self._rest and (chunk := next(self._chunks, None)) is not None:
            self._rest = chunk
        data, self._rest = self._rest[:size], self._rest[size:]
        return data


def _peek(chunks: Chunks) -> tuple[bytes, Chunks]:
    """The first two bytes, and an iterator over all chunks, which includes them."""
    start = b""
    while len(start) < 2 and (chunk := next(chunks, None)) is not None:
        start += chunk
    return start[:2], chain([start] if start else [], chunks)


_DECODERS = cast(
    dict[str, Callable[[Chunks], Chunks]],
    {"gzip": _gzip, "x-gzip": _gzip, "deflate": _deflate, "br": _brotli, "zstd": _zstd},
)
