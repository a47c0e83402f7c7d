"""The engine's one call: a photo and style pictures in, a painting out. It knows no files, no jobs and no user."""

import platform
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any, Protocol

import PIL
import torch
from PIL import Image

import nst
from nst.domain import Mode, StyleParams
from nst.engine import memory
from nst.engine.descending import Descending
from nst.engine.devices import best_device, multiplies_bfloat16
from nst.engine.easel import Easel, Style
from nst.engine.encoders import Encoder, layer_names, load_encoder
from nst.engine.instantly import Instant, OnePass, load_instant
from nst.engine.results import Iterate, Result
from nst.errors import InvalidParams
from nst.settings import Settings


class Painter(Protocol):
    """A way to paint."""

    stopped: bool

    @property
    def heeds(self) -> Collection[str]:
        """Names of the parameters that it takes notice of; the others are not in its recipe."""
        ...

    def paint(self) -> Image.Image:
        """The painting, or what there is of it when it should stop."""
        ...

    def recipe(self) -> dict[str, Any]:
        """What it painted with, and how that went; ready for JSON."""
        ...


def stylize(
    content: Image.Image,
    styles: Sequence[Style | Image.Image],
    params: StyleParams | None = None,
    *,
    on_progress: Callable[[Iterate], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    encoder: Encoder | None = None,
    instant: Instant | None = None,
    device: torch.device | None = None,
) -> Result:
    """Paints `content` in the style of `styles`: optimised (Gatys et al. 2016, coarse to fine), or by one pass of the instant network.

    Args:
        content: an upright sRGB picture (see `nst.images`). Its shape is the painting's; transparency is kept.
        styles: at least one; several blend by their shares in the space of feature moments.
        on_progress: called behind every step.
        should_stop: asked behind every step; when it says yes, the painting is returned as it is.
        encoder: instead of the one that `params` names.
        instant: a painter that remembers styles and photos (see `load_instant`); without one, nothing is remembered.
        device: where to compute; by default the best there is.

    Raises:
        InvalidParams: on an unknown encoder or layer, or no style with a positive share.
        DoesNotFit: when the painting needs more memory than there is; found before the work begins.
        RenderingFailed: when nothing finite is found.
    """
    started = time.perf_counter()
    params = params or StyleParams()
    device = device or (instant.device if instant else best_device())
    palette = _checked([style if isinstance(style, Style) else Style(style) for style in styles], params, encoder)
    size = memory.affordable_size(content, params, device)
    painter: Painter
    if params.mode is Mode.INSTANT:
        easel = Easel(content, palette, params, 1, device)
        painter = OnePass(easel, instant or load_instant(device), size, params, on_progress or _ignore, should_stop or _never)
    else:
        encoder = encoder or load_encoder(params.encoder, device, Settings().weights_dir)
        easel = Easel(content, palette, params, encoder.min_side, device)
        painter = Descending(easel, encoder, size, params, on_progress or _ignore, should_stop or _never)
    picture = painter.paint()
    # With its size in pixels: what a preset means hangs on the photo, and for ultra on the memory that was free.
    recipe = _recipe(replace(params, size=size), palette, device, painter, picture)
    return Result(picture, {**recipe, "seconds": round(time.perf_counter() - started, 2)}, painter.stopped)


def _ignore(_: Iterate) -> None:
    pass


def _never() -> bool:
    return False


def _checked(styles: list[Style], params: StyleParams, encoder: Encoder | None) -> list[Style]:
    if not any(style.share > 0 for style in styles) or any(style.share < 0 for style in styles):
        raise InvalidParams("A painting needs at least one style, and no style may have a negative share.")
    if encoder is None:
        known = layer_names(params.encoder)
        for layer, _ in params.layer_weights or ():
            if layer not in known:
                raise InvalidParams(f"The encoder {params.encoder} has no layer {layer!r}; it has {', '.join(known)}.")
    return [style for style in styles if style.share > 0]


def _recipe(params: StyleParams, styles: list[Style], device: torch.device, painter: Painter, picture: Image.Image) -> dict[str, Any]:
    total = sum(style.share for style in styles)
    return {
        "params": {name: value for name, value in params.to_dict().items() if name in painter.heeds},
        "size": list(picture.size),
        "style_shares": [round(style.share / total, 6) for style in styles],
        **painter.recipe(),
        "stopped": painter.stopped,
        "device": str(device),
        "precision": "bfloat16" if multiplies_bfloat16(device) else "float32",
        "threads": torch.get_num_threads(),
        "versions": {
            "pastiche": nst.__version__,
            "torch": torch.__version__,
            "pillow": PIL.__version__,
            "python": platform.python_version(),
        },
    }
