"""Pictures in, picture out."""

from nst.engine.devices import best_device, device_named
from nst.engine.encoders import Encoder, load_encoder
from nst.engine.stylize import Iterate, Result, Style, stylize

__all__ = ["Encoder", "Iterate", "Result", "Style", "best_device", "device_named", "load_encoder", "stylize"]
