"""Time-lapses: which frames are kept, and what the film shows."""

import io
from collections.abc import Callable

import av
import numpy as np
import pytest
from PIL import Image

from nst.domain import Progress
from nst.timelapse import LONG_SIDE, MAX_FRAMES, FrameRecorder, animation, film

RED, GREEN, BLUE = (200, 40, 30), (30, 160, 60), (40, 60, 190)


def plain(colour: tuple[int, int, int], size: tuple[int, int] = (96, 64)) -> Image.Image:
    return Image.new("RGB", size, colour)


def decoded(data: bytes) -> list[Image.Image]:
    with av.open(io.BytesIO(data)) as container:
        return [frame.to_image() for frame in container.decode(video=0)]


def is_near(picture: Image.Image, colour: tuple[int, int, int]) -> bool:
    """Video stores colours in fewer steps than pictures."""
    return bool(np.abs(np.asarray(picture.convert("RGB"), float).mean((0, 1)) - colour).max() < 6)


def recorded(seconds: float, steps_per_second: int = 20) -> list[int]:
    """The times of the kept frames, in steps."""
    now = 0.0
    recorder = FrameRecorder(lambda: now)

    def preview(step: int) -> Callable[[int], Image.Image]:
        return lambda _: Image.new("RGB", (1, 1), (step // 256, step % 256, 0))

    for step in range(int(seconds * steps_per_second)):
        now = step / steps_per_second
        recorder.add(Progress(0.5, 1, 1, 1, 1, preview=preview(step)))
    pixels = [frame.getpixel((0, 0)) for frame in recorder.frames]
    return [256 * pixel[0] + pixel[1] for pixel in pixels if isinstance(pixel, tuple)]


class TestFrameRecorder:
    def test_a_short_painting_keeps_five_frames_a_second(self) -> None:
        times = recorded(2.0)
        assert 9 <= len(times) <= 10
        assert times[0] == 0

    @pytest.mark.parametrize("seconds", [8.0, 30.0, 700.0])
    def test_a_long_one_keeps_as_many_frames_spread_over_all_of_it(self, seconds: float) -> None:
        times = recorded(seconds)
        assert MAX_FRAMES / 2 <= len(times) <= MAX_FRAMES
        gaps = np.diff(times)
        assert gaps.max() <= 2 * gaps.min()
        assert times[0] < 2 * gaps.max()
        assert times[-1] > 20 * seconds - 2 * gaps.max()


class TestFilm:
    def test_it_takes_six_seconds_from_the_photo_over_the_frames_to_the_painting(self) -> None:
        frames = decoded(film(plain(RED), [plain(GREEN)], plain(BLUE)))
        assert len(frames) == 6 * 24
        assert all(is_near(frame, RED) for frame in (frames[0], frames[17]))
        assert is_near(frames[18 + 45], GREEN)
        assert all(is_near(frame, BLUE) for frame in (frames[-36], frames[-1]))

    def test_without_frames_the_photo_becomes_the_painting(self) -> None:
        frames = decoded(film(plain(RED), [], plain(BLUE)))
        middle = tuple(round((red + blue) / 2) for red, blue in zip(RED, BLUE, strict=True))
        assert is_near(frames[18 + 45], (middle[0], middle[1], middle[2]))

    @pytest.mark.parametrize(
        ("size", "expected"),
        [((96, 64), (96, 64)), ((33, 47), (32, 48)), ((2048, 1024), (512, 256)), ((4000, 40), (512, 6)), ((8, 8), (8, 8))],
    )
    def test_it_has_the_paintings_shape_in_even_numbers(self, size: tuple[int, int], expected: tuple[int, int]) -> None:
        assert max(expected) <= LONG_SIDE
        assert decoded(film(plain(RED, (300, 200)), [], plain(BLUE, size)))[-1].size == expected

    def test_transparent_pixels_are_white(self) -> None:
        clear = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
        assert is_near(decoded(film(clear, [clear], clear))[60], (255, 255, 255))


def test_an_animation_shows_the_same_in_as_long() -> None:
    with Image.open(io.BytesIO(animation(film(plain(RED), [plain(GREEN)], plain(BLUE))))) as picture:
        frames, milliseconds = getattr(picture, "n_frames", 1), 0
        assert (picture.format, picture.info["loop"]) == ("WEBP", 0)
        for number in range(frames):
            picture.seek(number)
            picture.load()
            milliseconds += picture.info["duration"]
            if number in (0, frames - 1):
                assert is_near(picture, BLUE if number else RED)
    assert frames > 20
    assert abs(milliseconds - 6000) < 100
