"""The studio's figures, for its operator; safe for everyone to see."""

from nst.ui.frame import open_page
from nst.ui.status import show_status

with open_page("status") as visit:
    show_status(visit)
