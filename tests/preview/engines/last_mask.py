"""Answers with the mask of the last region."""

from types import SimpleNamespace


def engine(_settings):
    def paint(_photo, _styles, _params, _on_progress, _should_stop, regions=()):
        return SimpleNamespace(picture=regions[-1].mask.convert("RGB"), recipe={}, stopped=False)

    return paint
