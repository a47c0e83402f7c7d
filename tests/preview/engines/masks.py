"""Answers with the mask of the first region, which it says was given as a picture."""

from types import SimpleNamespace


def engine(_settings):
    def paint(_photo, styles, _params, _on_progress, _should_stop, regions=()):
        first, second = regions
        assert (second.mask, second.styles, first.strength) == ("sky", [], 0.25)
        assert [(picture.size, share) for picture, share in first.styles] == [(styles[0][0].size, 2.0)]
        return SimpleNamespace(picture=first.mask, recipe={}, stopped=False)

    return paint
