"""Paints grey: 0 instantly, 100 for quick and 200 for optimised, in five steps; each takes as many seconds as the strength."""

import os
import signal
import time
from functools import partial
from types import SimpleNamespace

from PIL import Image

from nst.domain import Mode

DIES = 0.13
"""The strength at which it kills its process."""
LEVELS = {Mode.INSTANT: 0, Mode.QUICK: 100, Mode.OPTIMISED: 200}
STEPS = 5


def engine(_settings):
    def paint(photo, styles, params, on_progress, should_stop):
        if params.strength == DIES:
            os.kill(os.getpid(), signal.SIGKILL)
        level, stopped = LEVELS[params.mode], False
        for step in range(STEPS if level else 0):
            if stopped := should_stop():
                break
            time.sleep(params.strength)
            for scale in (1, 2):
                on_progress(progress(step, scale, grey=level - 60 + 10 * step))
        picture = Image.new("RGB", (params.size, params.size), (level, level, level))
        return SimpleNamespace(picture=picture, recipe={}, stopped=stopped)

    return paint


def progress(step: int, scale: int, grey: int) -> SimpleNamespace:
    preview = partial(Image.new, "RGB", color=(grey, grey, grey))
    numbers = {"fraction": step / STEPS, "seconds_left": None, "scale": scale, "scales": 2}
    return SimpleNamespace(**numbers, stage=f"scale {scale} of 2", preview=lambda side: preview((side, side)))
