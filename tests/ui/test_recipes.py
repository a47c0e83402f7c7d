"""The recipe under a finished painting."""

import json

from nst.domain import mask_key, style_key
from nst.service import RegionChoice, StyleChoice
from tests.support.pages import DiskStudio
from tests.support.pictures import half_mask, picture_bytes
from tests.ui.conftest import OpenPage


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
