"""Paints in two seconds, and stops when it is asked."""

import time
from types import SimpleNamespace

from tests.worker.engines.quick import progress

STEPS, STEP_SECONDS = 40, 0.05


def engine(_settings):
    def paint(photo, _styles, _params, on_progress, should_stop):
        for step in range(STEPS):
            if should_stop():
                return SimpleNamespace(picture=photo, recipe={}, stopped=True)
            time.sleep(STEP_SECONDS)
            on_progress(progress((step + 1) / STEPS, photo))
        return SimpleNamespace(picture=photo, recipe={}, stopped=False)

    return paint
