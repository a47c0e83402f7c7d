"""Central moments of features, and affine maps that change them (whitening and colouring, Li et al. 2017)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional as F

from nst.domain import StyleShare
from nst.engine.instant.convolution import PointwiseConv, is_plain, pointwise
from nst.engine.moments import weighted_sum

# Variance added before whitening and colouring, relative to the channels' mean variance: whitening would amplify dead channels.
VARIANCE_FLOOR = 5e-3
# Variance relative to the squared mean, below which features count as flat: it is rounding error.
FLAT_VARIANCE = 1e-3
# Positions from which statistics of about a hundred channels are estimated; larger maps are strided to at most twice as many.
SAMPLED_POSITIONS = 20_000
# Positions of a part that its statistics are estimated from, at least.
LEAST_SAMPLED = 1000
# See `PartMoments.statistics`.
BORROWED_POSITIONS = 4


@dataclass(frozen=True)
class FeatureStatistics:
    """Central moments of features over all positions.

    Attributes:
        mean: (B, C, 1)
        covariance: (B, C, C), shrunk towards its diagonal.
    """

    mean: Tensor
    covariance: Tensor

    @property
    def spread(self) -> Tensor:
        """Root of the channels' mean variance, (B, 1, 1), with a floor for flat features."""
        variance, energy = self.covariance.diagonal(dim1=-2, dim2=-1).mean(-1), self.mean[..., 0].square().mean(-1)
        return (variance + FLAT_VARIANCE * energy + 1e-6).sqrt()[:, None, None]

    @cached_property
    def factor(self) -> Tensor:
        """Lower Cholesky factor of the covariance, with a floor (B, C, C). NaN stays NaN: a check would wait for the GPU."""
        variances = self.covariance.diagonal(dim1=-2, dim2=-1)
        floor = (VARIANCE_FLOOR * variances.mean(-1, keepdim=True) + 1e-6).expand_as(variances)
        result: Tensor = torch.linalg.cholesky_ex(self.covariance + torch.diag_embed(floor)).L
        return result

    @classmethod
    def stacked(cls, parts: Sequence["FeatureStatistics"]) -> "FeatureStatistics":
        """Statistics of several pictures or parts, one after another."""
        if len(parts) == 1:
            return parts[0]
        result = cls(torch.cat([part.mean for part in parts]), torch.cat([part.covariance for part in parts]))
        result.__dict__["factor"] = torch.cat([part.factor for part in parts])  # those of styles are known
        return result


def feature_statistics(x: Tensor, *, uncorrelated: bool = False) -> FeatureStatistics:
    """Statistics of features (B, C, H, W), in single precision also under autocast.

    Off-diagonal covariances are multiplied by N / (N + C) for N positions, a shrinkage as Ledoit and Wolf's (2004): the deepest features
    of a small picture have fewer positions than channels.

    Args:
        uncorrelated: whether to leave them out, as 0.
    """
    with torch.autocast(x.device.type, enabled=False):
        flat = x.flatten(2)
        positions = flat.shape[-1]
        sample = flat[..., :: positions // SAMPLED_POSITIONS | 1].float()  # an odd stride samples both phases of a period of two pixels
        mean = sample.mean(-1, keepdim=True)
        centred = sample - mean
        if uncorrelated:
            return FeatureStatistics(mean, torch.diag_embed(centred.square().mean(-1)))
        return FeatureStatistics(mean, _shrunk(centred @ centred.mT / sample.shape[-1], positions))


@dataclass(frozen=True)
class PartMoments:
    """Weighted central moments of the features of parts of one picture.

    Attributes:
        mean: (P, C, 1)
        covariance: (P, C, C)
        weight: sum of the weights, (P, 1, 1).
        positions: their number, if weights were 0 and 1, (P, 1, 1).
    """

    mean: Tensor
    covariance: Tensor
    weight: Tensor
    positions: Tensor

    @classmethod
    def of(cls, parts: Sequence[tuple[Tensor, Tensor]], positions: int) -> "PartMoments":
        """
        Args:
            parts: features (n, C) and weights (n, 1) of each; n is not 0.
            positions: of the whole picture, from which it follows how many of them are a sample.
        """
        with torch.autocast(parts[0][0].device.type, enabled=False):
            pairs = [_weighted_moments(rows, weights, positions) for rows, weights in parts]
            mean, covariance = (torch.stack(column) for column in zip(*pairs, strict=True))
            weight = torch.stack([weights.sum() for _, weights in parts])
            squares = torch.stack([weights.square().sum() for _, weights in parts])
            return cls(mean, covariance, weight[:, None, None], (weight.square() / squares)[:, None, None])

    def first(self, count: int) -> "PartMoments":
        return PartMoments(self.mean[:count], self.covariance[:count], self.weight[:count], self.positions[:count])

    def together(self) -> FeatureStatistics:
        """Statistics of all parts together."""
        with torch.autocast(self.mean.device.type, enabled=False):
            positions = self.weight.sum()
            shares = self.weight / positions
            mean = (shares * self.mean).sum(0, keepdim=True)
            between = self.mean - mean
            return FeatureStatistics(mean, _shrunk((shares * (self.covariance + between @ between.mT)).sum(0, keepdim=True), positions))

    def statistics(self, whole: FeatureStatistics) -> FeatureStatistics:
        """Statistics of each part. The covariance counts `BORROWED_POSITIONS` of the whole picture: whitening would amplify a part of few
        positions without bound."""
        borrowed = BORROWED_POSITIONS / (BORROWED_POSITIONS + self.positions)
        return FeatureStatistics(self.mean, _shrunk(self.covariance, self.positions).lerp(whole.covariance, borrowed))


def _weighted_moments(rows: Tensor, weights: Tensor, positions: int) -> tuple[Tensor, Tensor]:
    """Mean (C, 1) and covariance (C, C) of features (n, C) with weights (n, 1), of a sample of them where there are many."""
    sampled = slice(None, None, min(positions // SAMPLED_POSITIONS, len(rows) // LEAST_SAMPLED) | 1)
    shares = weights[sampled] / weights[sampled].sum()
    sample = rows[sampled].T.contiguous().T.float() if sampled.step > 1 and rows.stride(0) == 1 else rows[sampled].float()
    mean = shares.T @ sample
    centred = (sample - mean).mul_(shares.sqrt())
    return mean.T, centred.T @ centred


def _shrunk(covariance: Tensor, positions: float | Tensor) -> Tensor:
    """Covariances (B, C, C) with those between channels reduced; `positions` is a number, or (B, 1, 1)."""
    diagonal = torch.diag_embed(covariance.diagonal(dim1=-2, dim2=-1))
    return diagonal.lerp(covariance, positions / (positions + covariance.shape[-1]))


def blend(parts: Sequence[StyleShare[FeatureStatistics]]) -> FeatureStatistics:
    """Weighted means of means and of covariances; shares sum to 1 (see `normalised_shares`).

    The spread between the means is left out: it would appear as contrast that no style has.
    """
    shares = [part.share for part in parts]
    mean = weighted_sum([part.style.mean for part in parts], shares)
    return FeatureStatistics(mean, weighted_sum([part.style.covariance for part in parts], shares))


@dataclass(frozen=True)
class AffineMap:
    """The map x -> A x + b of features: A (B, C, C), b (B, C, 1)."""

    matrix: Tensor
    offset: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """Apply the map to features (B, C, H, W)."""
        if is_plain(x):
            return pointwise(x, self.matrix[0], self.offset[0, :, 0])
        if len(x) == 1:
            return F.conv2d(x, self.matrix[0][:, :, None, None], self.offset[0, :, 0])
        flat = x.permute(0, 2, 3, 1).flatten(1, 2) @ self.matrix.transpose(1, 2) + self.offset.transpose(1, 2)  # (B, H*W, C)
        return flat.view(len(x), *x.shape[-2:], -1).permute(0, 3, 1, 2)

    def of_rows(self, rows: Tensor, parts: Sequence[slice], result: Tensor) -> None:
        """Apply the map of each part to its features, a slice of rows (n, C), and write them to the same slice of `result`."""
        for offset, matrix, part in zip(self.offset[..., 0].to(rows), self.matrix.to(rows), parts, strict=False):
            torch.addmm(offset, rows[part], matrix.T, out=result[part])

    @staticmethod
    def stacked(maps: Sequence["AffineMap"]) -> "AffineMap":
        """The maps of several pictures or parts, one after another."""
        return AffineMap(torch.cat([each.matrix for each in maps]), torch.cat([each.offset for each in maps]))

    def then(self, conv: PointwiseConv) -> "AffineMap":
        """This map and a 1x1 convolution of its results, as one map."""
        assert conv.bias is not None  # noqa: S101
        with torch.autocast(self.matrix.device.type, enabled=False):
            weight = conv.weight[..., 0, 0].float()
            return AffineMap(weight @ self.matrix, weight @ self.offset + conv.bias[:, None])

    def lerp(self, other: "AffineMap", weight: float | Tensor) -> "AffineMap":
        """Interpolate from this map (0) to another (1); `weight` is a number, or (B, 1, 1)."""
        return AffineMap(self.matrix.lerp(other.matrix, weight), self.offset.lerp(other.offset, weight))

    def normalised(self, output: FeatureStatistics) -> "AffineMap":
        """This map, whose results have the statistics `output`, with results centred and scaled to a mean variance of 1."""
        return AffineMap(self.matrix / output.spread, (self.offset - output.mean) / output.spread)


def identity(like: FeatureStatistics) -> AffineMap:
    """The identity on features with as many channels as `like`."""
    eye = torch.eye(like.mean.shape[1], dtype=like.mean.dtype, device=like.mean.device).expand_as(like.covariance)
    return AffineMap(eye, torch.zeros_like(like.mean))


def rescaled(x: Tensor, found: FeatureStatistics) -> Tensor:
    """Features x (B, C, H, W) with the statistics `found`, centred and scaled to a mean variance of 1."""
    if not is_plain(x):
        return identity(found).normalised(found)(x)
    spread = found.spread[..., None]
    return torch.addcmul(-found.mean[..., None] / spread, x, 1 / spread)


@dataclass(frozen=True)
class Rescaling:
    """The map of features that have statistics to features that are centred and scaled to a mean variance of 1; the identity without
    statistics."""

    statistics: FeatureStatistics | None

    def __call__(self, x: Tensor) -> Tensor:
        return x if self.statistics is None else rescaled(x, self.statistics)

    def then(self, conv: PointwiseConv) -> Callable[[Tensor], Tensor]:
        """This map and a 1x1 convolution of its results, as one map."""
        return conv if self.statistics is None else identity(self.statistics).normalised(self.statistics).then(conv)


def whiten_and_colour(source: FeatureStatistics, target: FeatureStatistics) -> AffineMap:
    """The map that gives features with the statistics `source` those of `target`, by Cholesky factors: A = L_target L_source^-1."""
    with torch.autocast(source.mean.device.type, enabled=False):
        whiten, colour = source.factor, target.factor
        matrix = torch.linalg.solve_triangular(whiten, colour, upper=False, left=False)  # A Lc = Ls
        return AffineMap(matrix, target.mean - matrix @ source.mean)
