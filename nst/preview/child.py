"""The process that owns the preview's model, kept warm. It knows no visitors and no order: it paints what it is told, one by one.

It lives by its parent: when its standard input closes, it leaves. Its standard output belongs to the answers; whatever else is printed
goes to standard error.
"""

import logging
import os
import pickle
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import import_module

from PIL import Image

from nst import images
from nst.domain import StyleParams
from nst.errors import PasticheError
from nst.images import Format, Limits
from nst.preview.messages import Answer, Failed, Order, Painted, Ready
from nst.settings import Settings

Paint = Callable[[Image.Image, Sequence[tuple[Image.Image, float]], StyleParams], Image.Image]
QUALITY = 85
PHOTOS, STYLES = 4, 32
"""Decoded pictures that are remembered: whoever drags a slider sends the same ones again and again."""
LARGEST_STYLE = 2.0
"""Side of a remembered style, relative to the preview's: as large as the style's scale can ask for."""
_OF_OURS = "The preview failed for a reason that lies with us. The painting itself may still succeed."

log = logging.getLogger(__name__)


def painter(settings: Settings) -> Paint:
    """The real engine, with its network loaded."""
    from nst.engine import Style, device_named, load_instant, stylize

    instant = load_instant(device_named(settings.device))

    def paint(photo: Image.Image, styles: Sequence[tuple[Image.Image, float]], params: StyleParams) -> Image.Image:
        return stylize(photo, [Style(picture, share) for picture, share in styles], params, instant=instant).picture

    # The first pass is slower than those behind it; nobody waits for this one.
    grey = Image.new("RGB", (settings.preview_side, settings.preview_side), "grey")
    paint(grey, [(grey, 1.0)], StyleParams.from_dict({"mode": "instant", "size": settings.preview_side}))
    return paint


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    warnings.filterwarnings("ignore", category=UserWarning, module="PIL")
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    settings: Settings = pickle.load(sys.stdin.buffer)  # noqa: S301  # from the parent
    module, _, factory = settings.preview_engine.partition(":")
    easel = _Easel(getattr(import_module(module), factory)(settings), settings)

    def answer(message: Answer) -> None:
        pickle.dump(message, answers)
        answers.flush()

    answer(Ready())
    while True:
        try:
            order: Order = pickle.load(sys.stdin.buffer)  # noqa: S301  # from the parent
        except EOFError:
            return
        answer(easel.answer(order))


class _Easel:
    def __init__(self, paint: Paint, settings: Settings) -> None:
        self._paint = paint
        limits, side = Limits.of(settings), settings.preview_side
        self._photo = lru_cache(PHOTOS)(lambda data: _small(images.decode(data, limits), side))
        self._style = lru_cache(STYLES)(lambda data: _small(images.decode(data, limits), round(LARGEST_STYLE * side)))

    def answer(self, order: Order) -> Answer:
        try:
            styles = [(self._style(data), share) for data, share in order.styles]
            painting = self._paint(self._photo(order.photo), styles, order.params)
            format = Format.PNG if painting.mode == "RGBA" else Format.JPEG
            return Painted(images.encode(painting, format, QUALITY))
        except PasticheError as error:
            return Failed(str(error))
        except Exception:  # an engine may raise anything, and the next visitor wants a preview, too
            log.exception("a preview failed")
            return Failed(_OF_OURS)


def _small(picture: Image.Image, side: int) -> Image.Image:
    picture.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return picture


if __name__ == "__main__":
    main()
