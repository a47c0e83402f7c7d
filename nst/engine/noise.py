"""Noise for flat regions of a photo (skies, walls, shadows), from which a one-pass network makes strokes.

A network that sees only the photo leaves flat regions flat. Noise as a second source of detail is that of texture synthesis by
feed-forward networks (Ulyanov et al. 2016, "Texture Networks"), which add it at several scales, too.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from nst.engine.tensors import window_mean

# Cells of the coarsest octave along the long side: one has 32 pixels in a picture of 512.
COARSEST_CELLS = 16
# Share of the noise that differs between colour channels, from 0 (grey) to 1. Coloured noise costs more of the content.
CHROMA = 0.2
# Rows of noise that are drawn at a time. A multiple of 16, so that the values are those of all rows drawn at once.
ROWS_AT_ONCE = 64
# Radius in pixels of the window in which a photo's own detail is measured.
WINDOW_RADIUS = 8
# Pixels around a position that `add_noise_to_flat` depends on.
RECEPTIVE_RADIUS = 2 * WINDOW_RADIUS


def multiscale_noise(size: tuple[int, int], seed: int, device: torch.device) -> Tensor:
    """Noise (1, 3, H, W) of mean 0 and variance 1, with equal energy in every octave from `COARSEST_CELLS` down to pixels.

    A larger picture has the noise of a smaller one with finer noise added: strokes stay where a preview showed them.
    """
    long_side = max(size)
    generator = torch.Generator().manual_seed(seed)
    cells, noise, octaves = COARSEST_CELLS, torch.zeros(1, 3, 1, 1), 0
    while octaves == 0 or cells < 2 * long_side:
        shape = tuple(max(1, round(side * cells / long_side)) for side in size)
        noise = F.interpolate(noise, shape, mode="bilinear")
        # Rows first, so that another number of rows leaves the first ones unchanged; in pieces, since the finest octave may be large.
        for rows in torch.split(noise[0].permute(1, 2, 0), ROWS_AT_ONCE):
            rows.add_(torch.randn(rows.shape, generator=generator))
        cells, octaves = 2 * cells, octaves + 1
    noise = F.interpolate(noise, size, mode="bilinear", antialias=True).to(device)
    grey = noise.mean(1, keepdim=True) * 3**0.5
    noise = grey.lerp(noise, CHROMA)
    result: Tensor = noise / noise.std().clamp(min=1e-6)
    return result


def add_noise_to_flat(x: Tensor, noise: Tensor, min_std: Tensor | float) -> Tensor:
    """Add noise to a picture x (B, 3, H, W) in [0, 1] where it varies too little.

    Args:
        noise: of x's size, with variance 1.
        min_std: standard deviation of grey levels within a window that a position has afterwards, noise included: (B, 1, H, W), or one
            number.
    """
    missing = (min_std**2 - _variance(x.mean(1, keepdim=True))).clamp(min=0).sqrt()
    return torch.addcmul(x, window_mean(missing, WINDOW_RADIUS), noise)


def _variance(grey: Tensor) -> Tensor:
    """Variance of grey (B, 1, H, W) within the window around every position."""
    return window_mean(grey.square(), WINDOW_RADIUS) - window_mean(grey, WINDOW_RADIUS).square()
