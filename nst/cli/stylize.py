"""`stylize`: photos into paintings."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from nst.cli import outputs
from nst.cli.configuration import catalogue, settings
from nst.cli.edge import AsJson
from nst.cli.options import Device, with_style_params
from nst.cli.painting import Commission, Studio
from nst.cli.photos import photos
from nst.cli.sources import path_of
from nst.cli.style_sources import NamedStyle, gather
from nst.domain import StyleParams
from nst.images import Limits
from nst.styles.catalogue import slug

NAMED_IN_FILES = 3  # styles, of a blend of many

Photos = Annotated[list[str], typer.Argument(metavar="PHOTO", help="Files, patterns, folders or URLs.", show_default=False)]
Styles = Annotated[
    list[str],
    typer.Option("--style", "-s", help="A style's name (see `styles`), a file, a folder or a URL; several blend.", show_default=False),
]
Shares = Annotated[list[float] | None, typer.Option("--share", help="A style's share in the blend, one for each --style in their order.")]
Output = Annotated[
    str | None, typer.Option("--output", "-o", help="A file (.png, .jpg, .webp), a folder, which is made, or - for standard output.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace earlier paintings of the same name instead of numbering.")]


@with_style_params
def stylize(
    photo: Photos,
    style: Styles,
    share: Shares = None,
    output: Output = None,
    overwrite: Overwrite = False,
    device: Device = None,
    as_json: AsJson = False,
    *,
    params: StyleParams,
) -> None:
    """Paints photos in the style of one picture or several, each with its recipe (.json) beside it.

    Without --output, the paintings lie in the working folder as PHOTO-STYLE.png.
    """
    chosen = settings(device)
    limits = Limits.of(chosen)
    sources = photos(photo, limits)
    styles = gather(style, share or [], catalogue(chosen), limits)
    stems = [Path(source.name).stem for source in sources]
    originals = [*(Path(source.said) for source in sources), *map(path_of, style)]
    targets = outputs.plan(output, stems, joined(styles), overwrite=overwrite, originals=originals)
    commissions = [Commission(source, target) for source, target in zip(sources, targets, strict=True)]
    Studio(styles, params, chosen, as_json).paint_all(commissions)


def joined(styles: Sequence[NamedStyle]) -> str:
    """The styles' part of a painting's name: "copperplate", "copperplate-tide-wash"."""
    names = [slug(style.name.rsplit(".", 1)[0]) for style in styles]
    rest = len(names) - NAMED_IN_FILES
    return "-".join(names[:NAMED_IN_FILES]) + (f"-and-{rest}-more" if rest > 0 else "")
