import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from nst.domain import Mode, StyleParams, StyleShare
from nst.engine import Region, stylize
from nst.engine.guides import Guides
from nst.engine.moments import guided_moments, moments
from nst.engine.optimised.guided_style_term import StyleTerm
from nst.engine.optimised.losses import WassersteinDistance
from nst.engine.optimised.objective import Objective, content_weight, pixel_weight
from nst.engine.optimised.sums import WholeSums
from nst.engine.optimised.targets import target
from nst.engine.regions import Layout, Part, StyleTensor, part_of
from nst.engine.tensors import digest
from nst.errors import InvalidParams
from tests.support.encoder import TinyEncoder
from tests.support.pictures import picture

CPU = torch.device("cpu")
RED, BLUE = Image.new("RGB", (64, 64), (200, 60, 60)), Image.new("RGB", (64, 64), (60, 60, 200))
PARAMS = StyleParams(size=96, scales=2, iterations=15, strength=1.0)
MODES = {mode: StyleParams(size=96, mode=mode, strength=1.0) for mode in Mode}


def half(width: int = 96, height: int = 64, side: str = "right") -> Image.Image:
    """A mask of one half."""
    mask = Image.new("L", (width, height))
    edges = {"left": (0, 0, width // 2, height), "right": (width // 2, 0, width, height)}
    mask.paste(255, edges[side])
    return mask


def disc() -> Image.Image:
    mask = Image.new("L", (96, 64))
    ImageDraw.Draw(mask).ellipse((30, 14, 66, 50), fill=255)
    return mask


def levels(x: Image.Image) -> np.ndarray:
    return np.asarray(x.convert("RGB"), dtype=float)


def layout(*regions: Region, size: tuple[int, int] = (96, 64)) -> Layout:
    return Layout(Image.new("RGB", size), part_of([RED], 0.5), regions, max(size), 1.0)


def weights(*regions: Region, size: tuple[int, int] = (96, 64)) -> Tensor:
    found = layout(*regions, size=size).weights((size[1], size[0]), CPU)
    assert found is not None
    return found[0]


def features(seed: int, width: int = 10) -> Tensor:
    return torch.randn(1, 4, 8, width, generator=torch.Generator().manual_seed(seed)).relu()


def test_guided_moments_of_whole_positions_are_the_moments_of_a_cut_out() -> None:
    x, guide = features(0), torch.zeros(8, 10)
    guide[:, :5] = 3.0
    found = guided_moments(x, Guides(guide[None] / guide.sum())).part(0)
    wanted = moments(x[..., :5])
    torch.testing.assert_close(found.mean, wanted.mean)
    torch.testing.assert_close(found.second, wanted.second)


def test_guided_moments_have_the_gradient_of_autograd() -> None:
    x, generator = features(1).requires_grad_(True), torch.Generator().manual_seed(2)
    maps = torch.rand(3, 8, 10, generator=generator) * (torch.arange(10) > torch.tensor([-1, 4, 7])[:, None, None])
    maps[0, :, 3:8] = maps[1, :, 6:] = 1
    mix = torch.randn(4, 4, generator=generator)

    def plain(weight: Tensor) -> tuple[Tensor, Tensor]:
        rows, shares = x[0].permute(1, 2, 0).flatten(0, 1), weight.flatten()
        return shares @ rows, rows.T @ (shares[:, None] * rows)

    found = guided_moments(x, Guides(maps))
    ours = found.mean.sum() + (mix * found.second).sum()
    theirs = sum(mean.sum() + (mix * second).sum() for mean, second in map(plain, maps))
    torch.testing.assert_close(*(torch.autograd.grad(total, x)[0] for total in (ours, theirs)))


def test_parts_weigh_by_their_area() -> None:
    x, target = features(3), moments(features(4))
    whole = StyleTerm(WassersteinDistance, [target], None, (8, 10))(x)
    quarter = torch.full((1, 2, 8, 10), 0.25)
    assert StyleTerm(WassersteinDistance, [target], quarter, (8, 10))(x).item() == pytest.approx(0.25 * whole.item(), rel=1e-4)


def test_a_style_is_not_felt_on_the_other_side_of_the_border() -> None:
    """The gradient of a part's style reaches across by the encoder's receptive field, but weakly."""
    encoder, x = TinyEncoder(), torch.rand(1, 3, 32, 64, requires_grad=True)
    split = torch.zeros(1, 2, 32, 64)
    split[:, 0, :, :32] = split[:, 1, :, 32:] = 1
    found = encoder(x, ["relu2_1"])["relu2_1"]
    term = StyleTerm(WassersteinDistance, [moments(features(5, 12).repeat(1, 2, 1, 1))], split, (16, 32))
    (gradient,) = torch.autograd.grad(term(found), x)
    inside, outside = gradient[..., :32].abs().sum(), gradient[..., 32:].abs().sum()
    assert 0 <= outside < 0.01 * inside


def test_strength_acts_where_the_part_is() -> None:
    encoder, photo = TinyEncoder(), torch.rand(1, 3, 32, 64, generator=torch.Generator().manual_seed(0))
    split = torch.zeros(1, 3, 32, 64)
    split[:, 0, :, :32] = split[:, 1, :, 32:] = 1
    parts = [Part([StyleShare(StyleTensor(torch.rand(1, 3, 32, 32)))], strength) for strength in (0.0, 1.0)]
    sums = WholeSums(encoder)
    objective = Objective(sums, photo, [target(sums, part, StyleParams()) for part in parts], StyleParams(), split)
    left, right = photo.clone(), photo.clone()
    left[..., :24] += 0.1
    right[..., 40:] += 0.1
    assert objective(left)["content"] > 100 * objective(right)["content"]


def test_weights_of_content_and_pixels_are_as_documented() -> None:
    strengths = torch.tensor([0.0, 0.25, 0.5, 1.0], dtype=torch.float64)
    assert content_weight(strengths).tolist() == pytest.approx([2, 0.1**0.5, 0.05, 0.01])
    assert pixel_weight(strengths).tolist() == pytest.approx([1000, 1000 / 64, 0, 0])


def test_weights_sum_to_one_and_later_regions_cover_earlier_ones() -> None:
    found = weights(Region(half(), [BLUE]), Region(disc(), [RED]), Region(half(side="left"), ()))
    torch.testing.assert_close(found.sum(0), torch.ones(64, 96))
    assert len(found) == 3  # nothing of the rest is left: the blue half, the disc, and what is kept
    assert found[:, 32, 70].tolist() == pytest.approx([1, 0, 0])
    assert found[:, 32, 90].tolist() == pytest.approx([1, 0, 0])
    assert found[1, 32, 58] == pytest.approx(1, abs=0.05)
    assert found[2, 32, 40] == 1


def test_the_border_is_where_it_was_drawn() -> None:
    found = weights(Region(half(), [BLUE]))
    assert found[1, 32, 47:49].mean() == pytest.approx(0.5, abs=1e-6)
    assert found[1, 32, :40].max() == 0
    assert found[1, 32, 56:].min() == pytest.approx(1)


def test_regions_that_meet_leave_no_gap() -> None:
    found = weights(Region(half(), [BLUE]), Region(half(side="left"), [RED]))
    assert len(found) == 3
    torch.testing.assert_close(found[:2].sum(0), torch.ones(64, 96))


def test_around_what_is_kept_there_is_no_band_of_the_photo() -> None:
    """Half the photo is kept. The transition is outside of it, and the other half is painted beyond a hundredth of the long side."""
    kept = weights(Region(half(512, 340)), size=(512, 340))[-1]
    assert kept[:, 256:].min() == 1.0
    assert kept[:, : 256 - 6].max() == 0.0
    assert 0.0 < kept[170, 254] < 1.0


@pytest.mark.parametrize("width", [6, 12, 24, 60])
def test_a_thin_part_of_a_kept_photo_is_painted_and_nothing_beside_it(width: int) -> None:
    """The transition round what is kept is wider than such a part."""
    stripe = Image.new("L", (512, 340))
    stripe.paste(255, (240, 0, 240 + width, 340))
    painted, kept = weights(Region(Image.new("L", (512, 340), 255)), Region(stripe, [BLUE]), size=(512, 340))
    assert painted[170, 240 + width // 2] > 0.3
    assert kept[:, :240].min() == 1.0
    assert kept[:, 240 + width :].min() == 1.0
    assert torch.allclose(painted + kept, torch.ones(340, 512))


def test_weights_of_a_size_are_put_together_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found, sizes = layout(Region(disc()), Region(half(), [BLUE])), list[object]()
    real = Layout._composed
    monkeypatch.setattr(Layout, "_composed", lambda self, size, radius: sizes.append(size) or real(self, size, radius))
    for _ in range(3):
        first, kept = found.weights((64, 96), CPU), found.kept((32, 48))
        found.kept((64, 96))
    assert sizes == [(64, 96), (32, 48)]
    assert first is not None
    assert kept is not None
    assert kept.shape == (32, 48)


@pytest.mark.parametrize("style_scale", [0.5, 2.0])
def test_transitions_follow_the_styles_scale(style_scale: float) -> None:
    found = Layout(Image.new("RGB", (512, 64)), part_of([RED], 0.5), [Region(half(512), [BLUE])], 512, style_scale).weights((64, 512), CPU)
    assert found is not None
    soft = ((found[0, 1, 32] > 1e-6) & (found[0, 1, 32] < 1 - 1e-6)).sum().item()
    assert soft == pytest.approx(0.02 * 512 / 2 * style_scale, abs=6)


def test_what_is_covered_or_empty_has_no_part() -> None:
    full, empty = Image.new("L", (96, 64), 255), Image.new("L", (96, 64))
    assert layout(Region(full, [BLUE])).is_plain
    assert layout(Region(full, [BLUE])).parts[0].styles[0].style.picture is BLUE
    assert layout(Region(empty, [BLUE]), Region(empty)).is_plain
    assert layout(Region(half(), [BLUE]), Region(full, [RED])).is_plain


@pytest.mark.parametrize(
    "mask",
    [
        half().convert("RGB"),
        half().convert("1"),
        half(48, 32),
        half(384, 256),
    ],
    ids=["RGB", "1", "smaller", "larger"],
)
def test_masks_may_have_any_size(mask: Image.Image) -> None:
    torch.testing.assert_close(weights(Region(mask, [BLUE])), weights(Region(half(), [BLUE])), atol=0.1, rtol=0)


def test_a_mask_of_another_shape_is_refused_with_both_sizes() -> None:
    with pytest.raises(InvalidParams, match="40 x 40 pixels and the photo 96 x 64"):
        layout(Region(Image.new("L", (40, 40)), [BLUE]))


@pytest.mark.parametrize(
    ("regions", "sentence"),
    [
        ([Region(half(), [BLUE])] * 9, "at most 8 regions"),
        ([Region(half(), [BLUE], strength=1.5)], "Strength must be a number from 0 to 1"),
        ([Region(half(), [StyleShare(BLUE, 0.0)])], "at least one style"),
    ],
)
def test_regions_that_make_no_sense_are_refused(regions: list[Region], sentence: str, photo: Image.Image) -> None:
    with pytest.raises(InvalidParams, match=sentence):
        stylize(photo, [RED], PARAMS, regions=regions)


@pytest.mark.parametrize("mode", MODES)
def test_two_halves_have_the_colours_of_their_styles(mode: Mode, photo: Image.Image) -> None:
    painting = levels(stylize(photo, [RED], MODES[mode], regions=[Region(half(), [BLUE])]).picture)
    assert painting[:, :40].mean((0, 1)) == pytest.approx((200, 60, 60), abs=25)
    assert painting[:, 56:].mean((0, 1)) == pytest.approx((60, 60, 200), abs=25)
    redness = (painting[..., 0] - painting[..., 2]).mean(0)  # falls from 140 to -140
    assert abs(int((redness > 0).sum()) - 48) <= 3


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("keep_colours", ["off", "luminance"])
def test_a_kept_region_has_the_photos_pixels(mode: Mode, keep_colours: str, photo: Image.Image, style: Image.Image) -> None:
    params = StyleParams.from_dict({**MODES[mode].to_dict(), "keep_colours": keep_colours})
    painting = levels(stylize(photo, [style], params, regions=[Region(half(), [BLUE]), Region(disc())]).picture)
    inside = np.asarray(disc()) == 255
    assert (painting[inside] == levels(photo)[inside]).all()
    assert np.abs(painting - levels(photo))[~inside].mean() > 10


def test_a_kept_region_has_the_pixels_of_a_transparent_photo(photo: Image.Image, style: Image.Image, tiny: TinyEncoder) -> None:
    photo.putalpha(picture(96, 64, seed=3).convert("L"))
    painting = stylize(photo, [style], PARAMS, regions=[Region(disc())], encoder=tiny).picture
    inside = np.asarray(disc()) == 255
    assert (np.asarray(painting)[inside] == np.asarray(photo)[inside]).all()


def test_the_recipe_lists_regions_and_no_masks(photo: Image.Image, style: Image.Image) -> None:
    regions = [Region(half(), [StyleShare(BLUE, 1.0), StyleShare(RED, 3.0)], strength=0.25), Region(disc())]
    first, second = stylize(photo, [style], MODES[Mode.INSTANT], regions=regions).recipe["regions"]
    assert (first["style_shares"], first["strength"], first["kept"]) == ([0.25, 0.75], 0.25, False)
    assert (second["style_shares"], second["strength"], second["kept"]) == ([], None, True)
    assert first["mask_digest"] == digest(half()) != second["mask_digest"] == digest(disc())
    assert set(first) == {"mask_digest", "kept", "style_shares", "strength"}
    assert "regions" not in stylize(photo, [style], MODES[Mode.INSTANT]).recipe


@pytest.mark.parametrize("mode", MODES)
def test_one_region_over_everything_is_no_region(mode: Mode, photo: Image.Image, style: Image.Image) -> None:
    everything = Image.new("L", (96, 64), 255)
    without = stylize(photo, [style], MODES[mode]).picture
    assert stylize(photo, [RED], MODES[mode], regions=[Region(everything, [style])]).picture.tobytes() == without.tobytes()


def test_one_guide_over_everything_changes_nothing_but_rounding(photo: Image.Image, style: Image.Image) -> None:
    x, encoder = torch.rand(1, 3, 48, 64, generator=torch.Generator().manual_seed(0)), TinyEncoder()
    part = Part([StyleShare(StyleTensor(torch.rand(1, 3, 40, 40, generator=torch.Generator().manual_seed(1))))], 0.3)
    guide = torch.cat([torch.ones(1, 1, 48, 64), torch.zeros(1, 1, 48, 64)], 1)
    sums = WholeSums(encoder)
    plain, guided = (Objective(sums, x, [target(sums, part, StyleParams())], StyleParams(), weights)(1 - x) for weights in (None, guide))
    for name, value in plain.items():
        assert guided[name].item() == pytest.approx(value.item(), rel=1e-5, abs=2e-6)


@pytest.mark.parametrize("mode", MODES)
def test_a_region_of_one_pixel_is_painted(mode: Mode, photo: Image.Image, style: Image.Image) -> None:
    dot = Image.new("L", (96, 64))
    dot.putpixel((50, 30), 255)
    painting, without = (stylize(photo, [style], MODES[mode], regions=regions).picture for regions in ([Region(dot, [BLUE])], []))
    changed = np.abs(levels(painting) - levels(without))
    assert changed.mean() < 4


@pytest.mark.parametrize("mode", MODES)
def test_a_photo_that_is_kept_everywhere_stays(mode: Mode, photo: Image.Image, style: Image.Image) -> None:
    everything = Image.new("L", (96, 64), 255)
    assert stylize(photo, [style], MODES[mode], regions=[Region(everything)]).picture.tobytes() == photo.tobytes()


@pytest.mark.parametrize("mode", MODES)
def test_a_region_of_strength_nought_is_the_photo(mode: Mode, photo: Image.Image, style: Image.Image) -> None:
    painting = levels(stylize(photo, [style], MODES[mode], regions=[Region(half(), [BLUE], strength=0.0)]).picture)
    difference = np.abs(painting - levels(photo))
    assert difference[:, 60:].mean() < 4 < 10 < difference[:, :40].mean()
