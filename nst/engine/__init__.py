"""Pictures in, picture out."""

from nst.engine.encoders import Encoder, load_encoder
from nst.engine.stylize import Iterate, Result, Style, best_device, stylize

__all__ = ["Encoder", "Iterate", "Result", "Style", "best_device", "load_encoder", "stylize"]
