"""nst.service: regions of an order, and what is refused."""

from io import BytesIO

import pytest
from PIL import Image

from nst import images
from nst.domain import Outcome, RegionRef, StyleParams, mask_key, output_key_of, style_key
from nst.errors import (
    InvalidParams,
    NotAPicture,
    PasticheError,
    PictureTooLarge,
    PictureTooSmall,
    TooManyUploads,
    TruncatedPicture,
    UnknownJob,
    UnknownStyle,
)
from nst.service import RegionChoice, StyleChoice
from tests.support.pictures import noise_bytes, picture_bytes
from tests.support.studio import DAY, Studio

TIDE = [StyleChoice("tide-wash")]
OWN = [StyleChoice(picture_bytes(colour=(n, 0, 0))) for n in range(16)]


def mask_bytes(size: tuple[int, int] = (96, 64), box: tuple[int, int, int, int] = (0, 0, 48, 64), format: str = "PNG") -> bytes:
    mask = Image.new("L", size, 0)
    mask.paste(255, box)
    buffer = BytesIO()
    mask.save(buffer, format)
    return buffer.getvalue()


PARTS = [mask_bytes(box=(n, 0, n + 9, 9)) for n in range(16)]


def in_part(part: bytes | str) -> RegionChoice:
    return RegionChoice(mask_bytes(), [StyleChoice("tide-wash", part=part)])


def stored_mask(studio: Studio, job_id: str, number: int = 0) -> Image.Image:
    return Image.open(BytesIO(studio.backend.objects.get(mask_key(job_id, number))))


def test_regions_become_masks_and_styles_of_the_job(studio: Studio) -> None:
    own, another = picture_bytes(colour="red"), picture_bytes(colour="blue")
    choices = [
        RegionChoice(mask_bytes(), [StyleChoice("tide-wash", 2.0), StyleChoice(another, 3.0)], 0.25),
        RegionChoice("faces"),
        RegionChoice(mask_bytes(box=(60, 0, 96, 64))),
    ]
    job = studio.submit(styles=[StyleChoice(own), StyleChoice("starlit-swirl")], regions=choices)
    first, second, third = job.regions
    assert [(style.name, style.share) for style in first.styles] == [("tide-wash", 2.0), (style_key(job.id, 3), 3.0)]
    assert first.styles[0].digest == studio.service.style("tide-wash").digest
    assert (first.mask_key, first.strength) == (mask_key(job.id, 0), 0.25)
    assert second == RegionRef("faces")
    assert third == RegionRef(mask_key(job.id, 2))
    assert studio.stored() == {job.input_key, *(style_key(job.id, n) for n in (0, 3)), *(mask_key(job.id, n) for n in (0, 2))}
    assert set(job.object_keys) == studio.stored()
    assert job.size_bytes == sum(found.size for found in studio.backend.objects.listing())
    assert [style.name for style in job.styles] == [style_key(job.id, 0), "starlit-swirl"]


def test_a_picture_that_is_a_style_in_several_places_is_stored_once(studio: Studio) -> None:
    own = picture_bytes(colour="red")
    regions = [RegionChoice("sky", [StyleChoice("tide-wash"), StyleChoice(own, 2.0)]), RegionChoice("faces", [StyleChoice(own, 3.0)])]
    job = studio.submit(styles=[StyleChoice(own)], regions=regions)
    assert studio.stored() == {job.input_key, style_key(job.id, 0)}
    shares = [(style.name, style.share) for region in job.regions for style in region.styles if style.is_upload]
    assert shares == [(style_key(job.id, 0), 2.0), (style_key(job.id, 0), 3.0)]
    assert studio.service.order(job.id, "anna").regions[1].styles[0].style == studio.service.order(job.id, "anna").styles[0].style
    studio.service.delete(job.id, "anna")
    assert studio.stored() == set()


def test_a_mask_is_stored_grey_and_exact(studio: Studio) -> None:
    job = studio.submit(regions=[RegionChoice(mask_bytes(), TIDE)])
    mask = stored_mask(studio, job.id)
    assert (mask.mode, mask.size, mask.getbbox(), mask.getextrema()) == ("L", (96, 64), (0, 0, 48, 64), (0, 255))


def test_a_mask_that_is_larger_than_the_photo_is_reduced_and_a_smaller_one_stays(studio: Studio) -> None:
    regions = [RegionChoice(mask_bytes((480, 320), (0, 0, 240, 320))), RegionChoice(mask_bytes((48, 32), (0, 0, 24, 32)))]
    job = studio.submit(regions=regions)
    large, small = stored_mask(studio, job.id), stored_mask(studio, job.id, 1)
    assert (large.size, large.getpixel((20, 20)), large.getpixel((80, 20))) == ((96, 64), 255, 0)
    assert small.size == (48, 32)


@pytest.mark.parametrize(
    ("choice", "error", "sentence"),
    [
        (RegionChoice(b""), NotAPicture, "mask of region 2 cannot be used. The file is empty"),
        (RegionChoice(b"GIF89a"), NotAPicture, "mask of region 2"),
        (RegionChoice(mask_bytes()[:60]), TruncatedPicture, "mask of region 2"),
        (RegionChoice(mask_bytes((9, 6))), PictureTooSmall, "mask of region 2"),
        (RegionChoice(mask_bytes((64, 96))), InvalidParams, "mask of region 2 .* 64 x 96 pixels and the photo 96 x 64"),
        (RegionChoice(mask_bytes((96, 67))), InvalidParams, "96 x 67"),
        (RegionChoice(mask_bytes(box=(0, 0, 0, 0))), InvalidParams, "black everywhere"),
        (RegionChoice(mask_bytes((1500, 1000))), PictureTooLarge, "mask of region 2"),
        (RegionChoice(noise_bytes(300, 200, "PNG", 90)), PictureTooLarge, "mask of region 2"),
        (RegionChoice("sea"), InvalidParams, "no region called 'sea'.* sky"),
        (RegionChoice("colour:#12345"), InvalidParams, "no region called 'colour:#12345'.* colour:#4466aa"),
        (RegionChoice(mask_bytes(), [StyleChoice("no-such-style")]), UnknownStyle, "no-such-style"),
        (RegionChoice(mask_bytes(), [StyleChoice(b"nothing")]), NotAPicture, "not a"),
        (RegionChoice(mask_bytes(), TIDE * 5), InvalidParams, "Region 2 can have at most 4 styles; these are 5"),
        (RegionChoice(mask_bytes(), [StyleChoice("tide-wash", 0.0)]), InvalidParams, "Shares"),
        (in_part(b"GIF89a"), NotAPicture, "mask of a style of region 2 cannot be used"),
        (in_part(mask_bytes()[:60]), TruncatedPicture, "mask of a style of region 2"),
        (in_part(mask_bytes((9, 6))), PictureTooSmall, "mask of a style of region 2"),
        (in_part(mask_bytes(box=(0, 0, 0, 0))), InvalidParams, "mask of a style of region 2 .* black everywhere"),
        (in_part(mask_bytes((1500, 1000))), PictureTooLarge, "mask of a style of region 2"),
        (in_part("sea"), InvalidParams, "no region called 'sea'"),
        (RegionChoice(mask_bytes(), TIDE, 1.5), InvalidParams, "Strength must be a number from 0 to 1; it is 1.5"),
        (RegionChoice(mask_bytes(), TIDE, float("nan")), InvalidParams, "Strength"),
    ],
)
@pytest.mark.parametrize("studio", [{"max_bytes": 100_000, "max_pixels": 1_000_000}], indirect=True)
def test_a_region_that_is_refused_leaves_nothing(studio: Studio, choice: RegionChoice, error: type[PasticheError], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        studio.submit(regions=[RegionChoice(mask_bytes()), choice])
    assert studio.stored() == set()
    assert studio.service.mine("anna") == []


@pytest.mark.parametrize(
    ("regions", "sentence"),
    [
        ([RegionChoice("sky")] * 9, "at most 8 regions; these are 9"),
        ([RegionChoice("sky", OWN[4 * n : 4 * n + 4]) for n in range(4)], "At most 12 pictures of your own"),
        ([RegionChoice("sky", [StyleChoice("tide-wash", part=PARTS[4 * m + n]) for n in range(4)]) for m in range(3)], "At most 8 masks"),
    ],
)
def test_there_are_not_too_many(studio: Studio, regions: list[RegionChoice], sentence: str) -> None:
    with pytest.raises(InvalidParams, match=sentence):
        studio.submit(regions=regions)
    assert studio.stored() == set()


@pytest.mark.parametrize("studio", [{"uploads_per_minute": 1}], indirect=True)
def test_an_order_beyond_a_limit_is_refused_before_anything_is_decoded(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    studio.submit()
    decoded: list[object] = []
    for name in ("transcode", "transcode_mask", "transcode_style_mask"):
        monkeypatch.setattr(images, name, lambda data, *_, **__: decoded.append(data))
    with pytest.raises(TooManyUploads):
        studio.submit(token="more", regions=[RegionChoice(mask_bytes()), in_part(mask_bytes())])
    assert decoded == []


def test_only_styles_of_regions_are_used_in_part(studio: Studio) -> None:
    with pytest.raises(InvalidParams, match="Only the style of a region"):
        studio.submit(styles=[StyleChoice("tide-wash", part=mask_bytes())])


def test_eight_regions_are_accepted(studio: Studio) -> None:
    job = studio.submit(regions=[RegionChoice(mask_bytes(box=(n, 0, n + 9, 9)), TIDE) for n in range(8)])
    assert [region.mask_key for region in job.regions] == [mask_key(job.id, n) for n in range(8)]
    studio.service.delete(job.id, "anna")
    assert studio.stored() == set()


@pytest.mark.parametrize("studio", [{"disk_bytes": 1100}], indirect=True)
def test_masks_count_in_the_space_that_is_left(studio: Studio) -> None:
    studio.submit(token="without")
    with pytest.raises(PasticheError, match="no space"):
        studio.submit(token="with", regions=[RegionChoice(noise_bytes(96, 64, "PNG", 90))])


def test_an_expired_job_takes_its_masks_with_it(studio: Studio) -> None:
    studio.painted(regions=[RegionChoice(mask_bytes(), TIDE)])
    studio.now += 1000 * DAY
    job = studio.submit(token="later")
    assert studio.stored() == set(job.object_keys)


def test_the_order_of_a_job_has_its_regions(studio: Studio) -> None:
    own = picture_bytes(colour="red")
    job = studio.submit(regions=[RegionChoice(mask_bytes(), [*TIDE, StyleChoice(own)], 0.25), RegionChoice("sky")])
    order = studio.service.order(job.id, "anna")
    assert order.regions[0].mask == studio.backend.objects.get(mask_key(job.id, 0))
    assert [(style.style, style.digest) for style in order.regions[0].styles] == [
        ("tide-wash", studio.service.style("tide-wash").digest),
        (studio.backend.objects.get(style_key(job.id, 2)), None),
    ]
    assert (order.regions[0].strength, order.regions[1]) == (0.25, RegionChoice("sky", []))
    studio.service.cancel(job.id, "anna")
    again = studio.service.retry(job.id, "anna")
    assert [region.mask_key for region in again.regions] == [mask_key(again.id, 0), "sky"]
    assert stored_mask(studio, again.id).tobytes() == stored_mask(studio, job.id).tobytes()


def test_a_colour_needs_no_mask(studio: Studio) -> None:
    job = studio.submit(regions=[RegionChoice("colour:#4466aa:30", TIDE)])
    assert studio.stored() == {job.input_key}
    assert studio.service.get(job.id, "anna").regions[0].mask_key == "colour:#4466aa:30"
    assert studio.service.order(job.id, "anna").regions[0].mask == "colour:#4466aa:30"


def test_parts_of_styles_are_stored_with_the_job_and_deleted_with_it(studio: Studio) -> None:
    own, part = picture_bytes(colour="red"), mask_bytes((40, 90), (0, 0, 20, 90))
    first = [StyleChoice("tide-wash", 2.0, part=part), StyleChoice(own, part="dark"), StyleChoice("tide-wash")]
    job = studio.submit(regions=[RegionChoice("sky", first), RegionChoice(mask_bytes(), [StyleChoice("tide-wash", part=part)])])
    assert [style.part for style in job.regions[0].styles] == [mask_key(job.id, 8), "dark", None]
    assert job.regions[1].styles[0].part == mask_key(job.id, 8)
    assert studio.stored() == {job.input_key, mask_key(job.id, 1), mask_key(job.id, 8), style_key(job.id, 2)} == set(job.object_keys)
    mask = stored_mask(studio, job.id, 8)
    assert (mask.mode, mask.size, mask.getbbox()) == ("L", (40, 90), (0, 0, 20, 90))
    order = studio.service.order(job.id, "anna")
    assert [style.part for style in order.regions[0].styles] == [studio.backend.objects.get(mask_key(job.id, 8)), "dark", None]
    studio.service.cancel(job.id, "anna")
    assert [style.part for style in studio.service.retry(job.id, "anna").regions[0].styles][1:] == ["dark", None]
    studio.service.delete(job.id, "anna")
    assert not [key for key in studio.stored() if job.id in key]


def test_strangers_see_no_parts_of_styles(studio: Studio) -> None:
    styles = [StyleChoice("tide-wash", part=mask_bytes()), StyleChoice("tide-wash", part="dark")]
    job = studio.painted(public=True, regions=[RegionChoice(mask_bytes(), styles)])
    (seen,) = studio.service.view(job.id, "bert").job.regions
    assert (seen.mask_key, [style.part for style in seen.styles]) == ("", [None, "dark"])


def test_strangers_see_a_recipe_without_digests_of_masks(studio: Studio) -> None:
    """The digest of a found region follows from the photo, so it would confirm a guess which photo was painted."""
    job = studio.submit(public=True, regions=[RegionChoice("sky", TIDE)])
    key = output_key_of(job.input_key)
    studio.backend.objects.put(key, b"painting")
    recipe = {"seed": 0, "regions": [{"mask_digest": "5e4f", "kept": False, "style_shares": [1.0]}]}
    studio.paint(Outcome.succeeded(key, 8, recipe))
    assert studio.service.get(job.id, "anna").recipe == recipe
    seen = studio.service.view(job.id, "bert").job.recipe
    assert seen == {"seed": 0, "regions": [{"kept": False, "style_shares": [1.0]}]}


def test_a_large_mask_of_a_style_is_reduced(studio: Studio) -> None:
    job = studio.submit(regions=[RegionChoice("sky", [StyleChoice("tide-wash", part=mask_bytes((3000, 600), (0, 0, 1500, 600)))])])
    mask = stored_mask(studio, job.id, 8)
    assert mask.size == (2048, 410)
    assert (mask.getpixel((900, 200)), mask.getpixel((1200, 200))) == (255, 0)


def test_strangers_see_the_styles_the_styles_of_regions_and_no_masks(studio: Studio) -> None:
    job = studio.painted(public=True, regions=[RegionChoice(mask_bytes(), TIDE, 0.25), RegionChoice("sky", TIDE)])
    seen = studio.service.view(job.id, "bert").job.regions
    styles = job.regions[0].styles
    assert seen == (RegionRef("", styles, 0.25), RegionRef("sky", styles))
    with pytest.raises(UnknownJob):
        studio.service.order(job.id, "bert")
    assert studio.service.get(job.id, "anna").regions == job.regions


def test_publishing_leaves_masks_where_they_are(studio: Studio) -> None:
    job = studio.painted(regions=[RegionChoice(mask_bytes(), TIDE)])
    studio.service.publish(job.id, "anna", with_photo=True)
    assert [key for key in studio.stored() if "mask" in key] == [mask_key(job.id, 0)]
    studio.service.make_private(job.id, "anna")
    studio.service.delete(job.id, "anna")
    assert studio.stored() == set()


def test_a_strength_of_a_region_changes_no_other(studio: Studio) -> None:
    job = studio.submit(params=StyleParams(strength=0.9), regions=[RegionChoice("sky", TIDE, 0.1)])
    assert (job.params.strength, job.regions[0].strength) == (0.9, 0.1)
