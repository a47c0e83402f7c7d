"""Paintings at once, for a page to show while its visitor is still choosing."""

from nst.preview.previews import Previews

__all__ = ["Previews"]
