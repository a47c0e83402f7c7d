"""Neural style transfer: a photo and style pictures in, a painting out."""

from nst.domain import Progress, StyleShare
from nst.engine.devices import best_device, device_named
from nst.engine.encoders.registry import Encoder, load_encoder
from nst.engine.instant.stylizer import InstantStylizer, load_instant
from nst.engine.regions import MaskedStyle, Region
from nst.engine.results import Result
from nst.engine.stylize import stylize

__all__ = [
    "Encoder",
    "InstantStylizer",
    "MaskedStyle",
    "Progress",
    "Region",
    "Result",
    "StyleShare",
    "best_device",
    "device_named",
    "load_encoder",
    "load_instant",
    "stylize",
]
