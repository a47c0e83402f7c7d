"""Prints: pixels of a paper, and the size of a print; exact numbers."""

from fractions import Fraction

import pytest

from nst.domain import PrintRequest, in_centimetres, in_inches, print_size
from nst.errors import DoesNotFit, InvalidParams

THREE_TO_TWO, FOUR_TO_THREE = (3000, 2000), (4000, 3000)


@pytest.mark.parametrize(
    ("text", "dpi", "photo", "pixels"),
    [
        ("12x8in", 300, THREE_TO_TWO, 3600),
        ("8x12in", 300, THREE_TO_TWO, 3600),  # the paper is turned
        ("12x8in", 300, (2000, 3000), 3600),
        ("12x8in", 150, THREE_TO_TWO, 1800),
        ("30x20cm", 300, THREE_TO_TWO, 3543),
        ("300x200mm", 300, THREE_TO_TWO, 3543),
        ("30x20cm", 300, FOUR_TO_THREE, 3149),  # limited by the short side: 2362 pixels
        ("30x20cm", 300, (1000, 1000), 2362),
        ("30x20cm", 300, (4000, 1000), 3543),  # limited by the long side
        ("10x10in", 300, THREE_TO_TWO, 3000),
        ("8.5x11in", 200, (1100, 850), 2200),
    ],
)
def test_a_painting_is_as_large_as_fits_on_the_paper(text: str, dpi: int, photo: tuple[int, int], pixels: int) -> None:
    assert PrintRequest.parse(text, dpi).size_for(photo) == pixels


@pytest.mark.parametrize("text", ["30x20cm", "29.7x21cm", "13x9cm", "7x5in", "10.1x8.3in", "101.6x152.4mm"])
@pytest.mark.parametrize(
    "photo", [(3000, 2000), (2000, 3000), (4000, 3000), (5000, 5000), (4032, 3024), (5184, 3888), (997, 641), (4000, 700)]
)
@pytest.mark.parametrize("dpi", [72, 150, 299, 300])
def test_the_print_never_exceeds_the_paper_and_touches_one_of_its_edges(text: str, photo: tuple[int, int], dpi: int) -> None:
    paper = PrintRequest.parse(text, dpi)
    long = paper.size_for(photo)
    short = round(long * min(photo) / max(photo))
    printed = print_size((long, short), dpi)
    assert printed.width <= paper.long
    assert printed.height <= paper.short
    slack = Fraction(max(photo), min(photo)) + 1  # pixels: a side is a whole number of them
    assert paper.long - printed.width < slack / dpi or paper.short - printed.height < slack / dpi


@pytest.mark.parametrize("text", ["30x20cm", " 30 x 20 cm ", "30X20CM", "30\u00d720cm", "30.0x20.00cm", "20x30cm", "300x200mm"])
def test_a_paper_can_be_written_in_several_ways(text: str) -> None:
    paper = PrintRequest.parse(text)
    assert (paper.long, paper.short) == (Fraction(1500, 127), Fraction(1000, 127))


@pytest.mark.parametrize(
    "text",
    [
        *("", "a4", "30", "30cm", "30x20", "x20cm", "30xcm", "30x20x10cm", "30cmx20cm", "30x20ft", "30x20 c m", "-30x20cm", "30,5x20cm"),
        *("1e3x20cm", "0x1fcm", "30x20cm!", "nanxinfcm", "\u0663\u0660x20cm", "30*20cm", "30/20cm", "30x20cm 30x20cm"),
        *("999999x1cm", "1.23456x1cm", "30.x20cm", ".5x.5in", '12x8"', "30x20 cm\n30x20cm"),
    ],
)
def test_other_forms_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidParams, match="30x20cm or 12x8in"):
        PrintRequest.parse(text)


@pytest.mark.parametrize("text", ["0x20cm", "30x0cm", "0.0x0in", "1001x20cm", "20x394in", "10001x10mm"])
def test_sides_have_limits(text: str) -> None:
    with pytest.raises(InvalidParams, match="above 0 and at most 1000 cm"):
        PrintRequest.parse(text)


@pytest.mark.parametrize("dpi", [-300, 0, 29, 1201])
def test_dpi_have_limits(dpi: int) -> None:
    with pytest.raises(InvalidParams, match=f"from 30 to 1200; it is {dpi}"):
        PrintRequest.parse("30x20cm", dpi)


@pytest.mark.parametrize(
    ("text", "dpi", "needed", "advice"),
    [
        ("100x70cm", 300, 11811, "Choose 208 dpi or less, or a smaller paper."),
        ("1000x700cm", 30, 11811, "Choose a smaller paper."),
    ],
)
def test_a_print_of_more_pixels_than_can_be_painted_says_what_can(text: str, dpi: int, needed: int, advice: str) -> None:
    with pytest.raises(DoesNotFit) as raised:
        PrintRequest.parse(text, dpi).size_for(THREE_TO_TWO)
    assert f"needs {needed} pixels" in str(raised.value)
    assert str(raised.value).endswith(advice)
    if "208" in advice:
        assert PrintRequest.parse(text, 208).size_for(THREE_TO_TWO) <= 8192 < int(Fraction(5000, 127) * 209)


def test_a_print_of_too_few_pixels_is_refused() -> None:
    assert PrintRequest.parse("1.1x1.1in", 30).size_for((10, 10)) == 33
    with pytest.raises(DoesNotFit, match="has 30 pixels"):
        PrintRequest.parse("1x1in", 30).size_for((10, 10))


def test_a_photo_of_a_third_of_the_sides_is_enough() -> None:
    paper = PrintRequest.parse("12x8in")
    assert not paper.is_too_large_for((1200, 800))
    assert paper.is_too_large_for((1199, 799))


@pytest.mark.parametrize(
    ("size", "dpi", "centimetres", "inches"),
    [
        ((2048, 1365), 300, "17 x 12 cm", "6.8 x 4.5 in"),
        ((2048, 1365), 150, "35 x 23 cm", "14 x 9.1 in"),
        ((512, 341), 300, "4.3 x 2.9 cm", "1.7 x 1.1 in"),
        ((3600, 2400), 300, "30 x 20 cm", "12 x 8 in"),
        ((3543, 2362), 300, "30 x 20 cm", "12 x 7.9 in"),
        ((1180, 1170), 300, "10 x 9.9 cm", "3.9 x 3.9 in"),
    ],
)
def test_the_size_of_a_print_is_given_in_both_units(size: tuple[int, int], dpi: int, centimetres: str, inches: str) -> None:
    printed = print_size(size, dpi)
    assert (in_centimetres(printed), in_inches(printed)) == (centimetres, inches)
