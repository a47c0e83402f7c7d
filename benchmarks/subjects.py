"""What the engine's benchmarks work on: a sample photo, a bundled style, the embedded encoder."""

from PIL import Image

from nst import samples
from nst.engine import Encoder, best_device, weights
from nst.engine.compact import CompactEncoder
from nst.engine.encoders import Frozen
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
