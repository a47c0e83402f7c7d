"""Previews: quick sketches of a painting, for a page to show while its visitor is still choosing."""

from nst.model_process.messages import RegionRequest, Strokes
from nst.preview.growth import Growth
from nst.preview.scheduler import Previews

__all__ = ["Growth", "Previews", "RegionRequest", "Strokes"]
