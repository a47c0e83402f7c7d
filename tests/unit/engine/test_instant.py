import json

import numpy as np
import pytest
import torch
from PIL import Image, ImageChops, ImageFilter

from nst import samples
from nst.domain import Precision, StyleParams
from nst.engine import InstantStylizer, Progress, StyleShare, load_instant, stylize
from nst.engine.instant import stylizer
from nst.engine.instant.network import InstantNetwork
from nst.engine.instant.statistics import AffineMap, FeatureStatistics, feature_statistics
from nst.engine.instant.wct import identity_map, style_map
from nst.engine.tensors import to_tensor
from nst.errors import RenderingFailed
from nst.images import Limits
from nst.styles import Catalogue
from tests.support.pictures import picture

CPU = torch.device("cpu")


def instant_params(**overrides: object) -> StyleParams:
    return StyleParams.from_dict({"mode": "instant", "size": 96, "strength": 1.0, **overrides})


@pytest.fixture
def instant() -> InstantStylizer:
    return load_instant(CPU)


def levels(x: Image.Image) -> np.ndarray:
    return np.asarray(x.convert("RGB"), dtype=float)


def difference(a: Image.Image, b: Image.Image) -> float:
    """Mean absolute difference of two pictures in levels of 255."""
    return float(np.abs(levels(a) - levels(b.resize(a.size))).mean())


def test_the_painting_has_the_photos_shape_and_the_styles_colours(photo: Image.Image, style: Image.Image) -> None:
    result = stylize(photo, [style], instant_params(size=72))
    assert result.picture.size == (72, 48)
    assert not result.stopped
    assert levels(result.picture).mean((0, 1)) == pytest.approx(levels(style).mean((0, 1)), abs=25)


@pytest.mark.parametrize("shape", [(33, 32), (200, 35), (97, 143)])
def test_pictures_of_any_shape_are_painted(shape: tuple[int, int], style: Image.Image) -> None:
    assert stylize(picture(*shape), [style], instant_params(size=max(shape))).picture.size == shape


def test_more_strength_goes_further_from_the_photo(photo: Image.Image, style: Image.Image, instant: InstantStylizer) -> None:
    paintings = [stylize(photo, [style], instant_params(strength=s), instant=instant).picture for s in (0.0, 0.5, 1.0)]
    distances = [difference(painting, photo) for painting in paintings]
    assert distances[0] < 0.1  # the photo itself
    assert distances[0] < distances[1] < distances[2]


@pytest.mark.parametrize("silent", InstantNetwork.WCT_LAYERS)
def test_every_wct_layer_of_the_bundled_network_has_an_effect(silent: str) -> None:
    """A layer that has died in the training would go unnoticed: the others paint, too."""
    network, _ = stylizer.load_instant_network(CPU)
    photo, style = (to_tensor(x, (128, 128), CPU) for x in (samples.load("coffee"), samples.load("cat")))
    code: dict[str, FeatureStatistics] = {}

    def record(name: str, x: torch.Tensor) -> AffineMap:
        code[name] = feature_statistics(x)
        return identity_map(name, code[name])

    def painted(*without: str) -> torch.Tensor:
        def wct(name: str, x: torch.Tensor) -> AffineMap:
            found = feature_statistics(x)
            return identity_map(name, found) if name in without else style_map(name, found, code[name])

        return network(photo, wct)

    with torch.inference_mode():
        network(style, record)
        assert (painted() - painted(silent)).abs().mean() > 1 / 255


@pytest.mark.parametrize("shape", [(512, 341), (384, 384), (97, 143)])
def test_everything_stays_at_its_place(shape: tuple[int, int]) -> None:
    """A painting in the photo's own style is the photo, and no row or column away from it."""
    photo = samples.load("coffee").convert("RGB").resize(shape, Image.Resampling.LANCZOS)
    painting = stylize(photo, [photo], instant_params(size=max(shape))).picture
    there = difference(painting, photo)
    for across, down in ((4, 0), (-4, 0), (0, 4), (0, -4)):
        assert there < 0.7 * difference(painting, ImageChops.offset(photo, across, down))


def test_a_plain_sky_is_painted_with_strokes() -> None:
    """A network that sees only the photo leaves flat regions flat."""
    sky = Image.new("RGB", (192, 128), (110, 160, 220))
    sky.paste(samples.load("coffee").convert("RGB").resize((192, 48)), (0, 80))
    swirls = Catalogue(Limits(max_bytes=20_000_000, max_pixels=50_000_000, min_side=32)).picture("starlit-swirl")
    painting = stylize(sky, [swirls], instant_params(size=192)).picture.convert("L")
    strokes = np.asarray(painting, dtype=float) - np.asarray(painting.filter(ImageFilter.BoxBlur(8)))
    assert strokes[8:64, 8:-8].std() > 16  # 32 with noise, 0.5 without


def test_another_seed_gives_other_strokes_and_the_same_one_the_same(photo: Image.Image, style: Image.Image) -> None:
    first, same, other = (stylize(photo, [style], instant_params(seed=seed)).picture for seed in (1, 1, 2))
    assert first.tobytes() == same.tobytes() != other.tobytes()


def test_a_result_that_is_not_finite_is_an_error(photo: Image.Image, style: Image.Image) -> None:
    network = InstantNetwork()
    network.initialise()
    network.stem.weight.data[0] = torch.nan
    with pytest.raises(RenderingFailed, match="no finite picture"):
        stylize(photo, [style], instant_params(), instant=InstantStylizer(network, "", CPU))


def test_a_style_of_one_plain_colour_gives_its_colour(photo: Image.Image) -> None:
    for colour in ((60, 20, 20), (200, 180, 220), (128, 128, 128)):
        painting = stylize(photo, [Image.new("RGB", (64, 64), colour)], instant_params()).picture
        assert levels(painting).mean((0, 1)) == pytest.approx(colour, abs=12)


def test_a_blend_is_between_its_styles(photo: Image.Image, instant: InstantStylizer) -> None:
    dark, light = Image.new("RGB", (64, 64), (60, 20, 20)), Image.new("RGB", (64, 64), (200, 180, 220))

    def brightness(*styles: StyleShare[Image.Image]) -> float:
        return float(levels(stylize(photo, styles, instant_params(), instant=instant).picture).mean())

    mostly_dark = brightness(StyleShare(dark, 3.0), StyleShare(light, 1.0))
    mostly_light = brightness(StyleShare(dark, 1.0), StyleShare(light, 3.0))
    assert brightness(StyleShare(dark)) < mostly_dark < mostly_light < brightness(StyleShare(light))


def test_kept_luminance_keeps_the_photos_colours(photo: Image.Image, style: Image.Image) -> None:
    painted = stylize(photo, [style], instant_params(keep_colours="luminance")).picture
    hues = [np.asarray(x.convert("YCbCr"), dtype=float)[..., 1:] for x in (painted, photo)]
    assert np.abs(hues[0] - hues[1]).mean() < 4


def test_a_recoloured_style_gives_the_photos_colours(photo: Image.Image, style: Image.Image, instant: InstantStylizer) -> None:
    plain, recoloured = (
        stylize(photo, [style], instant_params(keep_colours=kept), instant=instant).picture for kept in ("off", "recolour")
    )
    mean = levels(photo).mean((0, 1))
    assert np.abs(levels(recoloured).mean((0, 1)) - mean).max() < np.abs(levels(plain).mean((0, 1)) - mean).max()


def test_transparency_is_kept(photo: Image.Image, style: Image.Image) -> None:
    alpha = picture(*photo.size, seed=3).convert("L")
    photo.putalpha(alpha)
    painted = stylize(photo, [style], instant_params()).picture
    assert painted.mode == "RGBA"
    assert painted.getchannel("A").tobytes() == alpha.tobytes()


def test_the_styles_scale_changes_the_painting(photo: Image.Image) -> None:
    detailed = Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8))
    fine, coarse = (stylize(photo, [detailed], instant_params(style_scale=scale)).picture for scale in (0.5, 2.0))
    assert difference(fine, coarse) > 1


def test_the_same_call_gives_the_same_painting_whatever_is_cached(photo: Image.Image, style: Image.Image, instant: InstantStylizer) -> None:
    fresh = stylize(photo, [style], instant_params()).picture
    for _ in range(2):
        assert stylize(photo, [style], instant_params(), instant=instant).picture.tobytes() == fresh.tobytes()


def test_what_is_cached_is_not_computed_again(photo: Image.Image, style: Image.Image, instant: InstantStylizer) -> None:
    tiles: list[int] = []

    def stages(**overrides: object) -> int:
        before = len(tiles)
        stylize(photo, [style], instant_params(**overrides), instant=instant, should_stop=lambda: bool(tiles.append(0)))
        return len(tiles) - before

    first, slider, other_scale = stages(), stages(strength=0.3), stages(style_scale=0.5)
    assert slider < other_scale < first
    assert stages(strength=0.4) == slider


@pytest.mark.parametrize("precision", [Precision.FLOAT32, Precision.BFLOAT16])
def test_tiles_leave_no_seams(style: Image.Image, monkeypatch: pytest.MonkeyPatch, precision: Precision) -> None:
    """In half precision tiles may be rounded otherwise, everywhere: on some processors they are."""
    large = picture(420, 300)
    whole = stylize(large, [style], instant_params(size=420), precision=precision).picture
    monkeypatch.setattr(stylizer, "TILE", 96)
    seen: list[Progress] = []
    tiled = stylize(large, [style], instant_params(size=420), on_progress=seen.append, precision=precision).picture
    differences = np.abs(levels(tiled) - levels(whole))
    if precision is Precision.BFLOAT16:
        beside = np.isin(np.arange(420) % 96, (94, 95, 0, 1)) & (np.arange(420) > 2)
        assert differences.mean() < 1
        assert differences[:, beside].mean() <= 1.1 * differences.mean() + 0.01
    else:
        assert differences.max() <= 1
    fractions = [report.fraction for report in seen]
    assert len(fractions) > 50
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


def test_stopping_gives_the_photo(photo: Image.Image, style: Image.Image) -> None:
    result = stylize(photo, [style], instant_params(), should_stop=lambda: True)
    assert result.stopped
    assert difference(result.picture, photo) < 1


def test_the_last_report_shows_the_painting(photo: Image.Image, style: Image.Image) -> None:
    seen: list[Progress] = []
    result = stylize(photo, [style], instant_params(), on_progress=seen.append)
    assert seen[-1].fraction == 1
    assert seen[-1].seconds_left == pytest.approx(0, abs=0.01)
    preview = seen[-1].preview(48)
    assert preview.size == (48, 32)
    assert difference(preview, result.picture) < 10


def test_the_recipe_names_the_network_and_its_weights(photo: Image.Image, style: Image.Image, instant: InstantStylizer) -> None:
    recipe = stylize(photo, [style], instant_params(), instant=instant).recipe
    assert recipe["network"] == {"name": "instant", "sha256": instant.digest}
    assert recipe["params"]["mode"] == "instant"
    assert StyleParams.from_dict(recipe["params"]) == instant_params()
    json.dumps(recipe)


def test_the_recipe_holds_what_was_used_and_makes_the_painting_again(
    photo: Image.Image, style: Image.Image, instant: InstantStylizer
) -> None:
    unused = {"encoder": "vgg19", "iterations": 7, "scales": 3, "init": "noise", "loss": "gram", "smoothness": 1.0}
    asked = {"preset": "draft", "size": None, "strength": 0.7, "style_scale": 0.5, "keep_colours": "recolour", "seed": 5}
    result = stylize(photo, [style], instant_params(**asked, **unused, optimiser="adam"), instant=instant)
    recipe = json.loads(json.dumps(result.recipe))
    used = {"mode": "instant", "size": 256, "strength": 0.7, "style_scale": 0.5, "keep_colours": "recolour", "seed": 5}
    assert recipe["params"] == used
    assert not {"encoder", "scales", "losses"} & set(recipe)
    again = stylize(photo, [style], StyleParams.from_dict(recipe["params"]))
    assert again.picture.tobytes() == result.picture.tobytes()


def test_a_cached_style_is_encoded_again_for_a_panorama(photo: Image.Image, style: Image.Image, instant: InstantStylizer) -> None:
    panorama = picture(640, 32)
    with_cache, fresh = instant, load_instant(CPU)
    stylize(photo, [style], instant_params(), instant=with_cache)
    paintings = [stylize(panorama, [style], instant_params(), instant=each).picture for each in (with_cache, fresh)]
    assert paintings[0].tobytes() == paintings[1].tobytes()
