"""Pastiche: a studio that turns a photo into a painting in the style of any picture."""

__version__ = "0.2.0"
