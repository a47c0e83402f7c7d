"""The catalogue of style pictures by id. It knows where they are stored, and nothing about painting with them."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from PIL import Image

from nst import images
from nst.errors import FileUnreadable, InvalidImage, PasticheError, StyleChanged, UnknownStyle
from nst.images import STORED_LIMITS, Limits
from nst.styles.names import readable, slug, title
from nst.styles.own_styles import OwnStyles

_SHOWN = 100  # characters of an unknown id to repeat in an error sentence
_CHECK_SECONDS = 10.0  # longest time that such a sentence waits until own pictures are checked
CHANGED = "The style picture has changed since this painting was requested; the new one is not used in its place. Choose the style again."
GONE = "The picture of this style is not there any more. Choose another style."


@dataclass(frozen=True)
class StyleEntry:
    """A style on offer.

    Attributes:
        id: lower case letters, digits and hyphens.
        line: a sentence that describes it.
        palette: its main colours as #rrggbb; empty for own pictures.
        credit: its author and licence; empty for own pictures.
        digest: SHA-256 of the picture's file.
    """

    id: str
    title: str
    line: str
    palette: tuple[str, ...]
    credit: str
    path: Traversable
    digest: str


@dataclass(frozen=True)
class LeftOut:
    """An own picture that cannot be used, and why."""

    file: str
    error: PasticheError


class Catalogue:
    """The bundled styles, followed by the pictures in `own_folder` in the order of their names. The folder may change at any time.

    An own style is also found by its full id (`nst.styles.names`), and by the id of earlier versions if that is unambiguous.
    Code that stores an id also stores the picture's digest: with it, `get` finds the very picture that was meant, or none.

    Args:
        close: ends what keeps the folder current.

    Raises:
        FileUnreadable: when `own_folder` is not a readable folder.
    """

    def __init__(self, limits: Limits, own_folder: Path | None = None, close: Callable[[], None] = lambda: None) -> None:
        self._limits, self.close = limits, close
        self._bundled = {entry.id: entry for entry in _bundled()}
        self._own = OwnStyles(own_folder, limits, self._bundled.keys()) if own_folder else None

    def __contains__(self, style_id: str) -> bool:
        return any(self._checked(entry).digest for entry in self._claims(style_id))

    def entries(self, timeout: float | None = None) -> tuple[StyleEntry, ...]:
        """All styles that can be used.

        Args:
            timeout: seconds to wait until own pictures are checked; unchecked ones are left out until a later call. None: until all are.
        """
        if self._own is None:
            return tuple(self._bundled.values())
        files = self._own.index().files
        known = self._own.checked(files.values(), timeout)
        own = [self._own_entry(style_id, file, known[file].digest) for style_id, file in files.items() if file in known]
        return (*self._bundled.values(), *(entry for entry in own if entry.digest))

    def left_out(self) -> tuple[LeftOut, ...]:
        """Files in the folder that have the name of a picture and cannot be used."""
        if self._own is None:
            return ()
        known = self._own.checked(self._own.index().files.values(), timeout=None)
        return tuple(LeftOut(readable(file), found.error) for file, found in known.items() if found.error)

    def get(self, style_id: str, digest: str | None = None) -> StyleEntry:
        """
        Args:
            digest: of the picture that is meant. Without it, the picture that has the id now.

        Raises:
            UnknownStyle: when no style has this id (the sentence suggests similar ones), or it cannot be used.
            StyleChanged: when no style with this id has the digest.
        """
        claims = self._claims(style_id, digest)
        for claim in claims:
            entry = self._checked(claim)
            if entry.digest and digest in (None, entry.digest):
                return entry
        raise self._none(style_id, digest, claims)

    def file(self, style_id: str, digest: str | None = None) -> bytes:
        """The bytes of the style's picture. They are not decoded, and may be damaged.

        Raises:
            UnknownStyle, StyleChanged: as `get`.
            FileUnreadable: when it cannot be read.
        """
        claims = self._claims(style_id, digest)
        for claim in claims:
            try:
                data = images.read_bytes(claim.path, self._limits_of(claim))
            except (FileUnreadable, InvalidImage) as error:
                if digest is None:
                    raise FileUnreadable(GONE) from error
            else:
                if digest in (None, digest_of(data)):
                    return data
        raise self._none(style_id, digest, claims)

    def picture(self, style_id: str, digest: str | None = None, max_side: int | None = None) -> Image.Image:
        """The style's picture in RGB or RGBA, reduced to a long side of `max_side` pixels.

        Raises:
            UnknownStyle, StyleChanged: as `get`; StyleChanged also when the picture is replaced during the call.
        """
        entry = self.get(style_id, digest)
        return images.decode(self.file(entry.id, entry.digest), self._limits_of(entry), max_side=max_side)

    def unknown(self, style_id: str) -> UnknownStyle:
        """The error for an unknown or unusable style. Its sentence suggests similar ids, or lists all."""
        asked = style_id[:_SHOWN]
        for claim in self._claims(style_id):
            if self._own is not None and (error := self._own.check(claim.path.name).error):
                return UnknownStyle(f"The style {asked!r} cannot be used. {error}")
        entries = self.entries(_CHECK_SECONDS)
        known = [entry.id for entry in entries]
        titled = [entry.id for entry in entries if entry.title.casefold() == asked.casefold()]
        close = self._aliased(style_id) or titled or get_close_matches(slug(asked), known, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(close)}?" if close else f"Choose one of {', '.join(known)}."
        return UnknownStyle(f"There is no style called {asked!r}. {hint}")

    def _claims(self, style_id: str, digest: str | None = None) -> list[StyleEntry]:
        """The entries that an id may refer to: at most one, or with a digest all candidates. Own pictures are not checked here."""
        if self._own is None:
            return [self._bundled[style_id]] if style_id in self._bundled else []
        index = self._own.index()
        exact = [style_id] if style_id in self._bundled or style_id in index.files else []
        aliased = index.aliases.get(style_id, [])
        found = [*exact, *aliased] if digest is not None else exact or (aliased if len(aliased) == 1 else [])
        return [self._bundled.get(each) or self._own_entry(each, index.files[each]) for each in found]

    def _aliased(self, style_id: str) -> list[str]:
        return self._own.index().aliases.get(style_id, []) if self._own else []

    def _none(self, style_id: str, digest: str | None, claims: list[StyleEntry]) -> PasticheError:
        if digest is None:
            return self.unknown(style_id)
        return StyleChanged(CHANGED if claims else GONE)

    def _own_entry(self, style_id: str, file: str, digest: str = "") -> StyleEntry:
        assert self._own is not None  # noqa: S101 -- only own styles have a file
        return StyleEntry(style_id, title(file), "A picture of your own.", (), "", self._own.path(file), digest)

    def _checked(self, entry: StyleEntry) -> StyleEntry:
        """The entry with its digest, which stays empty if the picture cannot be used."""
        if entry.digest or self._own is None:
            return entry
        return replace(entry, digest=self._own.check(entry.path.name).digest)

    def _limits_of(self, entry: StyleEntry) -> Limits:
        """A site's limits do not apply to bundled pictures."""
        return STORED_LIMITS if entry.id in self._bundled else self._limits


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@cache
def _bundled() -> tuple[StyleEntry, ...]:
    folder = resources.files("nst.styles")
    return tuple(_bundled_entry(facts, folder) for facts in json.loads(folder.joinpath("catalogue.json").read_text("utf-8")))


def _bundled_entry(facts: Mapping[str, Any], folder: Traversable) -> StyleEntry:
    path = folder.joinpath("pictures", f"{facts['id']}.jpg")
    digest = digest_of(path.read_bytes())
    return StyleEntry(facts["id"], facts["title"], facts["line"], tuple(facts["palette"]), facts["credit"], path, digest)
