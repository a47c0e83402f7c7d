"""The instant network: an autoencoder with WCT layers that renders any photo in any style in one pass.

A WCT layer (`wct.py`) gives the photo's features the mean and covariance that the style's features have at the same layer. The style's
statistics come from the same network, run on the style picture: no part of it predicts a style, so any style will do. Trained by
`training/instant.py`.

`stylizer.py` handles sizes and pictures, `tiling.py` tiles.
"""

from collections.abc import Callable
from functools import partial
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nst.engine.instant.convolution import PointwiseConv, ReflectConv, is_plain, of_absolute, upsample
from nst.engine.instant.statistics import feature_statistics, rescaled

# Channels at a half, a quarter, an eighth and a sixteenth of the picture's resolution.
WIDTHS = (32, 64, 128, 112)
# Pixels: sides of pictures are multiples of it.
STRIDE = 16


class FeatureMap(Protocol):
    """What a WCT layer does to features (B, C, H, W)."""

    def __call__(self, x: Tensor, /) -> Tensor: ...

    def then(self, conv: PointwiseConv, /) -> Callable[[Tensor], Tensor]:
        """This map and a 1x1 convolution of its results, as one map."""


# Called with the name of a WCT layer and its input (B, C, H, W); returns the map that the layer applies to it.
WctLayer = Callable[[str, Tensor], FeatureMap]
# Calls a stage with its inputs, at once or tile by tile.
RunStage = Callable[[Callable[..., Tensor], list[Tensor]], Tensor]


def run_at_once(stage: Callable[..., Tensor], inputs: list[Tensor]) -> Tensor:
    return stage(*inputs)


class Residual(nn.Module):
    """Two 3x3 convolutions with a skip connection."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = ReflectConv(width, width)
        self.second = ReflectConv(width, width)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.second(self.first(x, rectified=True), rectified=True, plus=x)
        return result


class Gate(nn.Module):
    """A spatial gate in [-1, 1], (B, 1, H, W), from the absolute values of features here and at half the resolution.

    Signs are left out: what counts is whether there is anything to see. Features are multiplied by 1 + gate (see `gated_skip`).
    """

    def __init__(self, fine: int, coarse: int) -> None:
        super().__init__()
        self.fine = PointwiseConv(fine, 1)
        self.coarse = PointwiseConv(coarse, 1)

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        return torch.tanh(0.5 * (of_absolute(fine, self.fine) + upsample(of_absolute(coarse, self.coarse))))


def _decoded(decode: Callable[[Tensor], Tensor], skip: Tensor, gate: Tensor, x: Tensor) -> Tensor:
    return decode(gated_skip(skip, gate, upsample(x)))


def gated_skip(skip: Tensor, gate: Tensor, x: Tensor) -> Tensor:
    """skip + (1 + gate) x, for features x from below and those of the skip connection.

    The result may take the place of x. The gate is stored as its difference from 1, which bfloat16 resolves more finely than a number
    near 1.
    """
    if is_plain(x):
        return torch.addcmul(skip, 1 + gate, x, out=x)
    return torch.addcmul(skip + x, gate.to(x.dtype), x)


class InstantNetwork(nn.Module):
    """Maps RGB (B, 3, H, W) in [0, 1] to RGB of the same size, not clamped; H and W are multiples of `STRIDE`.

    The input is rearranged into 2x2 blocks (pixel unshuffle), so that no convolution runs at full resolution. Between WCT layers are
    stages, which can be run tile by tile.
    """

    # Pixels around a position that the output of a stage depends on, at most.
    RECEPTIVE_RADIUS = 48
    # WCT layers that keep colours and contrasts. After the others, features have mean 0 and a mean variance of 1.
    UNNORMALISED = ("skip2", "skip4", "deep4", "deep2")
    # WCT layers in the order of the pass. Their numbers say at which fraction of the resolution they are.
    WCT_LAYERS = ("skip2", "skip4", "skip8", "skip16", "deep16", "deep8", "deep4", "deep2")

    def __init__(self) -> None:
        super().__init__()
        half, quarter, eighth, sixteenth = WIDTHS
        self.stem = ReflectConv(12, half)
        self.down4 = ReflectConv(half, quarter, stride=2)
        self.encode4 = Residual(quarter)
        self.down8 = ReflectConv(quarter, eighth, stride=2)
        self.encode8 = Residual(eighth)
        self.down16 = ReflectConv(eighth, sixteenth, stride=2)
        self.encode16 = Residual(sixteenth)
        self.decode16 = Residual(sixteenth)
        self.up8 = PointwiseConv(sixteenth, eighth)
        self.decode8 = nn.Sequential(Residual(eighth), Residual(eighth))
        self.up4 = PointwiseConv(eighth, quarter)
        self.decode4 = nn.Sequential(Residual(quarter), Residual(quarter))
        self.up2 = PointwiseConv(quarter, half)
        self.across2 = PointwiseConv(half, half)
        self.decode2 = Residual(half)
        self.out = ReflectConv(half, 12)
        self.gate8 = Gate(eighth, sixteenth)
        self.gate4 = Gate(quarter, eighth)
        self.gate2 = Gate(half, quarter)

    def encode(self, x: Tensor, run: RunStage = run_at_once) -> dict[str, Tensor]:
        """Compute what does not depend on a style: the inputs of the four WCT layers on skip connections, by their names, and `gate8`,
        `gate4` and `gate2`, the gates of the features from below.

        Without gates, the glow of an object in front of a sky would reach into the sky as far as the deepest receptive field.
        """
        skip2 = run(lambda x: self.stem(F.pixel_unshuffle((x - 0.5) / 0.25, 2)), [x])
        skip4 = run(lambda x: self.encode4(self.down4(x, rectified=True)), [skip2])
        skip8 = normalised(run(lambda x: self.encode8(self.down8(x)), [normalised(skip4)]))
        skip16 = run(lambda x: self.encode16(self.down16(x)), [skip8])
        gates = {"gate8": (self.gate8, skip8, skip16), "gate4": (self.gate4, skip4, skip8), "gate2": (self.gate2, skip2, skip4)}
        features = {"skip2": skip2, "skip4": skip4, "skip8": skip8, "skip16": skip16}
        return features | {name: run(gate, [fine, coarse]) for name, (gate, fine, coarse) in gates.items()}

    def decode(self, features: dict[str, Tensor], wct: WctLayer, run: RunStage = run_at_once) -> Tensor:
        """Decode the result of `encode`, which is emptied, through the WCT layers, to features for `to_rgb`."""

        def painted(layer: str, x: Tensor, conv: PointwiseConv | None = None) -> Tensor:
            found = wct(layer, x)
            return (found if conv is None else found.then(conv))(x)

        x = painted("deep16", run(self.decode16, [painted("skip16", features.pop("skip16"))]), self.up8)
        stages = ((8, self.decode8, None, self.up4), (4, self.decode4, None, self.up2), (2, self.decode2, self.across2, None))
        for scale, decode, across, up in stages:
            skip, gate = f"skip{scale}", f"gate{scale}"
            inputs = [painted(skip, features.pop(skip), across), features.pop(gate), x]
            del x  # and the inputs, before the next layer is computed: of a large picture, each takes much memory
            x = run(partial(_decoded, decode), inputs)
            del inputs
            x = painted(f"deep{scale}", x, up)
        return x

    def to_rgb(self, x: Tensor, run: RunStage = run_at_once) -> Tensor:
        return run(lambda x: F.pixel_shuffle(self.out(x.float(), rectified=True), 2) * 0.25 + 0.5, [x])

    def forward(self, x: Tensor, wct: WctLayer) -> Tensor:
        return self.to_rgb(self.decode(self.encode(x), wct))

    def initialise(self) -> None:
        """Initialise for training: He's, with zero residual branches and gates, and with the finest skip connection at zero: training would
        learn that easy path and no other."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
                assert module.bias is not None  # noqa: S101
                nn.init.zeros_(module.bias)
        for module in self.modules():
            if isinstance(module, Residual):
                nn.init.zeros_(module.second.weight)
            if isinstance(module, Gate):
                for part in (module.fine, module.coarse):
                    nn.init.zeros_(part.weight)
        nn.init.zeros_(self.across2.weight)


def normalised(x: Tensor) -> Tensor:
    """Features (B, C, H, W) centred and scaled to a mean variance of 1.

    Inner WCT layers tell styles apart by correlations between channels. Means and scales would grow from stage to stage and, without a
    bound, from step to step of the training, until these layers contribute nothing.
    """
    return rescaled(x, feature_statistics(x, uncorrelated=True))
