"""`demo`: paints a bundled photo, to try the installation."""

from dataclasses import replace
from functools import partial
from typing import Annotated

import typer

from nst import samples
from nst.cli import outputs
from nst.cli.inputs import load_styles
from nst.cli.options import AsJson, Device, load_settings, open_catalogue, with_style_params
from nst.cli.outputs import OutputRequest
from nst.cli.rendering import BatchRenderer, RenderTask
from nst.cli.sources import Source
from nst.cli.stylize import Output, joined_names
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
    """Paint a sample photo in a bundled style, and print the path of the painting."""
    settings = load_settings(device)
    catalogue = open_catalogue(settings)
    styles = load_styles([style or catalogue.entries()[0].id], [], catalogue, Limits.of(settings))
    (target,) = outputs.plan(output, [OutputRequest(sample)], joined_names(styles))
    if target.recipe:
        target = replace(target, painting=target.painting.resolve(), recipe=target.recipe.resolve())
    photo = Source(sample, sample, partial(samples.load, sample))
    renderer = BatchRenderer(styles, params, settings, as_json, to_stderr=target.painting == outputs.STDOUT)
    renderer.render_all([RenderTask(photo, target)])
