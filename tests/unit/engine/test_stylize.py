import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from nst.domain import Init, KeepColours, Loss, Optimiser, StyleParams
from nst.engine import Progress, StyleShare, memory_budget, stylize
from nst.engine.encoders import pretrained
from nst.errors import InvalidParams, WeightsUnavailable
from tests.support.encoder import TinyEncoder
from tests.support.pictures import picture

QUICK = StyleParams(size=64, scales=2, iterations=3)


def difference(a: Image.Image, b: Image.Image) -> float:
    """Mean absolute difference of two pictures in levels of 255."""
    return float(np.abs(np.asarray(a.convert("RGB"), dtype=float) - np.asarray(b.convert("RGB").resize(a.size), dtype=float)).mean())


def quick(**overrides: object) -> StyleParams:
    return StyleParams.from_dict({**QUICK.to_dict(), **overrides})


def test_the_painting_has_the_photos_shape_and_the_size_asked_for(photo: Image.Image, style: Image.Image, tiny: TinyEncoder) -> None:
    result = stylize(photo, [style], quick(size=72), encoder=tiny)
    assert result.picture.size == (72, 48)
    assert result.picture.mode == "RGB"
    assert not result.stopped


def test_the_embedded_encoder_paints_out_of_the_box(photo: Image.Image, style: Image.Image) -> None:
    result = stylize(photo, [style], quick(iterations=20))
    losses = result.recipe["losses"]
    assert losses["style"] < 0.5
    assert difference(result.picture, photo) > 5


def test_the_same_seed_gives_the_same_painting(photo: Image.Image, style: Image.Image) -> None:
    once, again = (stylize(photo, [style], quick(init="noise", seed=5)).picture for _ in range(2))
    other = stylize(photo, [style], quick(init="noise", seed=6)).picture
    assert once.tobytes() == again.tobytes() != other.tobytes()


def test_more_strength_goes_further_from_the_photo(photo: Image.Image, style: Image.Image) -> None:
    distances = [difference(stylize(photo, [style], quick(strength=s, iterations=25)).picture, photo) for s in (0.0, 0.5, 1.0)]
    assert distances[0] < 4  # as good as the photo
    assert distances[0] < distances[1] < distances[2]


@pytest.mark.parametrize("loss", Loss)
@pytest.mark.parametrize("init", Init)
def test_every_loss_and_start_brings_the_style_nearer(loss: Loss, init: Init, photo: Image.Image, style: Image.Image) -> None:
    seen: list[Progress] = []
    params = quick(loss=loss, init=init, iterations=15, scales=1, strength=1.0)
    stylize(photo, [style], params, on_progress=seen.append)
    assert seen[-1].losses["style"] < 0.5 * seen[0].losses["style"]


def test_progress_climbs_to_one_and_names_scale_and_step(photo: Image.Image, style: Image.Image, tiny: TinyEncoder) -> None:
    seen: list[Progress] = []
    stylize(photo, [style], QUICK, encoder=tiny, on_progress=seen.append)
    assert [(p.scale, p.step) for p in seen] == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]
    fractions = [p.fraction for p in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)
    assert seen[0].stage == "scale 1 of 2"
    assert seen[-1].seconds_left == pytest.approx(0, abs=0.01)
    assert set(seen[0].losses) == {"style", "content", "smoothness"}


def test_a_preview_is_a_picture_of_the_painting_so_far(photo: Image.Image, style: Image.Image, tiny: TinyEncoder) -> None:
    previews: list[Image.Image] = []
    result = stylize(photo, [style], QUICK, encoder=tiny, on_progress=lambda p: previews.append(p.preview(32)))
    assert {preview.size for preview in previews} == {(32, 21)}
    assert difference(previews[-1], result.picture) < difference(previews[0], result.picture) + 5


def test_stopping_takes_effect_within_one_step_and_returns_what_there_is(photo: Image.Image, style: Image.Image, tiny: TinyEncoder) -> None:
    seen: list[Progress] = []
    result = stylize(photo, [style], QUICK, encoder=tiny, on_progress=seen.append, should_stop=lambda: len(seen) >= 2)
    assert len(seen) == 2
    assert result.stopped and result.recipe["stopped"]
    assert max(result.picture.size) == 45  # of the first scale


def test_stopping_before_the_first_step_returns_the_photo(photo: Image.Image, style: Image.Image, tiny: TinyEncoder) -> None:
    result = stylize(photo, [style], QUICK, encoder=tiny, should_stop=lambda: True)
    assert difference(result.picture, photo) < 3


def test_a_style_is_never_squashed_nor_enlarged(photo: Image.Image, tiny: TinyEncoder) -> None:
    stylize(photo, [picture(40, 20)], quick(scales=1), encoder=tiny)
    assert (1, 3, 20, 40) in tiny.seen
    stylize(photo, [picture(200, 100)], quick(scales=1, style_scale=0.5), encoder=tiny)
    assert (1, 3, 16, 32) in tiny.seen


def test_a_panoramas_strokes_are_not_larger_than_it_is_high(tiny: TinyEncoder) -> None:
    stylize(picture(640, 32), [picture(200, 100)], quick(size=320, scales=1), encoder=tiny)
    assert (1, 3, 32, 64) in tiny.seen  # as of a photo of 64 x 16


def test_styles_blend_by_their_shares(photo: Image.Image, tiny: TinyEncoder) -> None:
    first, second = Image.new("RGB", (64, 64), (220, 40, 40)), Image.new("RGB", (64, 64), (40, 40, 220))
    params = quick(iterations=30, strength=1.0)
    reds = []
    for share in (1.0, 0.5, 0.0):
        result = stylize(photo, [StyleShare(first, share), StyleShare(second, 1 - share)], params, encoder=tiny)
        reds.append(float(np.asarray(result.picture, dtype=float)[..., 0].mean()))
    assert reds[0] > reds[1] > reds[2]
    assert result.recipe["style_shares"] == [1.0]  # a style without a share is left out


@pytest.mark.parametrize("styles", [[], [StyleShare(picture(40, 40), 0.0)]])
def test_a_painting_needs_a_style_with_a_share(photo: Image.Image, styles: list[StyleShare[Image.Image]]) -> None:
    with pytest.raises(InvalidParams, match="at least one style"):
        stylize(photo, styles, QUICK)


def test_transparency_is_kept(photo: Image.Image, style: Image.Image, tiny: TinyEncoder) -> None:
    cut = photo.copy()
    alpha = Image.new("L", photo.size, 255)
    alpha.paste(0, (0, 0, photo.width // 2, photo.height))
    cut.putalpha(alpha)
    result = stylize(cut, [style], QUICK, encoder=tiny)
    assert result.picture.mode == "RGBA"
    assert result.picture.getchannel("A").getpixel((2, 20)) == 0
    assert result.picture.getchannel("A").getpixel((60, 20)) == 255


def test_luminance_mode_keeps_the_photos_colours(photo: Image.Image, tiny: TinyEncoder) -> None:
    grey = Image.new("RGB", (64, 64), (128, 128, 128))
    kept = stylize(photo, [grey], quick(keep_colours="luminance", strength=1.0, iterations=20), encoder=tiny).picture
    lost = stylize(photo, [grey], quick(strength=1.0, iterations=20), encoder=tiny).picture
    chroma = [np.asarray(p.convert("YCbCr"), dtype=float)[..., 1:] for p in (kept, lost, photo.resize(kept.size))]
    assert np.abs(chroma[0] - chroma[2]).mean() < 0.5 * np.abs(chroma[1] - chroma[2]).mean()


def test_recolour_mode_brings_the_style_to_the_photos_colours(tiny: TinyEncoder) -> None:
    warm, cold = Image.new("RGB", (64, 48), (200, 120, 40)), Image.new("RGB", (64, 64), (20, 60, 200))
    result = stylize(warm, [cold], quick(keep_colours=KeepColours.RECOLOUR, strength=1.0, iterations=20), encoder=tiny)
    assert difference(result.picture, warm) < 15


@pytest.mark.parametrize("size", [(600, 20), (20, 600), (33, 32), (2000, 40)])
def test_pictures_smaller_than_the_networks_reach_are_painted(size: tuple[int, int], style: Image.Image) -> None:
    result = stylize(picture(*size), [style], quick(size=100, iterations=2))
    assert max(result.picture.size) == 100
    assert result.picture.size == tuple(max(1, round(side * 100 / max(size))) for side in size)


def test_a_tiny_style_picture_is_enough(photo: Image.Image) -> None:
    assert stylize(photo, [picture(8, 5)], quick(iterations=2)).picture.size[0] == 64


def test_the_recipe_is_json_and_makes_the_painting_again(photo: Image.Image, style: Image.Image) -> None:
    result = stylize(photo, [style], quick(strength=0.7, init="noise", seed=3))
    recipe = json.loads(json.dumps(result.recipe))
    again = stylize(photo, [style], StyleParams.from_dict(recipe["params"]))
    assert again.picture.tobytes() == result.picture.tobytes()
    assert recipe["encoder"]["name"] == "compact"
    assert len(recipe["encoder"]["sha256"]) == 64
    assert recipe["scales"][0] == {"long_side": 45, "pass": False, "steps": 3, "optimisers": ["lbfgs"]}
    assert set(recipe["versions"]) == {"pastiche", "torch", "pillow", "python"}
    assert recipe["seconds"] > 0


def test_the_recipe_of_ultra_says_what_fitted(
    photo: Image.Image, style: Image.Image, tiny: TinyEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_budget, "affordable_size", lambda *_: 80)
    result = stylize(photo, [style], quick(preset="ultra", size=None, scales=1, iterations=1), encoder=tiny)
    assert (max(result.picture.size), result.recipe["params"]["size"]) == (80, 80)


def test_the_recipe_says_where_adam_took_over(photo: Image.Image, style: Image.Image, tiny: TinyEncoder) -> None:
    looks = 0
    real = tiny.second.forward

    def flaky(x: torch.Tensor) -> torch.Tensor:
        nonlocal looks
        looks += 1
        return real(x) * (float("nan") if 4 < looks < 10 else 1.0)

    tiny.second.forward = flaky  # type: ignore[method-assign,assignment]
    result = stylize(photo, [style], quick(scales=1, iterations=6), encoder=tiny)
    assert result.recipe["scales"][0]["optimisers"] == ["lbfgs", "adam"]


def test_an_unknown_layer_is_refused_before_the_work_begins(photo: Image.Image, style: Image.Image) -> None:
    with pytest.raises(InvalidParams, match="relu7_1"):
        stylize(photo, [style], quick(layer_weights=[["relu7_1", 1.0]]))


def test_layers_can_be_chosen(photo: Image.Image, style: Image.Image) -> None:
    result = stylize(photo, [style], quick(layer_weights=[["relu1_1", 1.0], ["relu2_1", 0.5]], optimiser=Optimiser.ADAM))
    assert result.recipe["scales"][0]["optimisers"] == ["adam"]


def test_no_setting_of_the_environment_is_read(
    photo: Image.Image, style: Image.Image, tiny: TinyEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NST_DEVICE", "no such device")
    assert stylize(photo, [style], QUICK, encoder=tiny).picture.size == (64, 43)


def test_downloaded_weights_come_from_the_folder_given(
    photo: Image.Image, style: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def load_vgg19(folder: Path) -> None:
        asked.append(folder)
        raise WeightsUnavailable("There is no network.")

    monkeypatch.setattr(pretrained, "load_vgg19", load_vgg19)
    with pytest.raises(WeightsUnavailable):
        stylize(photo, [style], quick(encoder="vgg19"), weights_dir=tmp_path)
    assert asked == [tmp_path]


def test_a_style_is_encoded_once_for_paintings_of_one_size(photo: Image.Image, style: Image.Image, tiny: TinyEncoder) -> None:
    paintings, sizes = [], []
    for params in (QUICK, QUICK, quick(layer_weights=[["relu1_1", 1.0]])):
        tiny.seen.clear()
        paintings.append(stylize(photo, [style], params, encoder=tiny).picture.tobytes())
        sizes.append(set(tiny.seen))
    assert paintings[0] == paintings[1]
    assert len(sizes[0] - sizes[1]) == 2  # the style's at both scales
    assert sizes[2] == sizes[0]  # other layers
