"""What this browser has made, private paintings too."""

from nst.ui.frame import open_page
from nst.ui.mine import show_mine

with open_page("my_pictures") as visit:
    show_mine(visit)
