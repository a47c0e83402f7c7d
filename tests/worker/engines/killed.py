"""Kills its own process in the middle, as the system does when memory is short."""

import os
import signal

EXITS = 0.0
"""The strength at which the process exits by itself."""


def engine(_settings):
    def paint(_photo, _styles, params, *_):
        if params.strength == EXITS:
            os._exit(3)
        os.kill(os.getpid(), signal.SIGKILL)

    return paint
