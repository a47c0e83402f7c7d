"""Fails as programs do; at some strengths with a sentence of the project's own, or for want of memory."""

from nst.errors import RenderingFailed

WITH_A_SENTENCE, WITHOUT_MEMORY, WITHOUT_MEMORY_IN_TORCH = 0.0, 1.0, 0.75


def engine(_settings):
    def paint(_photo, _styles, params, *_):
        if params.strength == WITH_A_SENTENCE:
            raise RenderingFailed("Nothing finite was found. Lower the strength.")
        if params.strength == WITHOUT_MEMORY:
            raise MemoryError
        if params.strength == WITHOUT_MEMORY_IN_TORCH:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB. /home/somebody/secret.py")
        raise KeyError("/home/somebody/secret.py")

    return paint
