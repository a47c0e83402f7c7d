"""The jobs of RQ's workers in `benchmarks.fleet`: the same pictures, decoded, encoded and stored in the same way."""

from pathlib import Path

from nst import images
from nst.images import Format, Limits
from nst.settings import Settings

_LIMITS = Limits.of(Settings())


def paint(photo: str, style: str, painting: str) -> None:
    picture = images.decode(Path(photo).read_bytes(), _LIMITS)
    images.decode(Path(style).read_bytes(), _LIMITS)
    Path(painting).write_bytes(images.encode(picture, Format.JPEG, 95))


def nothing(_photo: str, _style: str, _painting: str) -> None:
    """The job of queues that are never emptied."""
