"""Recipe files: how they are read and written, which painting each belongs to, and the earlier paintings that they describe."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nst import images
from nst.cli.terminal import decode_names
from nst.errors import PasticheError

_MAX_BYTES = 1_000_000  # of a recipe file; recipes have one or two thousand


def candidate_paths(painting: Path) -> tuple[Path, Path]:
    """Where the recipe of a painting can be. The second path is used when the first belongs to something else."""
    return painting.with_suffix(".json"), painting.with_name(f"{painting.name}.json")


def encode(recipe: dict[str, Any]) -> bytes:
    """The contents of a recipe file, in UTF-8."""
    text = decode_names(json.dumps(recipe, indent=2, ensure_ascii=False))
    return (text + "\n").encode("utf-8", "backslashreplace")  # bytes of names that are not UTF-8 become \udcXX, as in JSON


def read(path: Path) -> dict[str, Any] | None:
    """The recipe in a file; None when the file is missing, unreadable or not a recipe."""
    try:
        if not path.is_file() or path.stat().st_size > _MAX_BYTES:
            return None
        loaded = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return loaded if _is_recipe(loaded) else None


def read_if_json(path: Path) -> dict[str, Any] | None:
    """As `read`, without opening files that do not end in .json."""
    return read(path) if path.suffix.lower() == ".json" else None


def find(painting: Path) -> tuple[Path, dict[str, Any]] | None:
    """The path of a painting's recipe and the recipe; None for a picture without one."""
    for path in candidate_paths(painting):
        recipe = read(path)
        if recipe is not None and _belongs(recipe, painting):
            return path, recipe
    return None


def is_for(path: Path, painting: Path) -> bool:
    """Whether a file is the recipe of that painting, which may be missing."""
    recipe = read(path)
    return recipe is not None and _belongs(recipe, painting)


@dataclass(frozen=True)
class EarlierPainting:
    painting: Path
    recipe_path: Path
    recipe: dict[str, Any]

    @property
    def is_finished(self) -> bool:
        return not self.recipe.get("stopped")


class EarlierPaintings:
    """The paintings in a folder whose recipes have the given settings."""

    def __init__(self, folder: Path, settings: Mapping[str, Any], only: Path | None = None) -> None:
        """
        Args:
            settings: entries that a recipe must have.
            only: the one painting that counts, if the user has named it.
        """
        self._by_photo: dict[str, list[EarlierPainting]] = {}
        for found in _paintings_in(folder):
            if only in (None, found.painting) and all(found.recipe.get(name) == value for name, value in settings.items()):
                self._by_photo.setdefault(str(found.recipe.get("photo")), []).append(found)

    def take(self, name: str, digest: Callable[[], str | None], regions: Callable[[], list[Any]] = list) -> EarlierPainting | None:
        """Return and remove the painting of a photo, preferably a finished one. Each is returned once: two equal photos have two.

        Args:
            digest: returns the SHA-256 of the photo. It is only called when there are paintings of that name.
            regions: likewise, returns what the recipe says of the photo's regions.

        Returns:
            None when there is no painting of it, or the photo cannot be read.
        """
        candidates = self._by_photo.get(decode_names(name))
        if not candidates:
            return None
        try:
            wanted, wanted_regions = digest(), regions()
        except PasticheError:
            return None
        same = [found for found in candidates if wanted and found.recipe.get("photo_sha256") == wanted]
        same = [found for found in same if found.recipe.get("regions", []) == wanted_regions]
        if not same:
            return None
        best = max(same, key=lambda found: found.is_finished)
        candidates.remove(best)
        return best


def _paintings_in(folder: Path) -> list[EarlierPainting]:
    try:
        paths = sorted(folder.glob("*.json"))
    except OSError:
        return []
    return [found for path in paths if (found := painting_of(path))]


def painting_of(path: Path) -> EarlierPainting | None:
    """The painting that a recipe file belongs to; None when there is none."""
    recipe = read(path)
    if recipe is None:
        return None
    named = path.with_name(Path(str(recipe.get("painting"))).name or path.stem)
    for painting in (named, path.with_suffix(""), *map(path.with_suffix, images.OUTPUT_SUFFIXES)):
        found = find(painting) if os.path.isfile(painting) else None  # noqa: PTH113  # Path.is_file may raise
        if found and found[0] == path:
            return EarlierPainting(painting, path, recipe)
    return None


def _is_recipe(loaded: object) -> bool:
    if not isinstance(loaded, dict) or not isinstance(loaded.get("params"), dict):
        return False
    versions = loaded.get("versions")
    return isinstance(versions, dict) and "pastiche" in versions


def _belongs(recipe: dict[str, Any], painting: Path) -> bool:
    named = recipe.get("painting")
    if named == decode_names(painting.name):
        return True
    if not os.path.lexists(painting) or recipe.get("photo") == decode_names(painting.name):
        return False
    # Written by an earlier version, which did not store the painting's name, or renamed together with the painting.
    return named is None or (isinstance(named, str) and not os.path.lexists(painting.with_name(Path(named).name or ".")))
