"""Answers at once, with a picture as large as requested; some strengths make it do something else."""

import os
import signal
import time
from types import SimpleNamespace

from nst.errors import DoesNotFit

PRINTS = 0.1
RAISES = 0.2
"""A sentence for the visitor when there is more than one style, else a bug."""
KILLS = 0.3
HANGS = 0.4
TAKES_TIME = 0.5
"""A fifth of a second."""


def engine(_settings):
    def paint(photo, styles, params, _on_progress, _should_stop):
        if params.strength == PRINTS:
            print("chatter")  # noqa: T201
        if params.strength == RAISES:
            raise DoesNotFit("This is too large.") if len(styles) > 1 else RuntimeError("a bug")
        if params.strength == KILLS:
            os.kill(os.getpid(), signal.SIGKILL)
        if params.strength == HANGS:
            time.sleep(3600)
        if params.strength == TAKES_TIME:
            time.sleep(0.2)
        photo = photo.copy()
        photo.thumbnail((params.size, params.size))
        return SimpleNamespace(picture=photo, recipe={}, stopped=False)

    return paint
