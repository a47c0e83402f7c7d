"""Inputs of the engine's benchmarks: a sample photo, a bundled style, the embedded encoder and its bare pass."""

import torch
from PIL import Image
from torch import Tensor

from nst import samples
from nst.domain import Precision
from nst.engine import Encoder, best_device
from nst.engine.bundled_weights import load_bundled
from nst.engine.encoders.compact import CompactEncoder
from nst.engine.encoders.registry import CONTENT_LAYER, STYLE_LAYERS, FrozenEncoder
from nst.images import Limits
from nst.settings import Settings
from nst.styles import Catalogue


def photo() -> Image.Image:
    return samples.load("coffee")


def style() -> Image.Image:
    return Catalogue(Limits.of(Settings())).picture("starlit-swirl")


def compact(precision: Precision = Precision.AUTO) -> Encoder:
    """The embedded encoder."""
    state, digest = load_bundled("compact")
    network = CompactEncoder()
    network.load_state_dict(state)
    return FrozenEncoder("compact", network, digest, best_device(), precision)


def bare_pass(encoder: Encoder, picture: Tensor) -> None:
    """Forward to the layers that a rendering needs, and back to the picture (1, 3, H, W)."""
    x = picture.clone().requires_grad_(True)
    torch.stack([features.mean() for features in encoder(x, [*STYLE_LAYERS, CONTENT_LAYER]).values()]).sum().backward()  # type: ignore[no-untyped-call]
