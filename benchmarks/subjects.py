"""What the engine's benchmarks work on: a sample photo, a bundled style, the embedded encoder and its bare pass."""

import torch
from PIL import Image
from torch import Tensor

from nst import samples
from nst.engine import Encoder, best_device, weights
from nst.engine.compact import CompactEncoder
from nst.engine.encoders import CONTENT_LAYER, STYLE_LAYERS, Frozen
from nst.images import Limits
from nst.settings import Settings
from nst.styles import Catalogue


def photo() -> Image.Image:
    return samples.load("coffee")


def style() -> Image.Image:
    return Catalogue(Limits.of(Settings())).picture("starlit-swirl")


def compact(in_half: bool | None = None) -> Encoder:
    """The embedded encoder, in half precision or single, by default what the machine is good at."""
    state, digest = weights.embedded("compact")
    network = CompactEncoder()
    network.load_state_dict(state)
    return Frozen("compact", network, digest, best_device(), in_half)


def bare_pass(encoder: Encoder, picture: Tensor) -> None:
    """Forward to the layers that a rendering needs, and back to the picture (1, 3, H, W)."""
    x = picture.clone().requires_grad_(True)
    torch.stack([features.mean() for features in encoder(x, [*STYLE_LAYERS, CONTENT_LAYER]).values()]).sum().backward()  # type: ignore[no-untyped-call]
