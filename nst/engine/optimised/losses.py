"""Losses of style, content and smoothness. Features may have any precision; sums over them are in single precision.

Distances of features are relative: 0 for equal features, about 1 for features that are all zero. So one set of weights serves every
encoder, layer, picture and size, and the objective is of the order of 1.
"""

from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from nst.engine.devices import one_thread
from nst.engine.moments import Moments, at_least_single
from nst.engine.optimised.areas import Area


class StyleDistance(Protocol):
    """The distances of moments from a target's, both of P parts: (P,)."""

    def __call__(self, found: Moments) -> Tensor: ...


class GramDistance:
    """Squared distance of Gram matrices over the squared norm of the target's (Gatys et al. 2016, eq. 4, made relative)."""

    def __init__(self, target: Moments) -> None:
        self.target = target.second
        self.norm = target.second.square().sum((-2, -1))

    def __call__(self, found: Moments) -> Tensor:
        return (found.second - self.target).square().sum((-2, -1)) / self.norm


class WassersteinDistance:
    """Squared Wasserstein-2 distance between two Gaussians with the features' means and covariances, over the target's energy.

    W2² = |m - m*|² + tr(C + C* - 2 (C*^½ C C*^½)^½)  (Olkin and Pukelsheim 1982; as a style loss: Vincent 2018, Crowson 2021)

    The last trace is that of (Lᵀ C L)^½ for any L with L Lᵀ = C*, since the eigenvalues are those of C C*: here Cholesky's, which is quick.
    """

    # Added variance, relative to the target's mean square of a channel: the square root of a dead channel has no derivative.
    FLOOR = 1e-3

    def __init__(self, target: Moments) -> None:
        self.mean = target.mean
        self.energy = _trace(target.second)
        channels = self.mean.shape[-1]
        self.floor = self.FLOOR * self.energy[..., None, None] / channels * torch.eye(channels).to(self.mean)
        covariance = target.covariance + self.floor
        self.factor = torch.linalg.cholesky_ex(covariance.double().cpu()).L.to(covariance)
        self.trace = _trace(covariance)

    def __call__(self, found: Moments) -> Tensor:
        covariance = found.covariance + self.floor
        between = trace_of_root(self.factor.mT @ covariance @ self.factor)
        distance = (found.mean - self.mean).square().sum(-1) + _trace(covariance) + self.trace - 2 * between
        return distance / self.energy


def _trace(matrix: Tensor) -> Tensor:
    """Traces of matrices (..., n, n)."""
    return matrix.diagonal(dim1=-2, dim2=-1).sum(-1)


class _TraceOfRoot(torch.autograd.Function):
    """tr(A^½), with the gradient A^-½ / 2 from the same eigendecomposition."""

    @staticmethod
    def forward(ctx: Any, matrix: Tensor) -> Tensor:
        try:
            with one_thread():
                values, vectors = torch.linalg.eigh((matrix + matrix.mT) / 2)
        except RuntimeError:  # A is not finite; the optimiser handles NaN
            values, vectors = matrix.new_full(matrix.shape[:-1], torch.nan), torch.full_like(matrix, torch.nan)
        roots = values.clamp(min=0).sqrt()
        ctx.save_for_backward(roots, vectors)
        total: Tensor = roots.sum(-1)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        roots, vectors = ctx.saved_tensors
        inverse = 0.5 * gradient[..., None] / roots.clamp(min=1e-4 * roots.amax(-1, keepdim=True))
        spread: Tensor = (vectors * inverse[..., None, :]) @ vectors.mT
        return spread


def trace_of_root(matrix: Tensor) -> Tensor:
    """Traces of the square roots of symmetric positive semi-definite matrices (..., n, n); differentiable."""
    result: Tensor = _TraceOfRoot.apply(matrix)
    return result


def content_distance(features: Tensor, target: Tensor, weight: Tensor, energy: Tensor | None = None) -> Tensor:
    """Squared distance of features over the squared norm of the target (Gatys et al. 2016, eq. 1, made relative).

    Args:
        weight: of each position, (1, 1, H, W) or a scalar.
        energy: `target_energy` of the whole target, where this is a part of it.
    """
    difference = at_least_single(features) - at_least_single(target)
    return (weight * difference.square()).sum() / (target_energy(target) if energy is None else energy)


def target_energy(target: Tensor) -> Tensor:
    """The squared norm of features, which is not 0."""
    return at_least_single(target).square().sum().clamp(min=1e-12)


def total_variation(x: Tensor, area: Area | None = None) -> Tensor:
    """Mean squared difference of neighbouring pixels of x (1, 3, H, W).

    Args:
        area: where x is only the surroundings of a tile: the tile's share of the mean over the whole picture. A pair of pixels belongs to
            the tile of its upper or left pixel.
    """
    area = area or Area.whole(x)
    height, width = area.size
    rows, columns = area.inner_rows, area.inner_columns
    down = x[..., rows.start : rows.stop + 1, columns].diff(dim=-2).square().sum() / (x.shape[1] * (height - 1) * width)
    across = x[..., rows, columns.start : columns.stop + 1].diff(dim=-1).square().sum() / (x.shape[1] * height * (width - 1))
    return down + across


def out_of_range(x: Tensor, area: Area | None = None) -> Tensor:
    """Mean squared distance of values from [0, 1]; `area` as of `total_variation`."""
    area = area or Area.whole(x)
    inner = area.crop(x)
    return area.share * F.mse_loss(inner, inner.detach().clamp(0, 1))
