"""Style pictures: the bundled ones, and those of a folder of one's own."""

from nst.styles.catalogue import Catalogue, StyleEntry

__all__ = ["Catalogue", "StyleEntry"]
