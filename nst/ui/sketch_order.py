"""What the sketches of a draft are made of."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial

from nst.domain import StyleParams, StyleShare
from nst.preview import Growth, RegionRequest
from nst.ui import singletons
from nst.ui.draft import Draft
from nst.ui.frame import Visit
from nst.ui.parts import Layer, is_own
from nst.ui.pictures import Picture

_SHOWN_PARAMS = ("strength", "style_scale", "keep_colours", "smoothness", "loss", "seed")  # parameters that change a sketch
_DEFAULTS = StyleParams()


@dataclass(frozen=True)
class SketchOrder:
    """Two orders are equal if their sketches are.

    Attributes:
        digests: of the style pictures, which the operator may replace at any time.
    """

    photo: Picture
    shares: tuple[StyleShare[str], ...]
    layers: tuple[Layer, ...]
    digests: tuple[str, ...]
    own_styles: tuple[tuple[str, Picture], ...]
    params: StyleParams


@dataclass(frozen=True)
class SketchPictures:
    """The pictures of an order, for the previews."""

    viewer: str
    network: str | None
    photo: bytes
    styles: tuple[StyleShare[bytes], ...]
    regions: list[RegionRequest]

    def request(self, params: StyleParams, slot: str = "") -> "Future[bytes]":
        """
        Raises:
            PreviewsOff, PreviewsBusy: when there are no sketches now.
        """
        previews = singletons.previews()
        return previews.request(self.viewer, self.photo, self.styles, params, slot=slot, regions=self.regions, network=self.network)

    def grow(self, params: StyleParams) -> Growth | None:
        return singletons.previews().grow(self.viewer, self.photo, self.styles, params, self.regions)


def order_of(visit: Visit, now: Draft) -> SketchOrder:
    """
    Raises:
        PasticheError: when a style is gone.
    """
    assert now.photo is not None  # noqa: S101 -- without one, there is no sketch
    shares, layers = now.base_shares(), tuple(layer for layer in now.layers() if isinstance(layer.mask, bytes))
    digests = tuple(_digest(visit, each.style) for each in (*shares, *(each for layer in layers for each in layer.shares)))
    params = replace(_DEFAULTS, **{name: getattr(now.params(), name) for name in _SHOWN_PARAMS})
    return SketchOrder(now.photo, shares, layers, digests, tuple(now.own_styles.items()), params)


def pictures_of(visit: Visit, order: SketchOrder) -> SketchPictures:
    """
    Raises:
        PasticheError: when a style is gone.
    """
    files = partial(_style_files, visit, dict(order.own_styles))
    regions = [RegionRequest(each.mask, files(each.shares), each.strength, each.style_masks) for each in order.layers]
    return SketchPictures(visit.viewer, visit.network, order.photo.small, files(order.shares), regions)


def _digest(visit: Visit, style: str) -> str:
    return "" if is_own(style) else visit.service.style(style).digest


def _style_files(visit: Visit, own: dict[str, Picture], shares: Sequence[StyleShare[str]]) -> tuple[StyleShare[bytes], ...]:
    return tuple(
        StyleShare(own[each.style].small if each.style in own else visit.service.style_file(each.style), each.share) for each in shares
    )
