"""The catalogue of style pictures: what there is, by id. It knows where they lie, and nothing of painting with them."""

import json
import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import chain, count
from pathlib import Path

from PIL import Image

from nst import images
from nst.errors import FileUnreadable, UnknownStyle
from nst.images import Limits

_SHOWN = 100  # letters of a name that is none


@dataclass(frozen=True)
class StyleEntry:
    """A style on offer.

    Attributes:
        id: lower case letters, digits and hyphens.
        line: what it looks like, in a sentence.
        palette: its leading colours as #rrggbb; empty for pictures of one's own.
        credit: who made it, and its licence; empty for pictures of one's own.
    """

    id: str
    title: str
    line: str
    palette: tuple[str, ...]
    credit: str
    path: Traversable


class Catalogue:
    """The bundled styles, and behind them the pictures in `own_folder` by name, as they were when it was made.

    Raises:
        FileUnreadable: when `own_folder` is no folder that can be read.
    """

    def __init__(self, limits: Limits, own_folder: Path | None = None) -> None:
        self._limits = limits
        self._entries = {entry.id: entry for entry in _bundled()}
        for path in _pictures_in(own_folder) if own_folder else ():
            entry = _own(path, taken=self._entries.keys())
            self._entries[entry.id] = entry

    def __contains__(self, style_id: str) -> bool:
        return style_id in self._entries

    def entries(self) -> tuple[StyleEntry, ...]:
        return tuple(self._entries.values())

    def get(self, style_id: str) -> StyleEntry:
        """
        Raises:
            UnknownStyle: when there is none with this id; the sentence names those that come close.
        """
        if style_id not in self._entries:
            raise self.unknown(style_id)
        return self._entries[style_id]

    def picture(self, style_id: str) -> Image.Image:
        """The style's picture, in RGB or RGBA.

        Raises:
            UnknownStyle: as `get`.
            FileUnreadable: when a picture of one's own is gone.
            InvalidImage: when it cannot be used.
        """
        return images.read(self.get(style_id).path, self._limits)

    def unknown(self, style_id: str) -> UnknownStyle:
        """The error about an id that is none, with the ids that come close, or else all of them."""
        close = get_close_matches(slug(style_id[:_SHOWN]), self._entries, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(close)}?" if close else f"There are {', '.join(self._entries)}."
        return UnknownStyle(f"There is no style called {style_id[:_SHOWN]!r}. {hint}")


def slug(text: str) -> str:
    """A name as an id: "Der Schrei (1893)" becomes "der-schrei-1893"."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "style"


def _bundled() -> Iterator[StyleEntry]:
    folder = resources.files("nst.styles")
    for entry in json.loads(folder.joinpath("catalogue.json").read_text("utf-8")):
        path = folder.joinpath("pictures", f"{entry['id']}.jpg")
        yield StyleEntry(entry["id"], entry["title"], entry["line"], tuple(entry["palette"]), entry["credit"], path)


def _pictures_in(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if images.format_of(path) and not path.name.startswith("."))
    except OSError as error:
        raise FileUnreadable(f"The folder of styles, {folder}, cannot be read. Set NST_STYLES_DIR to one that can.") from error


def _own(path: Path, taken: Collection[str]) -> StyleEntry:
    title = re.sub(r"[\s_-]+", " ", path.stem).strip() or path.stem
    return StyleEntry(_free(slug(path.stem), taken), title[:1].upper() + title[1:], "A picture of your own.", (), "", path)


def _free(style_id: str, taken: Collection[str]) -> str:
    """The id, or with a number where another style has it: nobody's file stands in for a bundled style."""
    candidates = chain([style_id], (f"{style_id}-{number}" for number in count(2)))
    return next(candidate for candidate in candidates if candidate not in taken)
