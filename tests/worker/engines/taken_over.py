"""Writes what is no message to whatever its process has open, as hostile code in it might; the strength chooses what."""

import os
import time

from nst.model_process.frames import MAX_HEADER_BYTES

GARBAGE, OVERSIZED, UNFINISHED = 0.0, 0.1, 0.2
_BYTES = {GARBAGE: b"\0\0\0\4\xff\xff\xff\xff", OVERSIZED: (MAX_HEADER_BYTES + 1).to_bytes(4, "big"), UNFINISHED: b"\0\0\0\4{"}


def engine(_settings):
    def paint(_photo, _styles, params, *_):
        for descriptor in range(3, 32):
            try:
                os.write(descriptor, _BYTES[params.strength])
            except OSError:
                continue
        if params.strength == UNFINISHED:
            os._exit(0)
        time.sleep(3600)

    return paint
