"""Frames: how a model's process and its parent exchange messages, through the child's standard input and output.

    4 bytes      length of the header, unsigned, big-endian
    header       a JSON object in UTF-8: "kind", "attachments" (their lengths in bytes), and the message's other fields
    attachments  raw bytes, one after the other

Not pickle: a child that was taken over, by a picture that exploits its decoder, must not be able to run code in its parent.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

MAX_HEADER_BYTES = 2**20
MAX_ATTACHMENT_BYTES = 2**29  # all attachments of a frame; an uncompressed painting of 8192 x 8192 pixels has half as many
_LENGTH_BYTES = 4


class BadFrame(ValueError):
    """Bytes that are not a frame, or a frame that is not a message. Nothing that follows can be trusted."""


@dataclass(frozen=True)
class Frame:
    kind: str
    fields: Mapping[str, Any]
    attachments: tuple[bytes, ...] = ()

    def write(self, stream: IO[bytes]) -> None:
        """Writes nothing when the fields are not JSON.

        Raises:
            TypeError, ValueError: then.
            OSError: when the other process does not read any more.
        """
        header = json.dumps({**self.fields, "kind": self.kind, "attachments": [len(data) for data in self.attachments]}).encode()
        stream.write(len(header).to_bytes(_LENGTH_BYTES, "big") + header)
        for data in self.attachments:
            stream.write(data)
        stream.flush()


def read_frame(stream: IO[bytes]) -> Frame | None:
    """The next frame; None at the end of the stream, also in the middle of a frame.

    Raises:
        BadFrame: when the bytes are no frame. No more than the limits is read.
    """
    if len(prefix := stream.read(_LENGTH_BYTES)) < _LENGTH_BYTES:
        return None
    if (length := int.from_bytes(prefix, "big")) > MAX_HEADER_BYTES:
        raise BadFrame(f"a header of {length} bytes")
    if len(header := stream.read(length)) < length:
        return None
    kind, fields, lengths = _parsed(header)
    attachments = tuple(stream.read(length) for length in lengths)
    return Frame(kind, fields, attachments) if [len(data) for data in attachments] == lengths else None


def _parsed(header: bytes) -> tuple[str, dict[str, Any], list[int]]:
    try:
        fields = json.loads(header.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadFrame("a header that is not JSON") from error
    match fields:
        case {"kind": str(kind), "attachments": list(lengths)} if all(type(each) is int and each >= 0 for each in lengths):
            if sum(lengths) > MAX_ATTACHMENT_BYTES:
                raise BadFrame(f"attachments of {sum(lengths)} bytes")
            return kind, fields, lengths
    raise BadFrame("a header without a kind or without the lengths of attachments")
