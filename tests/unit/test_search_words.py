"""The search for styles."""

import pytest

from nst.images import STORED_LIMITS
from nst.styles import Catalogue, search
from nst.styles.search_words import WORDS

ENTRIES = Catalogue(STORED_LIMITS).entries()
EVERYTHING = [entry.id for entry in ENTRIES]


def found(wanted: str) -> list[str]:
    return [entry.id for entry in search(ENTRIES, wanted)]


@pytest.mark.parametrize(
    ("wanted", "style"),
    [
        ("van gogh", "starlit-swirl"),
        ("Van Gogh's", "starlit-swirl"),
        ("vangogh", "starlit-swirl"),
        ("van gough", "starlit-swirl"),
        ("claude monet", "knife-harvest"),
        ("impressionist", "sunday-dots"),
        ("anime style", "woodblock-surf"),
        ("Stained-Glass", "cathedral-glass"),
        ("pencil drawing", "copperplate"),
        ("coloured pencils", "night-chalk"),
        ("comic book", "paper-garden"),
        ("watercolor painting", "tide-wash"),
        ("picaso", "cubist-table"),
        ("Dürer", "copperplate"),
        ("mosaics", "golden-tesserae"),
        ("pop art", "circle-rhythm"),
    ],
)
def test_familiar_words_find_a_style(wanted: str, style: str) -> None:
    assert style in found(wanted)
    assert len(found(wanted)) <= 3


def test_styles_with_most_of_the_words_are_found() -> None:
    assert found("black and white waves") == ["copperplate"]
    assert found("gustav klimt") == ["gilded-spirals"]


@pytest.mark.parametrize("wanted", ["xyzzy", "red", "!!!", "\N{ARTIST PALETTE}"])
def test_words_that_no_style_has_find_nothing(wanted: str) -> None:
    assert found(wanted) == []


@pytest.mark.parametrize("wanted", ["", "  ", "a painting in the style of"])
def test_a_search_without_a_word_that_distinguishes_styles_finds_all(wanted: str) -> None:
    assert found(wanted) == EVERYTHING


def test_every_bundled_style_has_words() -> None:
    assert set(WORDS) == set(EVERYTHING)
