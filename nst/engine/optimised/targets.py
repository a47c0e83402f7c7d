"""What an optimised painting is compared with: the moments of its styles by layer. Those of recent style pictures are kept."""

from collections.abc import Hashable, Mapping, Sequence
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from nst.domain import StyleParams, StyleShare
from nst.engine.encoders.registry import STYLE_LAYERS, Encoder
from nst.engine.guides import Guides, style_guidance
from nst.engine.inputs import RenderInputs
from nst.engine.moments import Moments, blend, guided_moments, moments
from nst.engine.optimised.areas import Area
from nst.engine.optimised.sums import Sums
from nst.engine.regions import BlendedPart, Part, StyleTensor
from nst.engine.tensors import Size
from nst.lru import LRUCache

# Moments by layer.
StyleMoments = Mapping[str, Moments]
# Style pictures of one size whose moments are kept: 150 kB each with the compact encoder, 2.4 MB with VGG-19. A painting with eight
# styles has 24 at three scales.
KEPT = 32


Target = BlendedPart[Moments]


class StyleTargets:
    """Encodes style pictures of paintings, or remembers their moments."""

    def __init__(self, encoder: Encoder, sums: Sums, params: StyleParams) -> None:
        self._kept = _kept_of(encoder)
        self._sums, self._layers = sums, list(layer_weights(params))

    def of(self, inputs: RenderInputs, long_side: int) -> list[Target]:
        """The targets of all parts, for a painting with that long side."""

        def found(part: int, index: int) -> StyleMoments:
            key = (inputs.style_key(part, index, long_side), *self._layers)
            return self._kept.get_or_make(key, lambda: encoded(self._sums, inputs.style(part, index, long_side), self._layers))

        return [
            blended([StyleShare(found(number, index), style.share) for index, style in enumerate(part.styles)], part.strength)
            for number, part in enumerate(inputs.parts)
        ]


_by_encoder: WeakKeyDictionary[Encoder, LRUCache[Hashable, StyleMoments]] = WeakKeyDictionary()


def _kept_of(encoder: Encoder) -> LRUCache[Hashable, StyleMoments]:
    return _by_encoder.setdefault(encoder, LRUCache(KEPT))


def layer_weights(params: StyleParams) -> dict[str, float]:
    """Weights of the style layers, summing to 1."""
    chosen = dict(params.layer_weights) if params.layer_weights else dict.fromkeys(STYLE_LAYERS, 1.0)
    total = sum(chosen.values())
    return {layer: weight / total for layer, weight in chosen.items() if weight > 0}


def target(sums: Sums, part: Part[StyleTensor], params: StyleParams) -> Target:
    """The target of one part. Pictures are encoded one after another, and only their moments are kept."""
    layers = list(layer_weights(params))
    return blended([StyleShare(encoded(sums, style.style, layers), style.share) for style in part.styles], part.strength)


def blended(styles: Sequence[StyleShare[StyleMoments]], strength: float) -> Target:
    layers = styles[0].style
    return Target({layer: blend([StyleShare(found.style[layer], found.share) for found in styles]) for layer in layers}, strength)


@torch.no_grad()
def encoded(sums: Sums, style: StyleTensor, layers: Sequence[str]) -> StyleMoments:
    """Moments of what is shown of a style picture, by layer."""
    shown: dict[Size, Tensor] = {}

    def moment_sums(features: Tensor, area: Area) -> tuple[Tensor, Tensor]:
        if style.weights is None:
            found = moments(area.crop(features))
            return area.share * found.mean, area.share * found.second
        if area.size not in shown:
            shown[area.size] = style_guidance(style.weights, area.size)
        found = guided_moments(area.crop(features), Guides(area.of(shown[area.size]))).part(0)
        return found.mean, found.second

    pairs = sums(style.pixels, [(layer, moment_sums) for layer in layers])
    return {layer: Moments(*pair) for layer, pair in zip(layers, pairs, strict=True)}
