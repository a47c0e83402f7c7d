"""Fails: with one of our own sentences when the strength is 0, for memory when it is 1, and otherwise as programs do."""

from nst.errors import RenderingFailed


def engine(_settings):
    def paint(_photo, _styles, params, *_):
        if params.strength == 0:
            raise RenderingFailed("Nothing finite was found. Lower the strength.")
        if params.strength == 1:
            raise MemoryError
        raise KeyError("/home/somebody/secret.py")

    return paint
