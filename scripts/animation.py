"""Makes the README's animation, docs/growing.webp: a photo and its sketch, which grows into the painting as in the studio.

It takes less than a minute on two idle cores: `python -m scripts.animation`. With `--photo`, `--style` and `--out` it shows another pair.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from nst import samples
from nst.domain import Mode, Progress, StyleParams
from nst.engine import InstantStylizer, best_device, load_instant, stylize
from nst.images import Limits
from nst.preview.growth import LEVELS
from nst.settings import Settings
from nst.styles import Catalogue

TARGET = Path(__file__).parents[1] / "docs" / "growing.webp"
SIDE = 512  # pixels, of a sketch in the studio and of a painting with the standard preset
QUALITY = 80
SHOWN_STEPS = (0, 1, 2, 4, 7, 11, 15)  # of the last scale: later ones change less
STEP_MILLISECONDS = {Mode.QUICK: 160, Mode.OPTIMISED: 110}
SKETCH, STROKES, PAINTING = "First sketch", "First strokes", "Painting"
CAPTIONS = {Mode.QUICK: STROKES, Mode.OPTIMISED: PAINTING}
HELD_MILLISECONDS = {SKETCH: 900, STROKES: 900, PAINTING: 2000}
PHOTO_MILLISECONDS = 900
BLENDS, BLEND_MILLISECONDS = 3, 70  # frames between a picture and the first of the next rendering
CAPTION_HEIGHT, MARGIN = 18, 8  # pixels


@dataclass(frozen=True)
class Frame:
    """A picture with its caption, shown for some milliseconds."""

    picture: Image.Image
    caption: str
    milliseconds: int


def renderings(photo: Image.Image, style: Image.Image) -> Iterator[list[Frame]]:
    """What the studio shows one after the other: the photo, its first sketch, and every level at which the sketch grows."""
    instant = load_instant(best_device())
    sketch = stylize(photo, [style], StyleParams(mode=Mode.INSTANT, size=SIDE), instant=instant).picture
    yield [Frame(photo.resize(sketch.size, Image.Resampling.LANCZOS), "Photo", PHOTO_MILLISECONDS)]
    yield [Frame(sketch, SKETCH, HELD_MILLISECONDS[SKETCH])]
    for mode in LEVELS:
        yield grown(photo, style, mode, instant)


def grown(photo: Image.Image, style: Image.Image, mode: Mode, instant: InstantStylizer) -> list[Frame]:
    """One level of the growing sketch. As in the studio, its pictures at earlier scales than the last one are not shown."""
    frames, caption = [], CAPTIONS[mode]

    def on_progress(progress: Progress) -> None:
        if progress.scale == progress.scales and progress.step in SHOWN_STEPS and progress.step < progress.steps:
            frames.append(Frame(progress.preview(SIDE), caption, STEP_MILLISECONDS[mode]))

    painting = stylize(photo, [style], StyleParams(mode=mode, size=SIDE), instant=instant, on_progress=on_progress).picture
    return [*frames, Frame(painting, caption, HELD_MILLISECONDS[caption])]


def blended(shown: Sequence[Sequence[Frame]]) -> Iterator[Frame]:
    """All frames, with some between two renderings in which the one becomes the other."""
    yield from shown[0]
    for before, after in pairwise(shown):
        for number in range(1, BLENDS + 1):
            mixed = Image.blend(before[-1].picture, after[0].picture, number / (BLENDS + 1))
            yield Frame(mixed, after[0].caption, BLEND_MILLISECONDS)
        yield from after


def with_caption(frame: Frame) -> Image.Image:
    """The picture with its caption in white on a dark field, bottom left."""
    picture = frame.picture.copy()
    draw, font = ImageDraw.Draw(picture, "RGBA"), ImageFont.load_default(CAPTION_HEIGHT)
    width, bottom = draw.textlength(frame.caption, font), picture.height - MARGIN
    corners = (MARGIN, bottom - 2 * CAPTION_HEIGHT + MARGIN, width + 4 * MARGIN, bottom)
    draw.rounded_rectangle(corners, radius=MARGIN, fill=(20, 20, 20, 190))
    draw.text(((corners[0] + corners[2]) / 2, (corners[1] + bottom) / 2), frame.caption, (255, 255, 255), font, anchor="mm")
    return picture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--photo", default="cat", help="a sample's name")
    parser.add_argument("--style", default="starlit-swirl", help="a bundled style's name")
    parser.add_argument("--out", type=Path, default=TARGET)
    options = parser.parse_args()
    style = Catalogue(Limits.of(Settings())).picture(options.style)
    frames = list(blended(list(renderings(samples.load(options.photo), style))))
    first, *others = map(with_caption, frames)
    durations = [frame.milliseconds for frame in frames]
    first.save(options.out, save_all=True, append_images=others, duration=durations, loop=0, quality=QUALITY, method=6)


if __name__ == "__main__":
    main()
