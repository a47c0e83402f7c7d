"""`stylize`: photos into paintings."""

from collections.abc import Sequence
from dataclasses import fields, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated

import typer

from nst.cli import enlarging, outputs, prints, regions, timelapses
from nst.cli.enlarging import Earlier
from nst.cli.inputs import FoundPhotos, NamedStyle, describe_skipped, find_photos, load_styles
from nst.cli.options import AsJson, Device, load_settings, open_catalogue, with_style_params
from nst.cli.outputs import OutputRequest
from nst.cli.recipes import EarlierPaintings
from nst.cli.regions import REST, Parts
from nst.cli.rendering import BatchRenderer, RenderTask
from nst.cli.sources import Source
from nst.cli.terminal import one_line, print_error, print_note
from nst.domain import PRINT_DPI, StyleParams, StyleShare
from nst.domain.prints import MAX_DPI, MIN_DPI
from nst.domain.regions import NAMES
from nst.errors import InvalidParams
from nst.images import Limits
from nst.styles import Catalogue
from nst.styles.names import slug

MAX_STYLES_IN_NAMES = 3

Photos = Annotated[list[str] | None, typer.Argument(metavar="PHOTO", help="Files, patterns, folders or URLs.", show_default=False)]
Styles = Annotated[
    list[str] | None,
    typer.Option(
        "--style",
        "-s",
        help="A style's name (see `styles`), a file, a folder or a URL. Several are blended. STYLE@MASK uses a part of a style picture.",
        show_default=False,
    ),
]
Shares = Annotated[list[float] | None, typer.Option("--share", help="A style's share in the blend: one for each --style, in their order.")]
Regions = Annotated[
    list[str] | None,
    typer.Option(
        "--region",
        metavar="MASK=STYLE",
        help="Paint a part in another style: sky.png=copperplate, sky=copperplate:0.4 with a strength. MASK is a picture, white in the "
        f"region, a folder of them, `{REST}`, or one of {NAMES}. Later regions cover earlier ones.",
    ),
]
Kept = Annotated[list[str] | None, typer.Option("--keep", metavar="MASK", help="Keep a part as it is in the photo: face.png, faces.")]
Output = Annotated[
    str | None,
    typer.Option("--output", "-o", help="A file (.png, .jpg, .webp, .tif), a folder (created if missing), or - for standard output."),
]
Overwrite = Annotated[
    bool,
    typer.Option(
        "--overwrite", help="Replace earlier paintings of the same name instead of adding a number, and the file named by --output."
    ),
]
Resume = Annotated[
    bool | None,
    typer.Option(
        "--resume/--no-resume",
        help="Skip photos that were already painted with the same settings, and finish interrupted paintings.",
        show_default="for folders and patterns, without --overwrite",
    ),
]
Timelapse = Annotated[
    str | None,
    typer.Option("--timelapse", help="Also film how the painting emerged: a file (.mp4, .webp) or a folder.", show_default=False),
]
Print = Annotated[
    str | None,
    typer.Option(
        "--print",
        metavar="SIZE",
        help="Paint for a paper: 30x20cm, 297x210mm or 12x8in. The painting keeps the photo's shape and is as large as fits on the paper, "
        "turned to suit the photo; nothing is cropped. In place of --size.",
        show_default=False,
    ),
]
From = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="PAINTING",
        help="Enlarge a finished painting of the photo to --size or --print: it stays the same and gets finer detail. Photo, styles, "
        "regions and parameters are those of its recipe, unless they are given.",
        show_default=False,
    ),
]
Dpi = Annotated[int, typer.Option("--dpi", help=f"Pixels per inch of the print, which the file carries ({MIN_DPI} to {MAX_DPI}).")]


@with_style_params
def stylize(
    context: typer.Context,
    photo: Photos = None,
    style: Styles = None,
    share: Shares = None,
    region: Regions = None,
    keep: Kept = None,
    output: Output = None,
    overwrite: Overwrite = False,
    resume: Resume = None,
    timelapse: Timelapse = None,
    from_: From = None,
    print_size: Print = None,
    dpi: Dpi = PRINT_DPI,
    device: Device = None,
    as_json: AsJson = False,
    *,
    params: StyleParams,
) -> None:
    """Paint photos in the style of one or more pictures. Each painting gets a recipe (.json) next to it.

    Without --output, paintings are written to the working folder as PHOTO-STYLE.png. If a name is taken, a number is added.

    All pictures in a folder are painted, except earlier paintings, which are recognised by their recipes. Subfolders are skipped.
    """
    settings = load_settings(device)
    limits, catalogue = Limits.of(settings), open_catalogue(settings)
    paper = prints.plan(print_size, dpi, params)
    earlier = enlarging.load(from_, limits)
    found = _photos(photo or [], earlier, limits)
    parts = regions.parse(region or [], keep or [], catalogue, limits)
    if earlier:
        params = earlier.params(params, _chosen(context), paper)
        parts = parts if region or keep else replace(parts, regions=earlier.parts(catalogue))
    styles = _styles(style or [], share or [], parts, earlier, catalogue, limits)
    if parts.rest_strength is not None:
        params = replace(params, strength=parts.rest_strength)
    to_stderr = output == str(outputs.STDOUT)
    renderer = BatchRenderer(styles, params, settings, as_json, to_stderr, parts.regions, paper, earlier)
    code = _report(found, renderer)
    tasks = _tasks(found, renderer, output, overwrite=overwrite, resume=resume)
    film = timelapses.plan(timelapse, len(tasks), params, overwrite=overwrite, originals=_originals(found, renderer))
    renderer.render_all([replace(task, film=film) for task in tasks], code)


def _photos(words: Sequence[str], earlier: Earlier | None, limits: Limits) -> FoundPhotos:
    """
    Raises:
        BadParameter: when there is no word, and no painting with a recipe.
        InvalidParams: when there are several photos for one painting that is enlarged.
    """
    if not words and earlier is None:
        raise typer.BadParameter("Missing argument 'PHOTO...'.")
    found = find_photos(words or [earlier.photo()] if earlier else words, limits)
    if earlier and len(found.photos) > 1:
        raise InvalidParams(f"--from enlarges one painting, of one photo; these are {len(found.photos)} photos.")
    return found


def _styles(
    words: Sequence[str], shares: Sequence[float], parts: Parts, earlier: Earlier | None, catalogue: Catalogue, limits: Limits
) -> list[StyleShare[NamedStyle]]:
    """The styles of what no region covers: those of an earlier painting where none are given."""
    if earlier and not words and not parts.rest:
        return earlier.styles(catalogue)
    return load_styles(_rest(words, parts), shares, catalogue, limits)


def _chosen(context: typer.Context) -> list[str]:
    """Names of the parameters that are on the command line."""
    sources = {entry.name: context.get_parameter_source(entry.name) for entry in fields(StyleParams)}
    return [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]


def _rest(styles: Sequence[str], parts: Parts) -> Sequence[str]:
    """The words for the styles of what no region covers.

    Raises:
        BadParameter: when there is none.
        InvalidParams: when they are given twice.
    """
    if styles and parts.rest:
        raise InvalidParams(f"The styles of the rest are given twice: by --style and by --region {REST}=…. Leave one out.")
    if not styles and not parts.rest:
        raise typer.BadParameter(f"Missing option '--style' / '-s', or --region {REST}=STYLE.")
    return styles or parts.rest


def _tasks(found: FoundPhotos, renderer: BatchRenderer, output: str | None, *, overwrite: bool, resume: bool | None) -> list[RenderTask]:
    """One for every photo that is not painted yet."""
    resumption = _Resumption(output, renderer, resume, overwrite)
    requests = {source: request for source in found.photos if (request := resumption.request(source))}
    resumption.report()
    if not requests:
        return []
    names, originals = joined_names(renderer.all_styles), _originals(found, renderer)
    targets = outputs.plan(output, list(requests.values()), names, overwrite=overwrite, originals=originals)
    return [RenderTask(photo, target, resumes=resumption.applies_to(photo)) for photo, target in zip(requests, targets, strict=True)]


def _originals(found: FoundPhotos, renderer: BatchRenderer) -> list[Path]:
    """The files of photos, styles and masks."""
    enlarged = renderer.earlier.source.path if renderer.earlier else None
    read = (enlarged, *(photo.path for photo in found.photos), *(path for each in renderer.all_styles for path in each.style.paths))
    return [path for path in (*read, *renderer.mask_paths(found.photos)) if path]


class _Resumption:
    """Skips photos that were already painted with the same settings, and goes on with interrupted paintings."""

    def __init__(self, output: str | None, renderer: BatchRenderer, resume: bool | None, overwrite: bool) -> None:
        self._output = output
        self._renderer = renderer
        self._resume = False if renderer.to_stderr or (resume is None and overwrite) else resume
        self._skipped = 0

    def applies_to(self, photo: Source) -> bool:
        return not photo.is_explicit if self._resume is None else self._resume

    def request(self, photo: Source) -> OutputRequest | None:
        """The output that a photo needs; None if there is a finished painting of it."""
        stem, has_earlier = Path(photo.name).stem, self.applies_to(photo)
        earlier = self._earlier.take(photo.name, photo.digest, lambda: self._renderer.region_facts(photo)) if has_earlier else None
        if earlier is None:
            return OutputRequest(stem)
        if not earlier.is_finished:
            return OutputRequest(stem, instead_of=earlier.painting)
        self._renderer.report_earlier(photo, earlier)
        self._skipped += 1
        return None

    @cached_property
    def _earlier(self) -> EarlierPaintings:
        only = None if outputs.is_folder(self._output) else Path(str(self._output))
        return EarlierPaintings(outputs.folder_of(self._output), {"style_parts": None, **self._renderer.recipe_settings()}, only)

    def report(self) -> None:
        if self._skipped and not self._renderer.as_json:
            print_note(f"Already painted: {self._skipped}. Use --no-resume to paint them again.", None, as_json=False)


def _report(found: FoundPhotos, renderer: BatchRenderer) -> int:
    """Report skipped files and words that name no photo. Returns the exit code of the first error, or 0."""
    for word, skipped in found.skipped.items():
        if skipped:
            sentence = one_line(f"{word}: skipped {describe_skipped(skipped)}")
            print_note(sentence, {"from": word, "left_out": dict(skipped)}, as_json=renderer.as_json, to_stderr=renderer.to_stderr)
    for error in found.errors:
        print_error(error, as_json=renderer.as_json, to_stderr=renderer.to_stderr)
    return next((error.exit_code for error in found.errors), 0)


def joined_names(styles: Sequence[StyleShare[NamedStyle]]) -> str:
    """The styles' part of a painting's name: "copperplate", "copperplate-tide-wash"."""
    names = list(dict.fromkeys(slug(each.style.name.rsplit(".", 1)[0]) for each in styles))
    rest = len(names) - MAX_STYLES_IN_NAMES
    return "-".join(names[:MAX_STYLES_IN_NAMES]) + (f"-and-{rest}-more" if rest > 0 else "")
