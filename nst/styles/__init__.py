"""Style pictures: the bundled ones, and those in a folder of the operator's own (NST_STYLES_DIR)."""

from nst.styles.catalogue import Catalogue, LeftOut, StyleEntry, digest_of
from nst.styles.search_words import description_of, search

__all__ = ["Catalogue", "LeftOut", "StyleEntry", "description_of", "digest_of", "search"]
