"""Renders and saves photo after photo, once `stylize` or `demo` has decided which photos go where."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

import typer
from PIL import Image

from nst.checkpoints import CheckpointKeeper
from nst.cli import outputs
from nst.cli.checkpoints import CheckpointFile
from nst.cli.enlarging import Earlier
from nst.cli.inputs import NamedStyle, style_facts
from nst.cli.interruption import Interruption
from nst.cli.outputs import Target
from nst.cli.prints import DEFAULT_PRINTING, Printing
from nst.cli.progress_bars import painting_bar
from nst.cli.recipes import EarlierPainting
from nst.cli.regions import NamedRegion
from nst.cli.sources import Source
from nst.cli.terminal import one_line, print_error, print_note, print_result, reason_of
from nst.cli.timelapses import FilmTarget
from nst.cli.weights import fetch_weights
from nst.domain import Mode, Progress, StyleParams, StyleShare
from nst.errors import (
    CannotWrite,
    DoesNotFit,
    FileUnreadable,
    InternalError,
    InvalidParams,
    PasticheError,
    WeightsUnavailable,
    is_out_of_memory,
)
from nst.settings import Settings
from nst.timelapse import FrameRecorder

ERRORS_OF_ALL_PHOTOS = (InvalidParams, WeightsUnavailable)
"""Errors that end the run, because every rendering would have them. Any other error concerns one photo, and the next is rendered."""

_MAX_NAMED = 10  # photos named in one sentence
_MAX_ERROR = 200  # characters of an unexpected error's text


@dataclass(frozen=True)
class RenderTask:
    """A photo, and where its painting goes.

    Attributes:
        resumes: whether it goes on from the checkpoint of an interrupted painting, if there is one.
    """

    photo: Source
    target: Target
    film: FilmTarget | None = None
    resumes: bool = False


class _NothingToSave(Exception):
    """The run was interrupted before there was a painting. Not an error."""


@dataclass(frozen=True)
class BatchRenderer:
    """Renders several photos with the same styles and parameters.

    Attributes:
        to_stderr: whether messages go to standard error, because standard output is a painting.
        earlier: the painting that is enlarged.
    """

    styles: Sequence[StyleShare[NamedStyle]]
    params: StyleParams
    settings: Settings
    as_json: bool
    to_stderr: bool = False
    regions: Sequence[NamedRegion] = ()
    printing: Printing = DEFAULT_PRINTING
    earlier: Earlier | None = None

    @property
    def all_styles(self) -> list[StyleShare[NamedStyle]]:
        """Those of the painting, then those of its regions."""
        return [*self.styles, *(style for region in self.regions for style in region.styles)]

    def mask_paths(self, photos: Sequence[Source]) -> list[Path]:
        """The files of the masks."""
        masks = []
        for region, photo in product(self.regions, photos):
            with suppress(FileUnreadable):  # reported when the photo is painted
                masks.append(region.source(photo))
        return [mask.path for mask in masks if mask and mask.path]

    def render_all(self, tasks: Sequence[RenderTask], code: int = 0) -> None:
        """Render, save and report each task. An error of one photo is reported, and the next photo is rendered.

        Args:
            code: the exit code of an earlier error.

        Raises:
            typer.Exit: with the first error's exit code. After a signal, with 128 plus its number: the current painting is saved as it
                is, and the remaining photos are reported.
            PasticheError: for an error that every rendering would have.
        """
        if tasks and self.params.encoder == "vgg19" and self.params.mode is Mode.OPTIMISED and not self.earlier:
            fetch_weights(self.settings.weights_dir, quiet=self.as_json)  # the engine would download them without a progress bar
        waiting = list(tasks)
        with Interruption() as interruption:
            while waiting and not interruption():
                try:
                    failed = self._render_or_report(waiting[0], interruption)
                except _NothingToSave:
                    break
                code = code or failed
                del waiting[0]
            if interruption():
                self._report_remaining(waiting, interruption.exit_code)
                raise typer.Exit(interruption.exit_code)
        if code:
            raise typer.Exit(code)

    def report_earlier(self, photo: Source, earlier: EarlierPainting) -> None:
        """Report a painting that exists already; for programs only."""
        if self.as_json:
            paths = {"photo": photo.label, "painting": str(earlier.painting), "recipe": str(earlier.recipe_path)}
            print_result("", {**paths, **_facts(earlier.recipe), "painted_already": True}, as_json=True, to_stderr=self.to_stderr)

    def recipe_settings(self) -> dict[str, Any]:
        """The entries of a recipe that distinguish two paintings of the same photo, as JSON stores them."""
        facts = {**style_facts(self.styles), "requested": self.params.to_dict(), "print": self.printing.facts}
        facts["enlarged_from"] = self.earlier.facts if self.earlier else None
        loaded: dict[str, Any] = json.loads(json.dumps(facts))
        return loaded

    def region_facts(self, photo: Source) -> list[dict[str, Any]]:
        """What the recipe of a photo's painting says of its regions."""
        return [region.facts(region.source(photo)) for region in self.regions]

    def _render_or_report(self, task: RenderTask, interruption: Interruption) -> int:
        """The exit code of the error that was reported; 0 for a painting."""
        try:
            photo = task.photo.read()
            painting, recipe, frames = self._rendered(task, photo, interruption)
            target = outputs.save(painting, recipe, task.target, self.printing.dpi)
            film = None if task.film is None else task.film.save(photo, frames, painting, target.painting)
            if not recipe["stopped"]:
                CheckpointFile(task.target.painting).remove()
            self._report(task, target, recipe, film)
        except (_NothingToSave, *ERRORS_OF_ALL_PHOTOS):
            raise
        except Exception as error:  # decoders and allocations raise errors of many kinds, which do not concern the other photos
            known = _as_pastiche_error(error)
            is_about_stdout = self.to_stderr and isinstance(known, CannotWrite)
            label = None if is_about_stdout else task.photo.label
            print_error(known, as_json=self.as_json, photo=label, to_stderr=self.to_stderr)
            return known.exit_code
        return 0

    def _rendered(
        self, task: RenderTask, photo: Image.Image, interruption: Interruption
    ) -> tuple[Image.Image, dict[str, Any], list[Image.Image]]:
        """The painting, its recipe, and frames of the time-lapse if there is to be one."""
        outputs.check(task.target)
        if interruption():
            raise _NothingToSave
        params = self._params_for(task.photo, photo)
        from nst.engine import stylize  # loads torch, which takes seconds: only once the photo has been read

        # What the recipe says of the photo and of masks is read first: once it is painted, a file that is gone must not cost the painting.
        read = {"photo": task.photo.name, "photo_sha256": task.photo.digest()}
        regions, masks = self._regions(task.photo, photo)
        recorder, earlier = FrameRecorder(), self.earlier.source.read() if self.earlier else None
        file = CheckpointFile(task.target.painting)
        keeper, checkpoint = CheckpointKeeper(file.write, self.settings.checkpoint_seconds), file.read() if task.resumes else None
        styles, how = _engine_styles(self.styles), {"should_stop": interruption, "checkpoint": checkpoint, **self._engine_arguments}
        with painting_bar(task.photo.name, quiet=self.as_json) as show:

            def on_progress(progress: Progress) -> None:
                show(progress)
                keeper.add(progress)
                if task.film:
                    recorder.add(progress)

            try:
                result = stylize(photo, styles, params, regions=regions, earlier=earlier, on_progress=on_progress, **how)
            except DoesNotFit as error:
                raise self.printing.explained(error) from error
        if result.stopped and self.params.mode is Mode.INSTANT:
            raise _NothingToSave  # an instant painting has no intermediate results
        return result.picture, {**read, **self.recipe_settings(), **result.recipe, **masks}, recorder.frames

    def _params_for(self, source: Source, photo: Image.Image) -> StyleParams:
        """The parameters with the size of the print, after a warning about a photo that is small for it."""
        params = self.printing.params_for(photo.size, self.params)
        if warning := self.printing.warning(photo.size):
            facts = {"photo": source.label, "warning": warning}
            print_note(one_line(f"{source.label}: {warning}"), facts, as_json=self.as_json, to_stderr=self.to_stderr)
        return params

    def _regions(self, source: Source, photo: Image.Image) -> tuple[list[Any], dict[str, Any]]:
        """The regions of a photo as the engine takes them, and what the recipe says of them. Each mask is loaded once."""
        from nst.engine import Region

        masks = [(region, region.source(source)) for region in self.regions]
        regions = [Region(region.picture(mask, photo), _engine_styles(region.styles), region.strength) for region, mask in masks]
        return regions, {"regions": [region.facts(mask) for region, mask in masks]} if masks else {}

    @cached_property
    def _engine_arguments(self) -> dict[str, Any]:
        """Where and in what precision to compute, the folder of weights, and the instant stylizer, which caches the styles."""
        from nst.engine import device_named, load_instant

        device = device_named(self.settings.device)
        precision = self.settings.precision
        instant = load_instant(device, precision)
        return {"device": device, "precision": precision, "instant": instant, "weights_dir": self.settings.weights_dir}

    def _report(self, task: RenderTask, target: Target, recipe: dict[str, Any], film: Path | None) -> None:
        width, height = recipe["size"]
        verb = "stopped early after" if recipe["stopped"] else "painted in"
        digits = 0 if recipe["seconds"] >= 10 else 1
        files = f"{target.painting}, time-lapse: {film}" if film else target.painting
        size = f"{width} x {height} pixels{self.printing.described((width, height))}"
        photo, checkpoint = task.photo, CheckpointFile(task.target.painting)
        text = f"{photo.label}: {verb} {recipe['seconds']:.{digits}f} s, {size}: {files}"
        paths = {"photo": photo.label, "painting": str(target.painting), "recipe": str(target.recipe) if target.recipe else None}
        films = {"timelapse": str(film)} if film else {}
        if recipe["stopped"] and checkpoint.exists:
            text += f"; --resume goes on from {checkpoint.path}"
            films["checkpoint"] = str(checkpoint.path)
        print_result(one_line(text), {**paths, **films, **_facts(recipe)}, as_json=self.as_json, to_stderr=self.to_stderr)

    def _report_remaining(self, tasks: Sequence[RenderTask], code: int) -> None:
        remaining = [task.photo.label for task in tasks]
        if self.as_json:
            for photo in remaining:
                facts = {"photo": photo, "error": "Interrupted before it was painted.", "code": code}
                print_note("", facts, as_json=True, to_stderr=self.to_stderr)
        elif remaining:
            more = f" and {len(remaining) - _MAX_NAMED} more" if len(remaining) > _MAX_NAMED else ""
            names = ", ".join(remaining[:_MAX_NAMED])
            print_note(one_line(f"Not painted: {names}{more}. Run the same command with --resume to continue."), None, as_json=False)


def _engine_styles(styles: Sequence[StyleShare[NamedStyle]]) -> list[Any]:
    """Styles as the engine takes them."""
    from nst.engine import MaskedStyle

    return [StyleShare(MaskedStyle(each.style.picture, each.style.part.mask if each.style.part else None), each.share) for each in styles]


def _facts(recipe: dict[str, Any]) -> dict[str, Any]:
    return {name: recipe.get(name) for name in ("styles", "size", "seconds", "stopped")}


def _as_pastiche_error(error: Exception) -> PasticheError:
    """An error with a sentence for the user and an exit code."""
    if isinstance(error, PasticheError):
        return error
    if is_out_of_memory(error):
        return DoesNotFit("There is not enough memory for this painting. Choose a smaller size, or close other programs.")
    if isinstance(error, OSError):
        return FileUnreadable(f"A file cannot be read or written ({reason_of(error)}).")
    return InternalError(f"An unexpected error occurred ({type(error).__name__}: {str(error)[:_MAX_ERROR]}). Please report it.")
