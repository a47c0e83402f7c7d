"""The recipe under a finished painting."""

import json
from dataclasses import replace
from typing import Any

import pytest
from typer.main import get_command

from nst.cli import app
from nst.domain import KeepColours, Preset, StyleRef, mask_key, style_key
from nst.service import RegionChoice, StyleChoice
from nst.ui.recipes import command_of
from tests.support.pages import DiskStudio, keys
from tests.support.pictures import half_mask, picture_bytes
from tests.ui.conftest import OpenPage

TWO = ("copperplate", "tide-wash")


def test_a_recipe_lists_regions_and_never_their_masks(open_page: OpenPage, studio: DiskStudio) -> None:
    own, other = picture_bytes(colour="red"), picture_bytes(colour="blue")
    styles = [StyleChoice("tide-wash", 2.0, part=half_mask()), StyleChoice(own), StyleChoice(other)]
    regions = [RegionChoice(half_mask(), styles, 0.25), RegionChoice("colour:#4466aa"), RegionChoice("sky", [StyleChoice("copperplate")])]
    job = studio.painted(regions=regions)
    recipe = open_page(job=job.id).json[0].value
    first, second, third = json.loads(recipe)["regions"]
    assert first == {"styles": {"tide-wash": 2.0, "own picture": 2.0}, "style_parts": True, "strength": 0.25}
    assert second == {"found": "colour:#4466aa", "kept": True}
    assert third == {"found": "sky", "styles": {"copperplate": 1.0}}
    assert studio.service.style("copperplate").digest in recipe
    assert not any(key in recipe for key in (mask_key(job.id, 0), mask_key(job.id, 8), style_key(job.id, 2)))


def test_a_recipe_without_regions_has_none(open_page: OpenPage, studio: DiskStudio) -> None:
    assert "regions" not in open_page(job=studio.painted().id).json[0].value


def test_a_recipe_is_a_file_and_a_command_that_the_command_line_understands(open_page: OpenPage, studio: DiskStudio) -> None:
    regions = [RegionChoice("sky", [StyleChoice("copperplate")], 0.25), RegionChoice("faces")]
    changes: dict[str, Any] = {
        "strength": 0.8,
        "style_scale": 1.5,
        "keep_colours": KeepColours.LUMINANCE,
        "preset": Preset.HIGH,
        "seed": 7,
        "size": 640,
    }
    job = studio.painted(style="tide-wash", regions=regions, **changes)
    page = open_page(job=job.id)
    (command,) = (code.value for code in page.code)
    assert "--style tide-wash --region sky=copperplate:0.25 --keep faces" in command
    assert "download_recipe" in keys(page, "download_button")
    program, *arguments = command.removeprefix("python -m nst ").split()
    commands: Any = get_command(app)
    parsed = commands.commands[program].make_context(program, arguments).params
    assert {name: parsed[name] for name in changes} == changes
    assert (parsed["region"], parsed["keep"]) == (["sky=copperplate:0.25"], ["faces"])


@pytest.mark.parametrize("region", [RegionChoice(half_mask(), [StyleChoice("copperplate")]), RegionChoice("sky", [*map(StyleChoice, TWO)])])
def test_a_recipe_with_a_mask_or_a_mixture_in_a_region_has_no_command(studio: DiskStudio, region: RegionChoice) -> None:
    assert command_of(studio.painted(regions=[region])) is None


def test_a_blend_has_its_shares_and_an_own_picture_stands_for_a_file(studio: DiskStudio) -> None:
    job = studio.painted(style=picture_bytes(colour="red"))
    blend = replace(job, styles=(*(replace(style, share=0.25) for style in job.styles), StyleRef("tide-wash", 0.75)))
    assert command_of(job) == "python -m nst stylize photo.jpg --style style.jpg"
    assert command_of(blend) == "python -m nst stylize photo.jpg --style style.jpg --style tide-wash --share 0.25 --share 0.75"
