"""Pictures in, picture out."""

from nst.engine.devices import best_device, device_named
from nst.engine.easel import Style
from nst.engine.encoders import Encoder, load_encoder
from nst.engine.instantly import Instant, load_instant
from nst.engine.results import Iterate, Result
from nst.engine.stylize import stylize

__all__ = ["Encoder", "Instant", "Iterate", "Result", "Style", "best_device", "device_named", "load_encoder", "load_instant", "stylize"]
