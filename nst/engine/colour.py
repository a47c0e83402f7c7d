"""Colour preservation, after the transfer or before it.

Gatys, Bethge, Hertzmann and Shechtman 2016, "Preserving Color in Neural Artistic Style Transfer".
"""

import torch
from PIL import Image
from torch import Tensor

from nst.engine.guides import Guides
from nst.engine.moments import guided_moments, moments, moments_of_part, square_root


def transfer_luminance(photo: Image.Image, painting: Image.Image) -> Image.Image:
    """Combine the painting's luminance with the photo's chroma; both RGB and of one size."""
    luminance = painting.convert("YCbCr").getchannel("Y")
    _, blue, red = photo.convert("YCbCr").split()
    return Image.merge("YCbCr", (luminance, blue, red)).convert("RGB")


def match_colours(style: Tensor, photo: Tensor, weights: Tensor | None = None, style_weights: Tensor | None = None) -> Tensor:
    """Give `style` the mean and covariance of the colours of `photo`, both (1, 3, H, W) in [0, 1].

    Args:
        weights: of the photo's pixels, (H, W).
        style_weights: of the style's pixels, (1, 1, H, W).

    The map is the Monge-Kantorovich one, which moves colours least (Pitié and Kokaram 2007):
    x -> m* + A (x - m) with A = C^-½ (C^½ C* C^½)^½ C^-½.
    """
    guides = Guides(weights[None] / weights.sum()) if weights is not None and weights.any() else None
    source = moments_of_part(style, style_weights)
    target = guided_moments(photo, guides).part(0) if guides else moments(photo)
    floor = 1e-5 * torch.eye(3).to(style)
    root = square_root(source.covariance + floor)
    inverse = torch.linalg.inv(root)
    transport = inverse @ square_root(root @ (target.covariance + floor) @ root) @ inverse
    moved = torch.einsum("ij,bjhw->bihw", transport, style - source.mean.view(1, 3, 1, 1))
    return (moved + target.mean.view(1, 3, 1, 1)).clamp(0, 1)
