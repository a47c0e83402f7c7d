"""Painting photo after photo: what `stylize` and `demo` have in common once it is clear what goes where."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import typer
from PIL import Image

from nst.cli import outputs
from nst.cli.bars import painting_bar
from nst.cli.edge import complain, say
from nst.cli.interruption import Interruption
from nst.cli.sources import Source
from nst.cli.style_sources import NamedStyle
from nst.cli.weights import fetch_weights
from nst.domain import Mode, StyleParams
from nst.errors import DoesNotFit, FileUnreadable, InvalidImage, RenderingFailed
from nst.settings import Settings

OF_ONE_PHOTO = (InvalidImage, FileUnreadable, DoesNotFit, RenderingFailed)
"""What may befall one photo and leave the others alone; anything else would befall them all."""


@dataclass(frozen=True)
class Commission:
    """One painting to make, and its path."""

    photo: Source
    target: Path


@dataclass(frozen=True)
class Studio:
    """What all paintings of a call share."""

    styles: Sequence[NamedStyle]
    params: StyleParams
    settings: Settings
    as_json: bool

    def paint_all(self, commissions: Sequence[Commission]) -> None:
        """Paints, saves and reports each. A photo that cannot be painted is reported, and the others go on.

        Raises:
            typer.Exit: with the first error's code, or 130 after Ctrl-C, which saves the painting as it is and ends the round.
            PasticheError: when there is trouble that all paintings would have.
        """
        if self.params.encoder == "vgg19" and self.params.mode is Mode.OPTIMISED:
            fetch_weights(self.settings.weights_dir, quiet=self.as_json)  # here, where there is a bar to watch
        first_code = 0
        with Interruption() as interruption:
            for commission in commissions:
                try:
                    self._paint(commission, interruption)
                except OF_ONE_PHOTO as error:
                    complain(error, as_json=self.as_json, photo=commission.photo.said)
                    first_code = first_code or error.exit_code
                if interruption.happened:
                    raise typer.Exit(interruption.EXIT_CODE)
        if first_code:
            raise typer.Exit(first_code)

    def _paint(self, commission: Commission, interruption: Interruption) -> None:
        painting, recipe = self._rendered(commission, interruption)
        recipe = {"photo": commission.photo.name, "styles": [style.name for style in self.styles], **recipe}
        beside = outputs.save(painting, recipe, commission.target)
        self._report(commission, recipe, beside)

    def _rendered(self, commission: Commission, interruption: Interruption) -> tuple[Image.Image, dict[str, Any]]:
        photo = commission.photo.read()
        from nst.engine import Style, stylize  # loads torch, which takes seconds: not before the photo is known to be one

        styles = [Style(style.picture, style.share) for style in self.styles]
        with painting_bar(commission.photo.name, quiet=self.as_json) as show:
            result = stylize(photo, styles, self.params, on_progress=show, should_stop=interruption, **self._means)
        return result.picture, result.recipe

    @cached_property
    def _means(self) -> dict[str, Any]:
        """What paints: the device, and for instant painting what remembers the styles from photo to photo."""
        from nst.engine import device_named, load_instant

        device = device_named(self.settings.device)
        return {"device": device, "instant": load_instant(device) if self.params.mode is Mode.INSTANT else None}

    def _report(self, commission: Commission, recipe: dict[str, Any], beside: Path | None) -> None:
        width, height = recipe["size"]
        verb = "stopped early after" if recipe["stopped"] else "painted in"
        digits = 0 if recipe["seconds"] >= 10 else 1
        text = f"{commission.photo.said}: {verb} {recipe['seconds']:.{digits}f} s, {width} x {height} pixels: {commission.target}"
        facts = {name: recipe[name] for name in ("styles", "size", "seconds", "stopped")}
        files = {"photo": commission.photo.said, "painting": str(commission.target), "recipe": str(beside) if beside else None}
        say(text, {**files, **facts}, as_json=self.as_json, aside=commission.target == outputs.STDOUT)
