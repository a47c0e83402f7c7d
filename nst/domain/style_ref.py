"""The styles of a job, as its record has them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class StyleRef:
    """A style of a job: the id of one on offer, or the object key of a picture that the visitor uploaded.

    Attributes:
        share: relative to the sum of all shares.
        digest: SHA-256 of the style's file at the time of submission; None in records of earlier versions, and for uploads.
        part: of a region's style: the object key of the mask of the part of its picture that is used, or the name of a region that is found
            in that picture; None for the whole picture.
    """

    name: str
    share: float = 1.0
    digest: str | None = None
    part: str | None = None

    @property
    def is_upload(self) -> bool:
        return "/" in self.name


def digests_of(styles: Iterable[StyleRef]) -> dict[str, str]:
    """The digests of a job's styles by name. Records keep them apart from names and shares, which earlier versions read."""
    return {style.name: style.digest for style in styles if style.digest}


def styles_of(shares: Iterable[tuple[str, float]], digests: Mapping[str, str]) -> tuple[StyleRef, ...]:
    """The styles of a job from (name, share) pairs and digests by name: the inverse of `digests_of`."""
    return tuple(StyleRef(name, share, digests.get(name)) for name, share in shares)
