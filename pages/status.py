"""How the studio is doing: useful to whoever runs it, harmless to everybody else."""

from nst.ui.frame import open_page
from nst.ui.status import show_status

with open_page("status") as visit:
    show_status(visit)
