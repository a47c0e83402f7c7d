"""Goes on for ever, with progress, whatever it is asked."""

import time

from tests.worker.engines.quick import progress


def engine(_settings):
    def paint(photo, _styles, _params, on_progress, _should_stop):
        while True:
            time.sleep(0.01)
            on_progress(progress(0.5, photo))

    return paint
