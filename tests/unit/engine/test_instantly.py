import json

import numpy as np
import pytest
import torch
from PIL import Image, ImageChops, ImageFilter

from nst import samples
from nst.domain import StyleParams
from nst.engine import Instant, Iterate, Style, instantly, load_instant, stylize
from nst.engine.instant import InstantNetwork, Statistics, statistics, transferred, unchanged
from nst.engine.instantly import Memory
from nst.engine.pictures import to_tensor
from nst.errors import RenderingFailed
from nst.images import Limits
from nst.styles import Catalogue
from tests.conftest import picture

CPU = torch.device("cpu")


def instantly_with(**overrides: object) -> StyleParams:
    return StyleParams.from_dict({"mode": "instant", "size": 96, "strength": 1.0, **overrides})


@pytest.fixture
def instant() -> Instant:
    return load_instant(CPU)


def levels(x: Image.Image) -> np.ndarray:
    return np.asarray(x.convert("RGB"), dtype=float)


def difference(a: Image.Image, b: Image.Image) -> float:
    """Mean absolute difference of two pictures in levels of 255."""
    return float(np.abs(levels(a) - levels(b.resize(a.size))).mean())


def test_the_painting_has_the_photos_shape_and_the_styles_colours(photo: Image.Image, style: Image.Image) -> None:
    result = stylize(photo, [style], instantly_with(size=72))
    assert result.picture.size == (72, 48)
    assert not result.stopped
    assert levels(result.picture).mean((0, 1)) == pytest.approx(levels(style).mean((0, 1)), abs=25)


@pytest.mark.parametrize("shape", [(33, 32), (200, 35), (97, 143)])
def test_pictures_of_any_shape_are_painted(shape: tuple[int, int], style: Image.Image) -> None:
    assert stylize(picture(*shape), [style], instantly_with(size=max(shape))).picture.size == shape


def test_more_strength_goes_further_from_the_photo(photo: Image.Image, style: Image.Image, instant: Instant) -> None:
    paintings = [stylize(photo, [style], instantly_with(strength=s), instant=instant).picture for s in (0.0, 0.5, 1.0)]
    distances = [difference(painting, photo) for painting in paintings]
    assert distances[0] < 0.1  # the photo itself
    assert distances[0] < distances[1] < distances[2]


@pytest.mark.parametrize("silent", InstantNetwork.STATIONS)
def test_every_station_of_the_bundled_network_has_its_say(silent: str) -> None:
    """A part that has died in the training would go unnoticed: the others paint, too."""
    network, _ = instantly.load_instant_network(CPU)
    photo, style = (to_tensor(x, (128, 128), CPU) for x in (samples.load("coffee"), samples.load("cat")))
    code: dict[str, Statistics] = {}

    def record(name: str, x: torch.Tensor) -> torch.Tensor:
        code[name] = statistics(x)
        return unchanged(name, code[name])(x)

    def painted(*without: str) -> torch.Tensor:
        def station(name: str, x: torch.Tensor) -> torch.Tensor:
            found = statistics(x)
            return (unchanged(name, found) if name in without else transferred(name, found, code[name]))(x)

        return network(photo, station)

    with torch.inference_mode():
        network(style, record)
        assert (painted() - painted(silent)).abs().mean() > 1 / 255


@pytest.mark.parametrize("shape", [(512, 341), (384, 384), (97, 143)])
def test_everything_stays_at_its_place(shape: tuple[int, int]) -> None:
    """A painting in the photo's own style is the photo, and no row or column away from it."""
    photo = samples.load("coffee").convert("RGB").resize(shape, Image.Resampling.LANCZOS)
    painting = stylize(photo, [photo], instantly_with(size=max(shape))).picture
    there = difference(painting, photo)
    for across, down in ((4, 0), (-4, 0), (0, 4), (0, -4)):
        assert there < 0.6 * difference(painting, ImageChops.offset(photo, across, down))


def test_the_grain_of_a_calm_sky_is_not_painted_large() -> None:
    """Stations give the photo what spread the style has: grain that no one saw became ripples that all saw."""
    random = np.random.default_rng(0)
    ground = random.integers(0, 160, (24, 48, 3)).repeat(4, 0).repeat(4, 1)
    sky = np.linspace(140, 200, 96)[:, None, None] + random.normal(0, 1.5, (96, 192, 3))
    photo = Image.fromarray(np.concatenate([sky, ground]).round().astype(np.uint8))
    marble = Catalogue(Limits(max_bytes=20_000_000, max_pixels=50_000_000, min_side=32)).picture("ottoman-marble")
    painting = stylize(photo, [marble], instantly_with(size=192)).picture.convert("L")
    ripples = np.asarray(painting, dtype=float) - np.asarray(painting.filter(ImageFilter.BoxBlur(4)))
    assert ripples[8:72, 8:-8].std() < 0.9  # 1.3 when the grain is left in


def stripes(*colours: tuple[int, int, int]) -> Image.Image:
    """A style of upright stripes with some grain, 192 pixels a side."""
    grain = np.random.default_rng(0).normal(0, 6, (192, 192, 3))
    return Image.fromarray((np.resize(np.repeat(colours, 12, 0), (192, 3)) + grain).clip(0, 255).astype(np.uint8))


def test_a_sky_gets_a_colour_of_the_style_and_keeps_it_up_to_what_stands_before_it() -> None:
    """What is most of a photo would get the mean of the style, and glow round towers."""
    photo = np.full((192, 192, 3), (110, 160, 220))
    photo[40:, 80:112] = np.random.default_rng(1).integers(40, 160, (152, 32, 1))
    photo[150:] = np.random.default_rng(2).integers(90, 200, (42, 192, 1)) * (1, 0.7, 0.5)
    style = stripes((60, 90, 190), (150, 90, 40))
    painting = levels(stylize(Image.fromarray(photo.astype(np.uint8)), [style], instantly_with(size=192)).picture)
    sky = painting[10:140, 10:60].mean((0, 1))
    assert sky[2] > sky[0] + 40  # by 10 in the mean of the style, which the network alone would give it
    beside = painting[60:140, 114:130].mean(0)
    assert np.abs(beside - sky).max() < 40  # 80 by the network alone


def test_what_is_not_finite_is_no_painting(photo: Image.Image, style: Image.Image) -> None:
    network = InstantNetwork()
    network.initialise()
    network.stem.weight.data[0] = torch.nan
    with pytest.raises(RenderingFailed, match="no finite picture"):
        stylize(photo, [style], instantly_with(), instant=Instant(network, "", CPU))


def test_a_style_of_one_plain_colour_gives_its_colour(photo: Image.Image) -> None:
    for colour in ((60, 20, 20), (200, 180, 220), (128, 128, 128)):
        painting = stylize(photo, [Image.new("RGB", (64, 64), colour)], instantly_with()).picture
        assert levels(painting).mean((0, 1)) == pytest.approx(colour, abs=12)


def test_a_blend_lies_between_its_styles(photo: Image.Image, instant: Instant) -> None:
    dark, light = Image.new("RGB", (64, 64), (60, 20, 20)), Image.new("RGB", (64, 64), (200, 180, 220))

    def brightness(*styles: Style) -> float:
        return float(levels(stylize(photo, styles, instantly_with(), instant=instant).picture).mean())

    mostly_dark = brightness(Style(dark, 3.0), Style(light, 1.0))
    mostly_light = brightness(Style(dark, 1.0), Style(light, 3.0))
    assert brightness(Style(dark)) < mostly_dark < mostly_light < brightness(Style(light))


def test_kept_luminance_keeps_the_photos_colours(photo: Image.Image, style: Image.Image) -> None:
    painted = stylize(photo, [style], instantly_with(keep_colours="luminance")).picture
    hues = [np.asarray(x.convert("YCbCr"), dtype=float)[..., 1:] for x in (painted, photo)]
    assert np.abs(hues[0] - hues[1]).mean() < 4


def test_a_recoloured_style_gives_the_photos_colours(photo: Image.Image, style: Image.Image, instant: Instant) -> None:
    plain, recoloured = (
        stylize(photo, [style], instantly_with(keep_colours=kept), instant=instant).picture for kept in ("off", "recolour")
    )
    mean = levels(photo).mean((0, 1))
    assert np.abs(levels(recoloured).mean((0, 1)) - mean).max() < np.abs(levels(plain).mean((0, 1)) - mean).max()


def test_transparency_is_kept(photo: Image.Image, style: Image.Image) -> None:
    alpha = picture(*photo.size, seed=3).convert("L")
    photo.putalpha(alpha)
    painted = stylize(photo, [style], instantly_with()).picture
    assert painted.mode == "RGBA"
    assert painted.getchannel("A").tobytes() == alpha.tobytes()


def test_the_styles_scale_changes_the_painting(photo: Image.Image) -> None:
    detailed = Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8))
    fine, coarse = (stylize(photo, [detailed], instantly_with(style_scale=scale)).picture for scale in (0.5, 2.0))
    assert difference(fine, coarse) > 1


def test_the_same_call_gives_the_same_painting_whatever_is_remembered(photo: Image.Image, style: Image.Image, instant: Instant) -> None:
    fresh = stylize(photo, [style], instantly_with()).picture
    for _ in range(2):
        assert stylize(photo, [style], instantly_with(), instant=instant).picture.tobytes() == fresh.tobytes()


def test_what_is_remembered_is_not_computed_again(photo: Image.Image, style: Image.Image, instant: Instant) -> None:
    tiles: list[int] = []

    def stages(**overrides: object) -> int:
        before = len(tiles)
        stylize(photo, [style], instantly_with(**overrides), instant=instant, should_stop=lambda: bool(tiles.append(0)))
        return len(tiles) - before

    first, slider, other_scale = stages(), stages(strength=0.3), stages(style_scale=0.5)
    assert slider < other_scale < first
    assert stages(strength=0.4) == slider


@pytest.mark.parametrize("is_in_half", [False, True])
def test_tiles_leave_no_seams(style: Image.Image, monkeypatch: pytest.MonkeyPatch, is_in_half: bool) -> None:
    """In half precision tiles are rounded otherwise, everywhere."""
    monkeypatch.setattr(instantly, "multiplies_bfloat16", lambda _device: is_in_half)
    large = picture(420, 300)
    whole = stylize(large, [style], instantly_with(size=420)).picture
    monkeypatch.setattr(instantly, "TILE", 96)
    seen: list[Iterate] = []
    tiled = stylize(large, [style], instantly_with(size=420), on_progress=seen.append).picture
    differences = np.abs(levels(tiled) - levels(whole))
    if is_in_half:
        beside = np.isin(np.arange(420) % 96, (94, 95, 0, 1)) & (np.arange(420) > 2)
        assert differences.mean() < 1
        assert differences[:, beside].mean() < 1.1 * differences.mean()
    else:
        assert differences.max() <= 1
    fractions = [report.fraction for report in seen]
    assert len(fractions) > 50
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


def test_stopping_gives_the_photo(photo: Image.Image, style: Image.Image) -> None:
    result = stylize(photo, [style], instantly_with(), should_stop=lambda: True)
    assert result.stopped
    assert difference(result.picture, photo) < 1


def test_the_last_report_shows_the_painting(photo: Image.Image, style: Image.Image) -> None:
    seen: list[Iterate] = []
    result = stylize(photo, [style], instantly_with(), on_progress=seen.append)
    assert seen[-1].fraction == 1
    assert seen[-1].seconds_left == pytest.approx(0, abs=0.01)
    preview = seen[-1].preview(48)
    assert preview.size == (48, 32)
    assert difference(preview, result.picture) < 10


def test_the_recipe_names_the_network_and_its_weights(photo: Image.Image, style: Image.Image, instant: Instant) -> None:
    recipe = stylize(photo, [style], instantly_with(), instant=instant).recipe
    assert recipe["network"] == {"name": "instant", "sha256": instant.digest}
    assert recipe["params"]["mode"] == "instant"
    assert StyleParams.from_dict(recipe["params"]) == instantly_with()
    json.dumps(recipe)


def test_the_recipe_holds_what_was_heeded_and_makes_the_painting_again(photo: Image.Image, style: Image.Image, instant: Instant) -> None:
    unheeded = {"encoder": "vgg19", "iterations": 7, "scales": 3, "seed": 5, "init": "noise", "loss": "gram", "smoothness": 1.0}
    asked = {"preset": "draft", "size": None, "strength": 0.7, "style_scale": 0.5, "keep_colours": "recolour"}
    result = stylize(photo, [style], instantly_with(**asked, **unheeded, optimiser="adam"), instant=instant)
    recipe = json.loads(json.dumps(result.recipe))
    heeded = {"mode": "instant", "size": 256, "strength": 0.7, "style_scale": 0.5, "keep_colours": "recolour"}
    assert recipe["params"] == heeded
    assert not {"encoder", "scales", "losses"} & set(recipe)
    again = stylize(photo, [style], StyleParams.from_dict(recipe["params"]))
    assert again.picture.tobytes() == result.picture.tobytes()


def test_a_style_that_is_remembered_is_coded_anew_for_a_panorama(photo: Image.Image, style: Image.Image, instant: Instant) -> None:
    panorama = picture(640, 32)
    remembering, fresh = instant, load_instant(CPU)
    stylize(photo, [style], instantly_with(), instant=remembering)
    paintings = [stylize(panorama, [style], instantly_with(), instant=each).picture for each in (remembering, fresh)]
    assert paintings[0].tobytes() == paintings[1].tobytes()


def test_the_memory_forgets_what_was_used_least_recently() -> None:
    memory: Memory[str] = Memory(2)
    made: list[str] = []

    def value(key: str) -> str:
        return memory.get(key, lambda: made.append(key) or key)  # type: ignore[func-returns-value]

    for key in ("a", "b", "a", "c", "a", "b"):
        assert value(key) == key
    assert made == ["a", "b", "c", "b"]
    assert len(memory) == 2
