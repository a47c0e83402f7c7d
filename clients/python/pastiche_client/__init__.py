"""Has photos painted by a Pastiche studio: `Client.stylize(path, style)`."""

from pastiche_client.client import Client, Job, Painting, PaintingFailed, StudioError, Style

__all__ = ["Client", "Job", "Painting", "PaintingFailed", "StudioError", "Style"]
