"""The mathematics of style and content, as functions of features without state. Features come in any precision; sums over them are single.

Every distance is relative: 0 means equal, 1 is about as far as nothing at all. So one set of weights serves every encoder, layer,
picture and size, and the optimiser meets an objective of the order of 1.
"""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Moments:
    """First and second raw moments of a layer's features over all places.

    They blend linearly: a weighted mean of moments is that of a mixture of the pictures.

    Attributes:
        mean: (C,)
        second: (C, C), the Gram matrix divided by the number of places (Gatys et al. 2016, eq. 5, up to scale).
    """

    mean: Tensor
    second: Tensor

    @property
    def covariance(self) -> Tensor:
        return self.second - torch.outer(self.mean, self.mean)


class _Moments(torch.autograd.Function):
    """Autograd's own way writes a gradient as large as the features three times over, and in a layout that convolutions have to undo."""

    @staticmethod
    def forward(ctx, features: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[no-untyped-def]
        ctx.save_for_backward(features)
        rows = features[0].permute(1, 2, 0).flatten(0, 1).float()  # (H*W, C): no copy where channels come last, in single precision
        return rows.mean(0), rows.T @ rows / len(rows)

    @staticmethod
    def backward(ctx, mean: Tensor, second: Tensor) -> Tensor:  # type: ignore[no-untyped-def]
        (features,) = ctx.saved_tensors
        places = features.shape[-2] * features.shape[-1]
        # Both parts at once, as a 1x1 convolution, which reads and writes the features once, in their own precision.
        weight, bias = ((second + second.T) / places)[:, :, None, None], mean / places
        return F.conv2d(features, weight.to(features), bias.to(features))


def moments(features: Tensor) -> Moments:
    """Of features (1, C, H, W)."""
    return Moments(*_Moments.apply(features))


def blend(parts: list[tuple[Moments, float]]) -> Moments:
    """Moments of a mixture; weights are taken relative to their sum."""
    total = sum(weight for _, weight in parts)
    mean = torch.stack([part.mean * (weight / total) for part, weight in parts]).sum(0)
    second = torch.stack([part.second * (weight / total) for part, weight in parts]).sum(0)
    return Moments(mean, second)


class StyleDistance(Protocol):
    """How far features (1, C, H, W) are from the target's statistics, as a scalar."""

    def __call__(self, features: Tensor) -> Tensor: ...


class GramDistance:
    """Squared distance of Gram matrices over the target's squared norm (Gatys et al. 2016, eq. 4, made relative)."""

    def __init__(self, target: Moments) -> None:
        self.target = target.second
        self.norm = target.second.square().sum()

    def __call__(self, features: Tensor) -> Tensor:
        return (moments(features).second - self.target).square().sum() / self.norm


class WassersteinDistance:
    """Squared Wasserstein-2 distance between two Gaussians with the features' means and covariances, over the target's energy.

    W2² = |m - m*|² + tr(C + C* - 2 (C*^½ C C*^½)^½)  (Olkin and Pukelsheim 1982; as a style loss: Vincent 2018, Crowson 2021)
    """

    FLOOR = 1e-3  # added variance, relative to the mean one: dead channels have no root to differentiate

    def __init__(self, target: Moments) -> None:
        covariance = target.covariance
        self.mean = target.mean
        self.energy = target.second.trace()
        self.floor = self.FLOOR * self.energy / len(self.mean) * torch.eye(len(self.mean)).to(self.mean)
        self.root = square_root(covariance + self.floor)
        self.trace = (covariance + self.floor).trace()

    def __call__(self, features: Tensor) -> Tensor:
        found = moments(features)
        covariance = found.covariance + self.floor
        product = self.root @ covariance @ self.root
        between = trace_of_root(product)
        distance = (found.mean - self.mean).square().sum() + covariance.trace() + self.trace - 2 * between
        return distance / self.energy


def square_root(matrix: Tensor) -> Tensor:
    """Of a symmetric positive matrix (n, n), through its eigenvalues, in double precision."""
    values, vectors = torch.linalg.eigh(matrix.double().cpu())
    root: Tensor = vectors * values.clamp(min=0).sqrt() @ vectors.T
    return root.to(matrix)


class _TraceOfRoot(torch.autograd.Function):
    """tr(A^½), whose gradient is A^-½ / 2: one eigendecomposition serves both."""

    @staticmethod
    def forward(ctx, matrix: Tensor) -> Tensor:  # type: ignore[no-untyped-def]
        try:
            values, vectors = torch.linalg.eigh((matrix + matrix.T) / 2)
        except RuntimeError:  # it raises on what is not finite; the optimiser knows what to do with NaN
            values, vectors = matrix.new_full((len(matrix),), torch.nan), torch.full_like(matrix, torch.nan)
        roots = values.clamp(min=0).sqrt()
        ctx.save_for_backward(roots, vectors)
        total: Tensor = roots.sum()
        return total

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:  # type: ignore[no-untyped-def]
        roots, vectors = ctx.saved_tensors
        inverse = 0.5 / roots.clamp(min=1e-4 * roots.max())
        spread: Tensor = gradient * (vectors * inverse) @ vectors.T
        return spread


def trace_of_root(matrix: Tensor) -> Tensor:
    """Trace of the square root of a symmetric positive matrix (n, n); differentiable."""
    result: Tensor = _TraceOfRoot.apply(matrix)
    return result


def content_distance(features: Tensor, target: Tensor) -> Tensor:
    """Squared distance of features over the target's squared norm (Gatys et al. 2016, eq. 1, made relative)."""
    features, target = features.float(), target.float()
    return F.mse_loss(features, target, reduction="sum") / target.square().sum().clamp(min=1e-12)


def total_variation(x: Tensor) -> Tensor:
    """Mean squared difference of neighbouring pixels of x (1, 3, H, W)."""
    return F.mse_loss(x[..., 1:], x[..., :-1]) + F.mse_loss(x[..., 1:, :], x[..., :-1, :])


def out_of_range(x: Tensor) -> Tensor:
    """Mean squared excess over [0, 1]: nothing at all in a picture that can be shown."""
    return F.mse_loss(x, x.detach().clamp(0, 1))
