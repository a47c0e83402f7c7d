"""What every front end calls. Access and limits are checked here, never only in a front end."""

from nst.service.access import PictureKind
from nst.service.address_quota import AddressQuota
from nst.service.service import Service
from nst.service.status import JobView, Status, Waiting, WorkerOutage
from nst.service.submission import Order, RegionChoice, StyleChoice

__all__ = ["AddressQuota", "JobView", "Order", "PictureKind", "RegionChoice", "Service", "Status", "StyleChoice", "Waiting"]
__all__ += ["WorkerOutage"]
