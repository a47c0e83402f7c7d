"""Kills its own process in the middle, as the system does when memory is short; with strength 0, it leaves by itself."""

import os
import signal


def engine(_settings):
    def paint(_photo, _styles, params, *_):
        if params.strength == 0:
            os._exit(3)
        os.kill(os.getpid(), signal.SIGKILL)

    return paint
