"""Raw moments of features: means and Gram matrices, their blends, and matrix square roots.

`instant/statistics.py` has the central moments (mean and shrunk covariance) of the one-pass rendering. They are a type of their own:
blends of raw moments count the spread between the means, blends of central moments leave it out, and a covariance computed from raw
moments loses digits that whitening needs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from nst.domain import StyleShare
from nst.engine.tensors import Size, window_mean

# Positions around one, in a layer, of which its features depend mostly: half the receptive radius of a VGG's layers.
REACH = 2
# A position counts by the share of its part within its reach, to this power: features of two parts at once belong to neither style.
PURITY = 4


@dataclass(frozen=True)
class Moments:
    """First and second raw moments of a layer's features over all positions.

    They blend linearly: a weighted mean of moments is that of a mixture of the pictures.

    Attributes:
        mean: (C,)
        second: (C, C), the Gram matrix divided by the number of positions (Gatys et al. 2016, eq. 3, up to scale).
    """

    mean: Tensor
    second: Tensor

    @property
    def covariance(self) -> Tensor:
        return self.second - torch.outer(self.mean, self.mean)


class _Moments(torch.autograd.Function):
    """Moments with a backward pass of their own: autograd's writes a gradient as large as the features three times, in a layout that
    convolutions have to convert."""

    @staticmethod
    def forward(ctx, features: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[no-untyped-def]
        ctx.save_for_backward(features)
        rows = at_least_single(rows_of(features))
        return rows.mean(0), rows.T @ rows / len(rows)

    @staticmethod
    def backward(ctx, mean: Tensor, second: Tensor) -> Tensor:  # type: ignore[no-untyped-def]
        (features,) = ctx.saved_tensors
        positions = features.shape[-2] * features.shape[-1]
        # Both parts at once, as a 1x1 convolution, which reads and writes the features once, in their own precision.
        weight, bias = ((second + second.T) / positions)[:, :, None, None], mean / positions
        return F.conv2d(features, weight.to(features), bias.to(features))


def moments(features: Tensor) -> Moments:
    """Moments of features (1, C, H, W); differentiable."""
    return Moments(*_Moments.apply(features))


@dataclass(frozen=True)
class Guide:
    """Where moments are taken in a layer (guidance channels: Gatys et al. 2017, "Controlling Perceptual Factors").

    Attributes:
        positions: (n,), indices into the H*W positions.
        weights: (n, 1), their sum over the layer is 1.
    """

    positions: Tensor
    weights: Tensor

    @classmethod
    def of(cls, weights: Tensor) -> "Guide | None":
        """A guide with weights (H, W) of any sum; None where all are 0."""
        found = cls.within(weights)
        return cls(found.positions, found.weights / found.weights.sum()) if len(found.positions) else None

    @classmethod
    def within(cls, weights: Tensor) -> "Guide":
        """A part of a guide: weights (H, W) as they are, of a stretch of the layer."""
        flat = weights.flatten()
        positions = flat.nonzero()[:, 0]
        return cls(positions, flat[positions, None])


def guidance(weights: Tensor, size: Size) -> Tensor:
    """Weights (P, H, W) of a layer's positions, of any sum, by part.

    A position near a border sees both sides, and its gradient would carry one part's style across. It counts less, the more it sees of
    others. In a part that is nowhere wider than a receptive field, all count little, and thereby alike.

    Args:
        weights: (1, P, H, W) of the parts of a picture.
        size: of the layer's features.
    """
    pooled = F.adaptive_avg_pool2d(weights, size)
    return (pooled * window_mean(pooled, REACH).pow(PURITY))[0]


def style_guidance(weights: Tensor, size: Size) -> Tensor:
    """Weights (H, W), whose sum is 1, of a layer's positions in the part of a style picture that its own weights (1, 1, H, W) show."""
    pooled = F.adaptive_avg_pool2d(weights, size)
    found = guidance(pooled / pooled.max(), size)[0]  # no mask of a style is black
    return found / found.sum()


def style_guide(weights: Tensor, size: Size) -> Guide:
    """The guide that `style_guidance` makes."""
    return Guide.within(style_guidance(weights, size))


class _GuidedMoments(torch.autograd.Function):
    """Moments by guide, (R, C) and (R, C, C). Their cost hardly depends on the number of regions: each reads its own positions alone."""

    @staticmethod
    def forward(ctx, features: Tensor, guides: Sequence[Guide]) -> tuple[Tensor, Tensor]:  # type: ignore[no-untyped-def]
        ctx.save_for_backward(features)
        ctx.guides = guides
        rows, means, seconds = rows_of(features), [], []
        for guide in guides:
            chosen = at_least_single(rows.index_select(0, guide.positions))
            weighted = guide.weights * chosen
            means.append(weighted.sum(0))
            seconds.append(weighted.T @ chosen)
        return torch.stack(means), torch.stack(seconds)

    @staticmethod
    def backward(ctx, means: Tensor, seconds: Tensor) -> tuple[Tensor, None]:  # type: ignore[no-untyped-def]
        (features,) = ctx.saved_tensors
        rows = rows_of(features)
        gradient = torch.zeros_like(features, memory_format=torch.channels_last)
        for guide, mean, second in zip(ctx.guides, means, seconds, strict=True):
            chosen = rows.index_select(0, guide.positions)
            part = torch.addmm(mean.to(chosen), chosen, (second + second.T).to(chosen))
            rows_of(gradient).index_add_(0, guide.positions, part.mul_(guide.weights.to(chosen)))
        return gradient, None


def guided_moments(features: Tensor, guides: Sequence[Guide]) -> list[Moments]:
    """Weighted moments of features (1, C, H, W), one for each guide; differentiable."""
    return [Moments(*pair) for pair in zip(*_GuidedMoments.apply(features, guides), strict=True)]


def moments_of_part(features: Tensor, weights: Tensor | None) -> Moments:
    """Moments of features (1, C, H, W) of a style picture, where its weights (1, 1, h, w) show a part of it; None for all of it."""
    if weights is None:
        return moments(features)
    return guided_moments(features, [style_guide(weights, (features.shape[-2], features.shape[-1]))])[0]


def at_least_single(x: Tensor) -> Tensor:
    """x in single precision, or in its own where that is higher."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def rows_of(features: Tensor) -> Tensor:
    """Features (1, C, H, W) as (H*W, C): a view where channels come last."""
    return features[0].permute(1, 2, 0).flatten(0, 1)


def blend(parts: Sequence[StyleShare[Moments]]) -> Moments:
    """Moments of a mixture of pictures; shares sum to 1 (see `normalised_shares`)."""
    shares = [part.share for part in parts]
    return Moments(weighted_sum([part.style.mean for part in parts], shares), weighted_sum([part.style.second for part in parts], shares))


def weighted_sum(values: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """The sum of tensors of one shape, each times its weight."""
    return torch.stack([value * weight for value, weight in zip(values, weights, strict=True)]).sum(0)


def square_root(matrix: Tensor) -> Tensor:
    """Square root of a symmetric positive semi-definite matrix (n, n), by eigendecomposition in double precision."""
    values, vectors = torch.linalg.eigh(matrix.double().cpu())
    root: Tensor = vectors * values.clamp(min=0).sqrt() @ vectors.T
    return root.to(matrix)
