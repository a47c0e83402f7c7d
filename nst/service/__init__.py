"""What every front end calls. Whoever asks, owner and limits are checked here and not in front."""

from nst.service.intake import Order, StyleChoice
from nst.service.service import Service
from nst.service.status import Silence, Status, Waiting

__all__ = ["Order", "Service", "Silence", "Status", "StyleChoice", "Waiting"]
