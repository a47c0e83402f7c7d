"""What the app and the preview's child say to each other: pickled one after another through the child's standard input and output."""

from dataclasses import dataclass

from nst.domain import StyleParams


@dataclass(frozen=True)
class Order:
    """To paint a photo in styles, each with its share: pictures as encoded bytes."""

    photo: bytes
    styles: tuple[tuple[bytes, float], ...]
    params: StyleParams


@dataclass(frozen=True)
class Painted:
    """A JPEG; or a PNG where the photo is transparent."""

    picture: bytes


@dataclass(frozen=True)
class Failed:
    """A sentence for the visitor."""

    sentence: str


@dataclass(frozen=True)
class Ready:
    """The child has loaded its model."""


Answer = Painted | Failed | Ready
