"""Kills the worker that it paints for, as a fault in its own process would."""

import os
import signal
import time


def engine(_settings):
    def paint(*_):
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)

    return paint
