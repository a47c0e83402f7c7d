"""Client of a Pastiche studio: `Client.stylize(path, style)` paints a photo."""

from pastiche_client.client import Client, Job, Painting, PaintingFailed, Region, Style
from pastiche_client.connection import StudioError, StudioUnreachable

__all__ = ["Client", "Job", "Painting", "PaintingFailed", "Region", "StudioError", "StudioUnreachable", "Style"]
