"""Other feed-forward networks for style transfer, as their papers and public code describe them. Random weights suffice for speed.

Each has `code(style)`, what can be cached of a style, and `paint(photo, code)`.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nst.engine.encoders.vgg19 import VGG19

EPSILON = 1e-5


def conv(width_in: int, width: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    return nn.Conv2d(width_in, width, kernel, stride, kernel // 2, padding_mode="reflect", groups=groups)


def mean_and_deviation(x: Tensor) -> tuple[Tensor, Tensor]:
    flat = x.flatten(2)
    return flat.mean(2)[..., None, None], (flat.var(2) + EPSILON).sqrt()[..., None, None]


def adain(x: Tensor, style: tuple[Tensor, Tensor]) -> Tensor:
    """Huang and Belongie 2017, eq. 8."""
    mean, deviation = mean_and_deviation(x)
    return (x - mean) / deviation * style[1] + style[0]


class MicroAST(nn.Module):
    """Wang et al., "MicroAST: Towards Super-Fast Ultra-Resolution Arbitrary Style Transfer" (AAAI 2023)."""

    def __init__(self) -> None:
        super().__init__()
        self.content_encoder, self.style_encoder = self._encoder(), self._encoder()
        self.modulators = nn.ModuleList([conv(64, 64, 3, groups=64) for _ in range(4)])
        self.decoders = nn.ModuleList([self._residual(), self._residual()])
        self.tail = nn.Sequential(
            nn.Upsample(scale_factor=2, mode="bilinear"), conv(64, 32, 3, groups=32), nn.ReLU(), conv(32, 32, 1), nn.ReLU(),
            nn.Upsample(scale_factor=2, mode="bilinear"), conv(32, 16, 3, groups=16), nn.ReLU(), conv(16, 16, 1), nn.ReLU(),
            conv(16, 3, 9),
        )  # fmt: skip

    def _encoder(self) -> nn.ModuleList:
        head = nn.Sequential(
            conv(3, 16, 9), nn.ReLU(), conv(16, 32, 3, 2, groups=16), nn.ReLU(), conv(32, 32, 1), nn.ReLU(),
            conv(32, 64, 3, 2, groups=32), nn.ReLU(), conv(64, 64, 1), nn.ReLU(),
        )  # fmt: skip
        return nn.ModuleList([head, self._residual(), self._residual()])

    def _residual(self) -> nn.ModuleList:
        return nn.ModuleList([conv(64, 64, 3), conv(64, 64, 3)])

    def _encode(self, encoder: Any, x: Tensor) -> list[Tensor]:
        head, first, second = encoder
        x = head(x)
        x = x + first[1](first[0](x).relu())
        return [x, x + second[1](second[0](x).relu())]

    def code(self, style: Tensor) -> Any:
        features = self._encode(self.style_encoder, style)
        signals = [module(features[index // 2]).mean((2, 3), keepdim=True) for index, module in enumerate(self.modulators)]
        return [mean_and_deviation(x) for x in features], signals

    def paint(self, photo: Tensor, code: Any) -> Tensor:
        moments, signals = code
        x = self._encode(self.content_encoder, photo)[1]
        decoders: Iterable[Any] = self.decoders
        for level, (first, second) in zip((1, 0), decoders, strict=True):
            x = adain(x, moments[level])
            weight, bias = signals[2 * level : 2 * level + 2]
            inner = (weight * first(x) + bias * x).relu()
            x = x + weight * second(inner) + bias * inner
        result: Tensor = self.tail(x)
        return result


class Transform(nn.Module):
    """One network a style: Johnson et al. 2016 with instance normalisation and nearest upsampling, as PyTorch's example has it."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            conv(3, 32, 9), norm(32), nn.ReLU(), conv(32, 64, 3, 2), norm(64), nn.ReLU(), conv(64, 128, 3, 2), norm(128), nn.ReLU(),
            *(TransformResidual() for _ in range(5)),
            nn.Upsample(scale_factor=2), conv(128, 64, 3), norm(64), nn.ReLU(),
            nn.Upsample(scale_factor=2), conv(64, 32, 3), norm(32), nn.ReLU(), conv(32, 3, 9),
        )  # fmt: skip

    def code(self, style: Tensor) -> None:
        """It knows one style."""

    def paint(self, photo: Tensor, code: None) -> Tensor:  # noqa: ARG002  # as the others
        result: Tensor = self.layers(photo)
        return result


def norm(width: int) -> nn.InstanceNorm2d:
    return nn.InstanceNorm2d(width, affine=True)


class TransformResidual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(conv(128, 128, 3), norm(128), nn.ReLU(), conv(128, 128, 3), norm(128))

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = x + self.layers(x)
        return result


class AdaIN(nn.Module):
    """Huang and Belongie, "Arbitrary Style Transfer in Real-time with Adaptive Instance Normalization" (ICCV 2017), over VGG-19."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = VGG19()
        blocks = [(512, [256]), (256, [256, 256, 256, 128]), (128, [128, 64]), (64, [64])]
        layers: list[nn.Module] = []
        for index, (width_in, widths) in enumerate(blocks):
            layers += [nn.Upsample(scale_factor=2)] if index else []
            for width in widths:
                layers += [conv(width_in, width, 3), nn.ReLU()]
                width_in = width
        self.decoder = nn.Sequential(*layers, conv(64, 3, 3))

    def _encode(self, x: Tensor) -> Tensor:
        features: Tensor = self.encoder(x, ["relu4_1"])["relu4_1"]
        return features

    def code(self, style: Tensor) -> tuple[Tensor, Tensor]:
        return mean_and_deviation(self._encode(style))

    def paint(self, photo: Tensor, code: tuple[Tensor, Tensor]) -> Tensor:
        result: Tensor = self.decoder(adain(self._encode(photo), code))
        return F.interpolate(result, size=photo.shape[-2:]) if result.shape[-2:] != photo.shape[-2:] else result


def ready(network: nn.Module) -> nn.Module:
    """For inference, in the memory format that is fastest here."""
    return network.requires_grad_(False).eval().to(memory_format=torch.channels_last)
