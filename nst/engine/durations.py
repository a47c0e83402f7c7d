"""How long paintings take on this machine, estimated from a short one.

A scale takes its preparation, a pass of the instant network if it has one, and its steps. Preparation and steps take a constant time, and a
time for each pixel, which two scales of the short painting show.
"""

import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import nst
from nst.domain import Mode, Precision, Preset, PresetSeconds, Progress, StyleParams, StyleShare
from nst.engine.devices import uses_bfloat16
from nst.engine.encoders.registry import load_encoder
from nst.engine.instant.stylizer import InstantStylizer
from nst.engine.memory_budget import affordable_size
from nst.engine.optimised.scales import Scale, plan
from nst.engine.optimised.sums import PIXELS_AT_ONCE
from nst.engine.stylize import stylize
from nst.engine.tensors import MARGIN
from nst.errors import DoesNotFit

Moments = Mapping[tuple[int, int], float]
"""Seconds at which progress was reported, by scale (from 1) and step."""

_PARAMS = StyleParams(mode=Mode.QUICK, size=512, iterations=3)
_FIRST = StyleParams(mode=Mode.INSTANT, size=512)
_LAST_STEP = 3  # of the finest scale, after which it is stopped
_FINISHING_SECONDS = 0.5  # for files, thumbnails and time-lapse
_INSTANT_FINISHING_SECONDS = 0.1  # without a time-lapse
_LARGE_WORK = 1.7  # of a step, for each pixel of a picture that has tiles, relative to the smaller ones that are timed
_PHOTO, _STYLE = (600, 400), (1024, 683)  # width and height in pixels
_GRAIN = 8  # pixels, of what is in those pictures


@dataclass(frozen=True)
class ScaleTimes:
    """What the parts of a scale took, in seconds."""

    pixels: float
    preparation: float
    network_pass: float
    step: float

    @classmethod
    def of(cls, scales: list[Scale], number: int, moments: Moments) -> "ScaleTimes":
        """Of several steps the fastest counts, which other work on the machine has disturbed least."""
        begun = max(seconds for (scale, _), seconds in moments.items() if scale < number)
        passed = moments.get((number, 0), begun)
        steps = sorted(step for scale, step in moments if scale == number and step)
        step = min(moments[number, after] - moments[number, before] for before, after in pairwise(steps))
        return cls(_pixels(scales[number - 1].long_side), max(0.0, moments[number, 1] - passed - step), passed - begun, step)


class Speed:
    """What this machine takes for a painting.

    Args:
        small, large: two scales that were timed, the large one with a pass.
    """

    def __init__(self, small: ScaleTimes, large: ScaleTimes) -> None:
        self._small, self._large = small, large

    def seconds(self, scales: list[Scale]) -> float:
        return sum(map(self._of_scale, scales))

    def _of_scale(self, scale: Scale) -> float:
        pixels = _pixels(scale.long_side)
        of_pass = self._large.network_pass * pixels / self._large.pixels if scale.has_pass else 0.0
        if not scale.steps:
            return of_pass
        step = self._between(self._small.step, self._large.step, pixels) * (_LARGE_WORK if pixels > PIXELS_AT_ONCE else 1.0)
        return of_pass + self._between(self._small.preparation, self._large.preparation, pixels) + scale.steps * step

    def _between(self, small: float, large: float, pixels: float) -> float:
        """Linear in the number of pixels; a constant where other work has disturbed the small scale more."""
        share = (pixels - self._small.pixels) / (self._large.pixels - self._small.pixels)
        return max(0.0, small + max(0.0, large - small) * share)


def measured_durations(
    device: torch.device, instant: InstantStylizer, weights_dir: Path | None, should_stop: Callable[[], bool]
) -> PresetSeconds | None:
    """What paintings in a photo's shape (3:2) take, by mode and preset; those that do not fit into the free memory are left out.

    Returns:
        None when it was stopped.
    """
    moments: dict[tuple[int, int], float] = {}

    def note(progress: Progress) -> None:
        moments[progress.scale, progress.step] = time.perf_counter()

    scales = plan(_PARAMS.size or 0, _PARAMS)
    last = len(scales), _LAST_STEP
    encoder = load_encoder(_PARAMS.encoder, device, weights_dir, instant.precision)
    photo, style = _picture(_PHOTO, 0), _picture(_STYLE, 1)

    def is_enough() -> bool:
        return should_stop() or last in moments

    styles = [StyleShare(style, 1.0)]
    stylize(photo, styles, _FIRST, instant=instant, should_stop=should_stop)  # a network's first pass takes longer than all others
    stylize(photo, styles, _PARAMS, encoder=encoder, instant=instant, on_progress=note, should_stop=is_enough)
    if last not in moments:
        return None
    # The first scale has what is done once.
    speed = Speed(ScaleTimes.of(scales, len(scales) - 1, moments), ScaleTimes.of(scales, len(scales), moments))
    return {mode: _by_preset(mode, speed, photo, device, instant.precision) for mode in Mode}


def machine(device: torch.device, precision: Precision) -> str:
    """What durations depend on: processor, threads, device, precision and versions."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else _processor()
    number_format = "bfloat16" if uses_bfloat16(device, precision) else "float32"
    return f"{name}, {device}, {torch.get_num_threads()} threads, {number_format}, Pastiche {nst.__version__}, torch {torch.__version__}"


def _by_preset(mode: Mode, speed: Speed, photo: Image.Image, device: torch.device, precision: Precision) -> dict[Preset, float]:
    found = {}
    for preset in Preset:
        params = StyleParams(mode=mode, preset=preset)
        try:
            size = affordable_size(photo, params, device, precision)
        except DoesNotFit:
            continue
        is_instant = mode is Mode.INSTANT
        scales = [Scale(size, 0, has_pass=True)] if is_instant else plan(size, params)
        found[preset] = round(speed.seconds(scales) + (_INSTANT_FINISHING_SECONDS if is_instant else _FINISHING_SECONDS), 2)
    return found


def _pixels(long_side: int) -> float:
    width, height = _PHOTO
    return float((long_side + 2 * MARGIN) * (long_side * height / width + 2 * MARGIN))


def _picture(size: tuple[int, int], seed: int) -> Image.Image:
    """A picture with something everywhere."""
    grains = np.random.default_rng(seed).integers(0, 256, (size[1] // _GRAIN, size[0] // _GRAIN, 3), dtype=np.uint8)
    return Image.fromarray(grains).resize(size, Image.Resampling.BICUBIC)


def _processor() -> str:
    """The processor's name; Python knows it on some systems only."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "CPU part")))
    return next(names, "") or platform.processor() or platform.machine()
