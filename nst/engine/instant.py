"""The instant network: paints any photo in any style by one pass, for CPUs.

A small autoencoder with stations. At a station the features of the photo are given the mean and the covariance that the style's
features have there (whitening and colouring, Li et al. 2017, by Cholesky factors). The style's moments come from
the same network, run on the style picture alone: nothing predicts a style, so any style will do. Trained by `training/instant.py`.

It knows tensors and moments; it does not know pictures and sizes (see `instantly.py`), nor tiles (see `tiles.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WIDTHS = (32, 64, 128, 112)
"""Channels at a half, a quarter, an eighth and a sixteenth of the picture's resolution."""
STRIDE = 16
"""Sides of pictures are multiples of it."""
FLOOR = 5e-3
"""Added variance, relative to the mean one: a dead channel has no spread to whiten, and would be noise made large."""

FLAT = 1e-3
"""Variance relative to the square of the mean, below which features are taken for flat."""

PLACES = 20_000
"""As many tell the statistics of a hundred channels; of larger pictures at most twice as many are asked."""

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


class Gate(nn.Module):
    """How much more (up to 1) or less (down to -1) than all passes at every place, (B, 1, H, W), told from features there and those of half
    the resolution.

    By their sizes alone: what matters is whether there is anything to see.
    """

    def __init__(self, fine: int, coarse: int) -> None:
        super().__init__()
        self.fine = nn.Conv2d(fine, 1, 1)
        self.coarse = nn.Conv2d(coarse, 1, 1)

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        return torch.tanh(0.5 * (self.fine(fine.abs()) + doubled(self.coarse(coarse.abs()))))


def gated(skip: Tensor, gate: Tensor, x: Tensor) -> Tensor:
    """What comes by the short way, and as much of x as the gate lets through: skip + (1 + gate) x.

    The gate is kept as its difference to 1, which half precision tells more finely than a number near 1.
    """
    return torch.addcmul(skip + x, gate.to(x.dtype), x)


class Plainness(nn.Module):
    """How plain a photo is, from 0 to 1: (B, 4, H/2, W/2), the pixels of blocks, told from the sizes of its features at a half, a quarter
    and an eighth of its resolution."""

    WIDTH = 16

    def __init__(self) -> None:
        super().__init__()
        half, quarter, eighth, _ = WIDTHS
        self.looks = nn.ModuleList(nn.Conv2d(width, self.WIDTH, 1) for width in (half, quarter, eighth))
        self.tell = conv(self.WIDTH, 4)

    def forward(self, skip2: Tensor, skip4: Tensor, skip8: Tensor) -> Tensor:
        fine, coarse, coarsest = (look(x.abs()) for look, x in zip(self.looks, (skip2, skip4, skip8), strict=True))
        return torch.sigmoid(self.tell(F.relu(fine + doubled(coarse + doubled(coarsest)))))


def conv(width_in: int, width: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(width_in, width, 3, stride=stride, padding=1, padding_mode="reflect")


class InstantNetwork(nn.Module):
    """Maps RGB (B, 3, H, W) in [0, 1] to RGB of the same size, not clamped; H and W are multiples of `STRIDE`.

    Pictures are cut into 2x2 blocks at once, so that nothing is convolved at full resolution. Between two stations lie stages, each of
    which sees no more than `REACH` pixels around the place that it computes.
    """

    REACH = 48
    KEPT = ("skip2", "skip4", "deep4", "deep2")
    """Stations on the way of colours and contrasts. Behind the others, features have mean 0 and variance 1."""
    STATIONS = ("skip2", "skip4", "skip8", "skip16", "deep16", "deep8", "deep4", "deep2")

    def __init__(self) -> None:
        super().__init__()
        half, quarter, eighth, sixteenth = WIDTHS
        self.stem = conv(12, half)
        self.down4 = conv(half, quarter, stride=2)
        self.encode4 = Residual(quarter)
        self.down8 = conv(quarter, eighth, stride=2)
        self.encode8 = Residual(eighth)
        self.down16 = conv(eighth, sixteenth, stride=2)
        self.encode16 = Residual(sixteenth)
        self.decode16 = Residual(sixteenth)
        self.up8 = nn.Conv2d(sixteenth, eighth, 1)
        self.decode8 = nn.Sequential(Residual(eighth), Residual(eighth))
        self.up4 = nn.Conv2d(eighth, quarter, 1)
        self.decode4 = nn.Sequential(Residual(quarter), Residual(quarter))
        self.up2 = nn.Conv2d(quarter, half, 1)
        self.across2 = nn.Conv2d(half, half, 1)
        self.decode2 = Residual(half)
        self.out = conv(half, 12)
        self.gate8 = Gate(eighth, sixteenth)
        self.gate4 = Gate(quarter, eighth)
        self.gate2 = Gate(half, quarter)
        self.plainness = Plainness()

    def encode(self, x: Tensor, run: Run = at_once) -> dict[str, Tensor]:
        """What does not depend on any style: what arrives at the first four stations, by their names, and how much of what comes from below
        passes where it meets them (`gate8`, `gate4` and `gate2`).

        Without gates, the glow of what stands before a sky would reach as far into it as the deepest features see.
        """
        skip2 = run(lambda x: self.stem(F.pixel_unshuffle((x - 0.5) / 0.25, 2)), [x])
        skip4 = run(lambda x: self.encode4(self.down4(x.relu())), [skip2])
        skip8 = settled(run(lambda x: self.encode8(self.down8(x)), [settled(skip4)]))
        skip16 = run(lambda x: self.encode16(self.down16(x)), [skip8])
        gates = {"gate8": (self.gate8, skip8, skip16), "gate4": (self.gate4, skip4, skip8), "gate2": (self.gate2, skip2, skip4)}
        features = {"skip2": skip2, "skip4": skip4, "skip8": skip8, "skip16": skip16}
        return features | {name: run(gate, [fine, coarse]) for name, (gate, fine, coarse) in gates.items()}

    def plain(self, features: dict[str, Tensor], run: Run = at_once) -> Tensor:
        """From what `encode` gave of a photo: how far it has so little to paint that its colours alone are changed (see `joined`)."""
        return run(self.plainness, [features[name] for name in ("skip2", "skip4", "skip8")])

    def carry(self, features: dict[str, Tensor], station: Station, run: Run = at_once) -> Tensor:
        """From what `encode` gave past the stations: features that `show` turns into a picture."""
        x = station("deep16", run(self.decode16, [station("skip16", features["skip16"])]))
        for scale, up, decode in ((8, self.up8, self.decode8), (4, self.up4, self.decode4)):
            inputs = [station(f"skip{scale}", features[f"skip{scale}"]), features[f"gate{scale}"], x]
            x = station(f"deep{scale}", run(lambda skip, gate, x, up=up, decode=decode: decode(gated(skip, gate, doubled(up(x)))), inputs))
        inputs = [station("skip2", features["skip2"]), features["gate2"], x]
        return station("deep2", run(lambda skip, gate, x: self.decode2(gated(self.across2(skip), gate, doubled(self.up2(x)))), inputs))

    def show(self, x: Tensor, run: Run = at_once) -> Tensor:
        return run(lambda x: F.pixel_shuffle(self.out(x.relu()), 2) * 0.25 + 0.5, [x])

    def forward(self, x: Tensor, station: Station) -> Tensor:
        return self.show(self.carry(self.encode(x), station))

    def initialise(self) -> None:
        """Where training starts: He's, with silent residual parts, and without the shortest way from pixels to pixels: what is easy would
        be learnt alone."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
                assert module.bias is not None  # noqa: S101
                nn.init.zeros_(module.bias)
        for module in self.modules():
            if isinstance(module, Residual):
                nn.init.zeros_(module.second.weight)
            if isinstance(module, Gate):
                for look in (module.fine, module.coarse):
                    nn.init.zeros_(look.weight)
        nn.init.zeros_(self.across2.weight)
        assert self.plainness.tell.bias is not None  # noqa: S101
        nn.init.zeros_(self.plainness.tell.weight)
        nn.init.constant_(self.plainness.tell.bias, -2)


def joined(painting: Tensor, plain: Tensor, toned: Tensor) -> Tensor:
    """The painting (B, 3, H, W), and as far as the photo is plain (as `InstantNetwork.plain` tells) its pixels in the style's colours,
    `toned` (B, 3, H, W).

    A calm sky keeps still, and what stands before it has no glow: `toned` has the photo's edges. It reaches a pixel further than the photo
    is plain, where a hem would be left.
    """
    return painting.lerp(toned, _grown(F.pixel_shuffle(plain.to(painting.dtype), 2)))


def _grown(x: Tensor) -> Tensor:
    """The largest of every place of x (B, C, H, W) and its eight neighbours; in a fraction of the time that `max_pool2d` takes."""
    for dimension in (-2, -1):
        length = x.shape[dimension]
        first, last = x.narrow(dimension, 0, 1), x.narrow(dimension, length - 1, 1)
        before = torch.cat([first, x.narrow(dimension, 0, length - 1)], dimension)
        after = torch.cat([x.narrow(dimension, 1, length - 1), last], dimension)
        x = torch.maximum(x, torch.maximum(before, after))
    return x


def doubled(x: Tensor) -> Tensor:
    """At twice the resolution, without blocks: they would tell the convolutions behind where in a block a place lies."""
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


@dataclass(frozen=True)
class Statistics:
    """Mean (B, C, 1) and covariance (B, C, C) of features over all places; the latter shrunk towards its diagonal."""

    mean: Tensor
    covariance: Tensor

    @property
    def spread(self) -> Tensor:
        """The root of the channels' mean variance, (B, 1, 1), with a floor: what little a flat picture varies are errors of rounding."""
        variance, energy = self.covariance.diagonal(dim1=-2, dim2=-1).mean(-1), self.mean[..., 0].square().mean(-1)
        return (variance + FLAT * energy + 1e-6).sqrt()[:, None, None]


def statistics(x: Tensor) -> Statistics:
    """Of features (B, C, H, W), in single precision whatever surrounds it.

    Correlations are believed as far as there are more places than channels to tell them from (shrinkage, as of Ledoit and Wolf 2004): of a
    small picture's deepest features there are not.
    """
    with torch.autocast(x.device.type, enabled=False):
        flat = x.permute(0, 2, 3, 1).flatten(1, 2)  # (B, H*W, C)
        _, places, channels = flat.shape
        sample = flat[:, :: places // PLACES | 1].float()  # an odd step meets both halves of what repeats every other pixel
        mean = sample.mean(1, keepdim=True)
        centred = sample - mean
        covariance = centred.transpose(1, 2) @ centred / sample.shape[1]
        alone = torch.diag_embed(covariance.diagonal(dim1=-2, dim2=-1))
        return Statistics(mean.transpose(1, 2), alone.lerp(covariance, places / (places + channels)))


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

    def lerp(self, other: "Transport", share: float) -> "Transport":
        """Part of the way from this map (0) to another (1)."""
        return Transport(self.matrix.lerp(other.matrix, share), self.offset.lerp(other.offset, share))

    def settled(self, reached: Statistics) -> "Transport":
        """Behind this map, which leads to the statistics `reached`, features are centred and brought to a mean variance of 1."""
        return Transport(self.matrix / reached.spread, (self.offset - reached.mean) / reached.spread)


def transferred(station: str, found: Statistics, target: Statistics) -> Transport:
    """What a station does with features of the statistics `found` to give them those of `target`."""
    map = transport(found, target)
    return map if station in InstantNetwork.KEPT else map.settled(target)


def unchanged(station: str, found: Statistics) -> Transport:
    """What a station does with features where nothing is transferred."""
    map = _identity(found)
    return map if station in InstantNetwork.KEPT else map.settled(found)


def settled(x: Tensor) -> Tensor:
    """Features (B, C, H, W) with mean 0 and a mean variance of 1.

    What tells styles apart inside is how channels vary together. Means and sizes would grow from stage to stage and, when nothing holds
    them, from step to step of the training, until the inner stations have nothing more to say.
    """
    found = statistics(x)
    return _identity(found).settled(found)(x)


def _identity(like: Statistics) -> Transport:
    identity = torch.eye(like.mean.shape[1], dtype=like.mean.dtype, device=like.mean.device).expand_as(like.covariance)
    return Transport(identity, torch.zeros_like(like.mean))


def transport(source: Statistics, target: Statistics) -> Transport:
    """The map that gives features with the statistics `source` those of `target`."""
    with torch.autocast(source.mean.device.type, enabled=False):
        whiten, colour = _factor(source.covariance), _factor(target.covariance)
        matrix = torch.linalg.solve_triangular(whiten, colour, upper=False, left=False)  # A Lc = Ls
        return Transport(matrix, target.mean - matrix @ source.mean)


def _factor(covariance: Tensor) -> Tensor:
    """Lower Cholesky factor of covariance (B, C, C), with a floor. What is not finite stays so: a GPU is not waited for to find out."""
    variances = covariance.diagonal(dim1=-2, dim2=-1)
    floor = (FLOOR * variances.mean(-1, keepdim=True) + 1e-6).expand_as(variances)
    result: Tensor = torch.linalg.cholesky_ex(covariance + torch.diag_embed(floor)).L
    return result
