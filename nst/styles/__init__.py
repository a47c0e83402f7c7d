"""Style pictures: the bundled ones, and those in a folder of the operator's own (NST_STYLES_DIR)."""

from nst.styles.catalogue import Catalogue, LeftOut, StyleEntry, digest_of

__all__ = ["Catalogue", "LeftOut", "StyleEntry", "digest_of"]
