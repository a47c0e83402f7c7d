"""Paints nothing, and says in its recipe which painting it was to enlarge."""

from types import SimpleNamespace


def engine(_settings):
    def paint(photo, _styles, params, _on_progress, _should_stop, earlier=None):
        size = earlier and [*earlier.size, *earlier.getpixel((0, 0))]
        return SimpleNamespace(picture=photo, recipe={"enlarges": size, "asked": params.size}, stopped=False)

    return paint
