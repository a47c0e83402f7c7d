"""The paintings made in this browser, private ones included."""

from nst.ui.frame import open_page
from nst.ui.my_pictures import show_my_pictures

with open_page("my_pictures") as visit:
    show_my_pictures(visit)
