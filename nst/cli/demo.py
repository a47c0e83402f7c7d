"""`demo`: a painting out of the box."""

from functools import partial
from typing import Annotated

import typer

from nst import samples
from nst.cli import outputs
from nst.cli.configuration import catalogue, settings
from nst.cli.edge import AsJson
from nst.cli.options import Device, with_style_params
from nst.cli.painting import Commission, Studio
from nst.cli.sources import Source
from nst.cli.style_sources import gather
from nst.cli.stylize import Output, joined
from nst.domain import StyleParams
from nst.images import Limits

FOLDER = "paintings"

Name = Annotated[str, typer.Argument(metavar="SAMPLE", help=f"A sample photo: {', '.join(sample.name for sample in samples.SAMPLES)}.")]
Style = Annotated[str | None, typer.Option("--style", "-s", help="As for `stylize`.", show_default="the first bundled one")]


@with_style_params
def demo(
    sample: Name = samples.SAMPLES[0].name,
    style: Style = None,
    output: Output = FOLDER,
    device: Device = None,
    as_json: AsJson = False,
    *,
    params: StyleParams,
) -> None:
    """Paints a sample photo in a bundled style, and says where the painting lies."""
    chosen = settings(device)
    offered = catalogue(chosen)
    styles = gather([style or offered.entries()[0].id], [], offered, Limits.of(chosen))
    (target,) = outputs.plan(output, [sample], joined(styles), overwrite=False)
    target = target if target == outputs.STDOUT else target.resolve()
    photo = Source(sample, sample, partial(samples.load, sample))
    Studio(styles, params, chosen, as_json).paint_all([Commission(photo, target)])
