"""The embedded weights with their model cards, and the folder of downloaded ones."""

from pathlib import Path

from platformdirs import user_cache_path


def default_weights_dir() -> Path:
    """The folder for downloaded weights, unless a caller names another."""
    return user_cache_path("pastiche") / "weights"
