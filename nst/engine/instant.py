"""The instant network: paints any photo in any style by one pass, for CPUs.

A small autoencoder with stations. At a station the features of the photo are given the mean and the covariance that the style's
features have there (whitening and colouring, Li et al. 2017, by Cholesky factors of shrunk covariances). The style's moments come from
the same network, run on the style picture alone: nothing predicts a style, so any style will do. Trained by `training/instant.py`.

It knows tensors and moments; it does not know pictures and sizes (see `instantly.py`), nor tiles (see `tiles.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WIDTHS = (32, 64, 128)
"""Channels at a half, a quarter and an eighth of the picture's resolution."""
STRIDE = 8
"""Sides of pictures are multiples of it."""
FLOOR = 3e-3
"""Added variance, relative to the mean one: a dead channel has no spread to whiten, and would be noise made large."""

SHRINKAGE = 0.1
"""How much of the correlation between channels is not believed: a small picture has fewer places than channels to tell them from."""

Station = Callable[[str, Tensor], Tensor]
"""Takes a station's name and the features (B, C, H, W) that arrive there; answers with those that go on."""
Run = Callable[[Callable[..., Tensor], list[Tensor]], Tensor]
"""Calls a stage with its inputs: at once, or tile by tile."""


def at_once(stage: Callable[..., Tensor], inputs: list[Tensor]) -> Tensor:
    return stage(*inputs)


class Residual(nn.Module):
    """Two 3x3 convolutions beside an identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = conv(width, width)
        self.second = conv(width, width)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = x + self.second(self.first(x.relu()).relu())
        return result


def conv(width_in: int, width: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(width_in, width, 3, stride=stride, padding=1, padding_mode="reflect")


class InstantNetwork(nn.Module):
    """Maps RGB (B, 3, H, W) in [0, 1] to RGB of the same size, not clamped; H and W are multiples of `STRIDE`.

    Pictures are cut into 2x2 blocks at once, so that nothing is convolved at full resolution. Between two stations lie stages, each of
    which sees no more than `REACH` pixels around the place that it computes.
    """

    REACH = 32
    STATIONS = ("skip2", "skip4", "skip8", "deep8", "deep4", "deep2")

    def __init__(self) -> None:
        super().__init__()
        half, quarter, eighth = WIDTHS
        self.stem = conv(12, half)
        self.down4 = conv(half, quarter, stride=2)
        self.encode4 = Residual(quarter)
        self.down8 = conv(quarter, eighth, stride=2)
        self.encode8 = Residual(eighth)
        self.decode8 = nn.Sequential(Residual(eighth), Residual(eighth))
        self.up4 = nn.Conv2d(eighth, quarter, 1)
        self.decode4 = nn.Sequential(Residual(quarter), Residual(quarter))
        self.up2 = nn.Conv2d(quarter, half, 1)
        self.decode2 = Residual(half)
        self.out = conv(half, 12)

    def encode(self, x: Tensor, run: Run = at_once) -> dict[str, Tensor]:
        """What arrives at the first three stations, by their names; it does not depend on any style."""
        skip2 = run(lambda x: self.stem(F.pixel_unshuffle((x - 0.5) / 0.25, 2)), [x])
        skip4 = run(lambda x: self.encode4(self.down4(x.relu())), [skip2])
        skip8 = run(lambda x: self.encode8(self.down8(x.relu())), [skip4])
        return {"skip2": skip2, "skip4": skip4, "skip8": skip8}

    def carry(self, features: dict[str, Tensor], station: Station, run: Run = at_once) -> Tensor:
        """From what `encode` gave past the other stations: features that `show` turns into a picture."""
        x = station("deep8", run(self.decode8, [station("skip8", features["skip8"])]))
        x = station(
            "deep4", run(lambda skip, x: self.decode4(skip + doubled(self.up4(x.relu()))), [station("skip4", features["skip4"]), x])
        )
        return station(
            "deep2", run(lambda skip, x: self.decode2(skip + doubled(self.up2(x.relu()))), [station("skip2", features["skip2"]), x])
        )

    def show(self, x: Tensor, run: Run = at_once) -> Tensor:
        return run(lambda x: F.pixel_shuffle(self.out(x.relu()), 2) * 0.25 + 0.5, [x])

    def forward(self, x: Tensor, station: Station) -> Tensor:
        return self.show(self.carry(self.encode(x), station))

    def initialise(self) -> None:
        """Where training starts: the picture passes through the uppermost station, what lies below is He's and quiet.

        So the untrained network already transfers colours. Pixels travel with either sign, for the sake of the ReLU before `out`.
        """
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
                assert module.bias is not None  # noqa: S101
                nn.init.zeros_(module.bias)
        for module in self.modules():
            if isinstance(module, Residual):
                nn.init.zeros_(module.second.weight)
        nn.init.zeros_(self.up2.weight)
        nn.init.zeros_(self.out.weight)
        with torch.no_grad():
            pixels = torch.arange(12)
            self.stem.weight[:24] = 0
            for sign, first in ((1.0, 0), (-1.0, 12)):
                self.stem.weight[first + pixels, pixels, 1, 1] = sign
                self.out.weight[pixels, first + pixels, 1, 1] = sign


def doubled(x: Tensor) -> Tensor:
    """At twice the resolution; each value becomes a 2x2 block, which the convolution behind it smooths."""
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


@dataclass(frozen=True)
class Statistics:
    """Mean (B, C, 1) and covariance (B, C, C) of features over all places."""

    mean: Tensor
    covariance: Tensor


def statistics(x: Tensor) -> Statistics:
    """Of features (B, C, H, W), in single precision whatever surrounds it."""
    with torch.autocast(x.device.type, enabled=False):
        flat = x.float().permute(0, 2, 3, 1).flatten(1, 2)  # (B, H*W, C)
        mean = flat.mean(1, keepdim=True)
        centred = flat - mean
        return Statistics(mean.transpose(1, 2), centred.transpose(1, 2) @ centred / flat.shape[1])


def mixed(parts: list[tuple[Statistics, float]]) -> Statistics:
    """Means and covariances blended by shares, which count relative to their sum.

    The spread between the means is left out: it would be painted as contrast that no style has.
    """
    total = sum(share for _, share in parts)
    mean = torch.stack([part.mean * (share / total) for part, share in parts]).sum(0)
    covariance = torch.stack([part.covariance * (share / total) for part, share in parts]).sum(0)
    return Statistics(mean, covariance)


@dataclass(frozen=True)
class Transport:
    """The affine map x -> A x + b of features: A (B, C, C), b (B, C, 1)."""

    matrix: Tensor
    offset: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """Of features (B, C, H, W)."""
        if len(x) == 1:
            return F.conv2d(x, self.matrix[0][:, :, None, None], self.offset[0, :, 0])
        flat = x.permute(0, 2, 3, 1).flatten(1, 2) @ self.matrix.transpose(1, 2) + self.offset.transpose(1, 2)  # (B, H*W, C)
        return flat.view(len(x), *x.shape[-2:], -1).permute(0, 3, 1, 2)

    def weakened(self, strength: float) -> "Transport":
        """Part of the way from where features are (0) to where they would go (1)."""
        identity = torch.eye(self.matrix.shape[-1]).to(self.matrix)
        return Transport(identity.lerp(self.matrix, strength), self.offset * strength)


def transport(source: Statistics, target: Statistics) -> Transport:
    """The map that gives features with the statistics `source` those of `target`."""
    with torch.autocast(source.mean.device.type, enabled=False):
        whiten, colour = _factor(source.covariance), _factor(target.covariance)
        matrix = torch.linalg.solve_triangular(whiten, colour, upper=False, left=False)  # A Lc = Ls
        return Transport(matrix, target.mean - matrix @ source.mean)


def _factor(covariance: Tensor) -> Tensor:
    """Lower Cholesky factor of covariance (B, C, C), shrunk towards its diagonal and with a floor."""
    variances = covariance.diagonal(dim1=-2, dim2=-1)
    floor = FLOOR * variances.mean(-1, keepdim=True) + 1e-6
    result: Tensor = torch.linalg.cholesky((1 - SHRINKAGE) * covariance + torch.diag_embed(SHRINKAGE * variances + floor))
    return result
