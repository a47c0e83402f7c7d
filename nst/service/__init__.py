"""What every front end calls. Access and limits are checked here, never only in a front end."""

from nst.service.access import PictureKind
from nst.service.address_quota import AddressQuota
from nst.service.service import Service
from nst.service.status import JobView, Status, Waiting, WorkerOutage
from nst.service.submission import LargerOrder, Order, RegionChoice, StyleChoice
from nst.service.submitter import Sender

__all__ = ["AddressQuota", "JobView", "LargerOrder", "Order", "PictureKind", "RegionChoice", "Sender", "Service", "Status"]
__all__ += ["StyleChoice", "Waiting", "WorkerOutage"]
