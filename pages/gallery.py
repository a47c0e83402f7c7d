"""The paintings that visitors have published, the newest or the most liked first."""

from nst.ui.frame import open_page
from nst.ui.gallery import show_gallery

with open_page("gallery") as visit:
    show_gallery(visit)
