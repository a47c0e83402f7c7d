from dataclasses import FrozenInstanceError, fields

import pytest

from nst.domain import KeepColours, Preset, Progress, StyleParams, StyleShare, colour_of, help_of, is_automatic, normalised_shares, range_of
from nst.errors import InvalidParams


def test_params_survive_the_way_through_plain_values() -> None:
    params = StyleParams(preset=Preset.HIGH, strength=0.25, keep_colours=KeepColours.RECOLOUR, layer_weights=(("relu1_1", 1.0),), size=300)
    assert StyleParams.from_dict(params.to_dict()) == params


def test_params_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        StyleParams().strength = 1.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"strength": 7}, "Strength must be a number from 0 to 1; it is 7."),
        ({"strength": float("nan")}, "Strength must be a number from 0 to 1; it is nan."),
        ({"strength": "strong"}, "Strength must be a number from 0 to 1; it is 'strong'."),
        ({"strength": True}, "Strength must be a number from 0 to 1; it is True."),
        ({"size": 3}, "Size must be a whole number from 32 to 8192; it is 3."),
        ({"size": 64.5}, "Size must be a whole number from 32 to 8192; it is 64.5."),
        ({"seed": -1}, "Seed must be a whole number from 0 to"),
        ({"style_scale": 0}, "Style scale must be a number from 0.25 to 2; it is 0."),
        ({"preset": "enormous"}, "Preset must be one of draft, standard, high, ultra; it is 'enormous'."),
        ({"colour": 1}, "There is no parameter called 'colour'."),
        ({"layer_weights": [["relu1_1", -1]]}, "The weight of layer relu1_1 must be from 0 to 1000; it is -1."),
        ({"layer_weights": [["relu1_1", 0]]}, "At least one style layer needs a weight above zero."),
        ({"layer_weights": 5}, "Layer weights must be pairs of a layer's name and a number."),
    ],
)
def test_a_value_out_of_its_range_gets_a_sentence(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidParams) as caught:
        StyleParams.from_dict(values)
    assert str(caught.value).startswith(sentence)


def test_every_parameter_is_explained() -> None:
    assert all(help_of(entry.name) for entry in fields(StyleParams))


def test_every_default_is_in_its_range() -> None:
    low, high = range_of("strength")
    assert low <= StyleParams().strength <= high


def test_the_stage_is_in_words() -> None:
    assert Progress(fraction=0.5, scale=3, scales=5, step=1, steps=9, preview=lambda _: None).stage == "scale 3 of 5"


@pytest.mark.parametrize("share", [-1.0, -1e-9, float("nan"), float("inf")])
def test_a_share_is_finite_and_not_negative(share: float) -> None:
    with pytest.raises(InvalidParams, match="share"):
        StyleShare("a", share)


def test_shares_count_relative_to_their_sum_and_styles_without_one_are_left_out() -> None:
    styles = [StyleShare("a", 3e6), StyleShare("b", 0.0), StyleShare("c", 1e6)]
    assert normalised_shares(styles) == [StyleShare("a", 0.75), StyleShare("c", 0.25)]


@pytest.mark.parametrize("shares", [(), (0.0,), (1e308, 1e308)])
def test_a_blend_needs_a_share_above_zero_and_a_finite_sum(shares: tuple[float, ...]) -> None:
    with pytest.raises(InvalidParams, match="at least one style"):
        normalised_shares([StyleShare("a", share) for share in shares])


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("colour:#4466aa", ((68, 102, 170), 20)),
        ("colour:4466AA:100", ((68, 102, 170), 100)),
        ("colour:#4466aa:0", None),
        ("colour:#4466aa:101", None),
        ("colour:#4466aa:", None),
        ("colour:#46a", None),
        ("colour:#4466aa\n", None),
        ("#4466aa", None),
        ("sky", None),
    ],
)
def test_a_name_means_a_colour_with_a_tolerance(name: str, meaning: object) -> None:
    assert colour_of(name) == meaning
    assert is_automatic(name) == (meaning is not None or name == "sky")
