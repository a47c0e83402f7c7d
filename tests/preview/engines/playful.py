"""Answers at once, with a picture as large as asked for; what it does besides hangs on the strength asked for.

0.1 prints to standard output, 0.2 raises, 0.3 kills its process, 0.4 hangs, 0.5 takes a fifth of a second.
"""

import os
import signal
import time

from nst.errors import DoesNotFit


def engine(_settings):
    def paint(photo, styles, params):
        if params.strength == 0.1:
            print("chatter")  # noqa: T201
        if params.strength == 0.2:
            raise DoesNotFit("This is too large.") if len(styles) > 1 else RuntimeError("a bug")
        if params.strength == 0.3:
            os.kill(os.getpid(), signal.SIGKILL)
        if params.strength == 0.4:
            time.sleep(3600)
        if params.strength == 0.5:
            time.sleep(0.2)
        photo = photo.copy()
        photo.thumbnail((params.size, params.size))
        return photo

    return paint
