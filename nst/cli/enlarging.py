"""Earlier paintings that are enlarged: what their recipes say, which words on the command line may replace."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nst.cli import recipes
from nst.cli.inputs import NamedStyle, load_styles
from nst.cli.prints import Printing
from nst.cli.regions import NamedRegion
from nst.cli.sources import Source, file_source, path_from
from nst.cli.terminal import decode_names
from nst.domain import StyleParams, StyleShare, is_automatic, larger_sizes
from nst.errors import FileUnreadable, InvalidParams
from nst.images import Limits
from nst.styles import Catalogue

_OF_SIZE = ("size", "preset", "iterations", "scales", "init")  # how the painting itself was begun and how large it is


@dataclass(frozen=True)
class Earlier:
    """A painting that is enlarged.

    Attributes:
        source: the painting's file.
        recipe: empty for a painting without one.
    """

    source: Source
    recipe: dict[str, Any]
    limits: Limits

    @property
    def facts(self) -> dict[str, Any]:
        """What the recipe of the larger painting says of it, ready for JSON."""
        return {"painting": decode_names(self.source.name), "sha256": self.source.digest()}

    def photo(self) -> str:
        """The photo's file, which the recipe names.

        Raises:
            InvalidParams: when there is no recipe.
            FileUnreadable: when no such file is in the working folder or beside the painting.
        """
        self._check_recipe("its photo")
        return self._file(str(self.recipe.get("photo")), self.recipe.get("photo_sha256"), "photo", "Name it before --from.")

    def styles(self, catalogue: Catalogue) -> list[StyleShare[NamedStyle]]:
        """Raises as `photo`, and InvalidParams for a style whose picture is another one by now."""
        self._check_recipe("--style")
        return self._styles(self.recipe, catalogue)

    def parts(self, catalogue: Catalogue) -> list[NamedRegion]:
        """The regions. Raises as `styles`."""
        return [self._region(found, catalogue) for found in self.recipe.get("regions") or []]

    def params(self, given: StyleParams, chosen: Collection[str], printing: Printing) -> StyleParams:
        """The recipe's parameters, but for those on the command line, with a size.

        Args:
            given: what the command line says.
            chosen: names of the parameters that it says.

        Raises:
            InvalidParams: when the recipe has a parameter or a value that is unknown here.
        """
        of_recipe = self.recipe.get("requested") or self.recipe.get("params") or {}
        params = StyleParams.from_dict({name: value for name, value in of_recipe.items() if name not in _OF_SIZE})
        params = replace(params, **{name: getattr(given, name) for name in chosen})
        if params.size or "preset" in chosen or printing.request:
            return params
        size = self.source.read().size
        return replace(params, size=next(iter(larger_sizes(size)), 2 * max(size)))

    def _check_recipe(self, missing: str) -> None:
        if not self.recipe:
            raise InvalidParams(f"{self.source.label} has no recipe next to it that says how it was painted. Give {missing}.")

    def _styles(self, facts: dict[str, Any], catalogue: Catalogue) -> list[StyleShare[NamedStyle]]:
        names, digests = facts.get("styles") or [], facts.get("styles_sha256") or []
        parts = facts.get("style_parts") or [None] * len(names)
        words = [self._style(*each, catalogue) for each in zip(names, digests, parts, strict=False)]
        found = load_styles(words, facts.get("style_shares") or [], catalogue, self.limits) if words else []
        changed = [style.style.name for style, digest in zip(found, digests, strict=False) if digest and style.style.digest != digest]
        if changed:
            raise InvalidParams(f"The style {changed[0]} has another picture than in the recipe. To use it nevertheless, add --style.")
        return found

    def _style(self, name: str, digest: str | None, part: str | None, catalogue: Catalogue) -> str:
        style = name if name in catalogue else self._file(name, digest, "style", "Give --style.")
        if part is None or is_automatic(part):
            return style if part is None else f"{style}@{part}"
        return f"{style}@{self._file(part, None, 'mask', 'Give --region.')}"

    def _region(self, facts: dict[str, Any], catalogue: Catalogue) -> NamedRegion:
        name = str(facts.get("mask"))
        mask = name if is_automatic(name) else self._file(name, facts.get("mask_sha256"), "mask", "Give --region or --keep.")
        return NamedRegion(mask, self.limits, self._styles(facts, catalogue), facts.get("strength"))

    def _file(self, name: str, digest: str | None, what: str, advice: str) -> str:
        """A file that the recipe names, in the working folder or beside the painting.

        Args:
            digest: its SHA-256, if the recipe has one.
        """
        folder = self.source.path.parent if self.source.path else Path()
        for path in (Path(Path(name).name), folder / Path(name).name):
            if path.is_file() and digest in (None, file_source(path, self.limits).digest()):
                return str(path)
        raise FileUnreadable(f"The {what} {name} of {self.source.label} is neither here nor beside it. {advice}")


def load(word: str | None, limits: Limits) -> Earlier | None:
    """The painting that `--from` names, by its own file or its recipe's; None without it.

    Raises:
        FileUnreadable: when there is no such file, or no painting for the recipe.
    """
    if word is None:
        return None
    path = path_from(word)
    if recipes.read_if_json(path) is not None:
        earlier = recipes.painting_of(path)
        if earlier is None:
            raise FileUnreadable(f"The painting of the recipe {word} is not beside it. Name the painting itself.")
        return Earlier(file_source(earlier.painting, limits), earlier.recipe, limits)
    if not path.is_file():
        raise FileUnreadable(f"There is no painting {word!r}. Check its name and folder.")
    found = recipes.find(path)
    return Earlier(file_source(path, limits), found[1] if found else {}, limits)
