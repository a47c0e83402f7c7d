"""Raw moments of features: means and Gram matrices, their blends, and matrix square roots.

`instant/statistics.py` has the central moments (mean and shrunk covariance) of the one-pass rendering. They are a type of their own:
blends of raw moments count the spread between the means, blends of central moments leave it out, and a covariance computed from raw
moments loses digits that whitening needs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from nst.domain import StyleShare
from nst.engine.guides import Guides, rows_of, style_guidance


@dataclass(frozen=True)
class Moments:
    """First and second raw moments of a layer's features over all positions.

    They blend linearly: a weighted mean of moments is that of a mixture of the pictures.

    Attributes:
        mean: (C,), or of several parts, (P, C).
        second: (C, C) or (P, C, C), the Gram matrix divided by the number of positions (Gatys et al. 2016, eq. 3, up to scale).
    """

    mean: Tensor
    second: Tensor

    @property
    def covariance(self) -> Tensor:
        return self.second - self.mean[..., :, None] * self.mean[..., None, :]

    def part(self, index: int) -> "Moments":
        return Moments(self.mean[index], self.second[index])


class _Moments(torch.autograd.Function):
    """Moments with a backward pass of their own: autograd's writes a gradient as large as the features three times, in a layout that
    convolutions have to convert."""

    @staticmethod
    def forward(ctx: Any, features: Tensor) -> tuple[Tensor, Tensor]:
        ctx.save_for_backward(features)
        rows = at_least_single(rows_of(features))
        return rows.mean(0), rows.T @ rows / len(rows)

    @staticmethod
    def backward(ctx: Any, mean: Tensor, second: Tensor) -> Tensor:
        (features,) = ctx.saved_tensors
        positions = features.shape[-2] * features.shape[-1]
        # Both parts at once, as a 1x1 convolution, which reads and writes the features once, in their own precision.
        weight, bias = ((second + second.T) / positions)[:, :, None, None], mean / positions
        return F.conv2d(features, weight.to(features), bias.to(features))


def moments(features: Tensor) -> Moments:
    """Moments of features (1, C, H, W); differentiable."""
    return Moments(*_Moments.apply(features))


class _GuidedMoments(torch.autograd.Function):
    """Moments by part, (P, C) and (P, C, C). Their cost hardly depends on the number of parts: each reads its own positions alone."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, guides: Guides) -> tuple[Tensor, Tensor]:
        ctx.save_for_backward(features)
        ctx.guides = guides
        rows = at_least_single(guides.read(features))
        roots = guides.roots.to(rows)
        parts = [(roots[part], rows[part].mul_(roots[part])) for part in guides.slices]
        return torch.cat([root.T @ found for root, found in parts]), torch.stack([found.T @ found for _, found in parts])

    @staticmethod
    def backward(ctx: Any, means: Tensor, seconds: Tensor) -> tuple[Tensor, None]:
        (features,), guides = ctx.saved_tensors, ctx.guides
        rows = guides.read(features)
        gradient, means, matrices = torch.empty_like(rows), means.to(rows), (seconds + seconds.mT).to(rows)
        for part, mean, matrix in zip(guides.slices, means, matrices, strict=True):
            torch.addmm(mean, rows[part], matrix, out=gradient[part])
        return guides.put_back(gradient), None


def guided_moments(features: Tensor, guides: Guides) -> Moments:
    """Weighted moments of features (1, C, H, W), by part; differentiable."""
    return Moments(*_GuidedMoments.apply(features, guides))


def moments_of_part(features: Tensor, weights: Tensor | None) -> Moments:
    """Moments of features (1, C, H, W) of a style picture, where its weights (1, 1, h, w) show a part of it; None for all of it."""
    if weights is None:
        return moments(features)
    return guided_moments(features, Guides(style_guidance(weights, (features.shape[-2], features.shape[-1])))).part(0)


def at_least_single(x: Tensor) -> Tensor:
    """x in single precision, or in its own where that is higher."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def blend(parts: Sequence[StyleShare[Moments]]) -> Moments:
    """Moments of a mixture of pictures; shares sum to 1 (see `normalised_shares`)."""
    shares = [part.share for part in parts]
    return Moments(weighted_sum([part.style.mean for part in parts], shares), weighted_sum([part.style.second for part in parts], shares))


def stacked(parts: Sequence[Moments]) -> Moments:
    """Moments of several parts."""
    return Moments(torch.stack([part.mean for part in parts]), torch.stack([part.second for part in parts]))


def weighted_sum(values: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """The sum of tensors of one shape, each times its weight."""
    if len(values) == 1:
        return values[0] * weights[0]
    return torch.stack([value * weight for value, weight in zip(values, weights, strict=True)]).sum(0)


def square_root(matrix: Tensor) -> Tensor:
    """Square root of a symmetric positive semi-definite matrix (n, n), by eigendecomposition in double precision."""
    values, vectors = torch.linalg.eigh(matrix.double().cpu())
    root: Tensor = vectors * values.clamp(min=0).sqrt() @ vectors.T
    return root.to(matrix)
