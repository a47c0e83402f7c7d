"""The engine's one call: a photo and style pictures in, a painting out. It knows no files, no jobs and no user."""

import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import PIL
import torch
from PIL import Image
from torch import Tensor

import nst
from nst.domain import Init, KeepColours, Progress, StyleParams
from nst.engine import colour, memory
from nst.engine.descent import Step, descend
from nst.engine.devices import best_device
from nst.engine.encoders import Encoder, layer_names, load_encoder
from nst.engine.losses import moments, square_root
from nst.engine.objective import Objective
from nst.engine.pictures import MARGIN, Size, alpha_of, crop_to, fit, framed, opaque, resize, tile_to, to_picture, to_tensor
from nst.engine.scales import Scale, plan
from nst.errors import InvalidParams
from nst.settings import Settings


@dataclass(frozen=True)
class Style:
    """A style picture and its share in the blend; shares count relative to their sum."""

    picture: Image.Image
    share: float = 1.0


@dataclass(frozen=True)
class Iterate(Progress):
    """Progress, with the painting as it is: `preview(max_side)` makes a picture of it, so call it only when one is shown."""

    preview: Callable[[int], Image.Image] = field(kw_only=True, repr=False)


@dataclass(frozen=True)
class Result:
    """A painting, and how to make it again.

    Attributes:
        picture: RGB, or RGBA where the photo was transparent.
        recipe: everything it was made with, ready for JSON.
        stopped: True when `should_stop` ended it early.
    """

    picture: Image.Image
    recipe: dict[str, Any]
    stopped: bool


def stylize(
    content: Image.Image,
    styles: Sequence[Style | Image.Image],
    params: StyleParams | None = None,
    *,
    on_progress: Callable[[Iterate], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    encoder: Encoder | None = None,
    device: torch.device | None = None,
) -> Result:
    """Paints `content` in the style of `styles` (Gatys et al. 2016, coarse to fine).

    Args:
        content: an upright sRGB picture (see `nst.images`). Its shape is the painting's; transparency is kept.
        styles: at least one; several blend by their shares in the space of feature moments.
        on_progress: called behind every step.
        should_stop: asked behind every step; when it says yes, the painting is returned as it is.
        encoder: instead of the one that `params` names.
        device: where to compute; by default the best there is.

    Raises:
        InvalidParams: on an unknown encoder or layer, or no style with a positive share.
        DoesNotFit: when the painting needs more memory than there is; found before the work begins.
        RenderingFailed: when the optimiser finds nothing finite.
    """
    started = time.perf_counter()
    params = params or StyleParams()
    device = device or best_device()
    palette = _checked([style if isinstance(style, Style) else Style(style) for style in styles], params, encoder)
    encoder = encoder or load_encoder(params.encoder, device, Settings().weights_dir)
    size = memory.affordable_size(content, params, device)
    easel = _Easel(content, palette, params, encoder, device)
    painter = _Painter(easel, plan(size, params), params, on_progress or _ignore, should_stop or _never)
    picture = painter.paint()
    recipe = _recipe(params, palette, encoder, device, painter, picture)
    return Result(picture, {**recipe, "seconds": round(time.perf_counter() - started, 2)}, painter.stopped)


def _ignore(_: Iterate) -> None:
    pass


def _never() -> bool:
    return False


class _Easel:
    """The pictures at any size: what is painted from, where to start, and how to finish."""

    def __init__(self, content: Image.Image, styles: list[Style], params: StyleParams, encoder: Encoder, device: torch.device) -> None:
        self._content, self._styles, self._params = opaque(content), [Style(opaque(s.picture), s.share) for s in styles], params
        self._alpha, self.encoder, self._device = alpha_of(content), encoder, device
        self._random = torch.Generator().manual_seed(params.seed)

    def size_at(self, long_side: int) -> Size:
        return fit(self._content, long_side)

    def photo(self, size: Size) -> Tensor:
        """The photo in its frame."""
        return framed(to_tensor(self._content, size, self._device))

    def styles(self, scale: Scale, photo: Tensor) -> list[tuple[Tensor, float]]:
        """Styles in their own shapes and never enlarged: a blurred style would paint blurred pictures."""
        return [(self._style(style.picture, scale, photo), style.share) for style in self._styles]

    def _style(self, picture: Image.Image, scale: Scale, photo: Tensor) -> Tensor:
        long_side = min(scale.long_side * self._params.style_scale, max(picture.size))
        x = tile_to(to_tensor(picture, fit(picture, long_side), self._device), self.encoder.min_side)
        return colour.recoloured(x, photo) if self._params.keep_colours is KeepColours.RECOLOUR else x

    def start(self, photo: Tensor, styles: list[tuple[Tensor, float]]) -> Tensor:
        """What the coarsest scale begins with."""
        if self._params.init is Init.PHOTO:
            return photo
        noise = torch.randn(photo.shape, generator=self._random).to(photo)
        if self._params.init is Init.NOISE:
            return (0.5 + 0.15 * noise).clamp(0, 1)
        colours = moments(styles[0][0])
        spread = square_root(colours.covariance + 1e-6 * torch.eye(3).to(photo))
        return (torch.einsum("ij,bjhw->bihw", spread, noise) + colours.mean.view(1, 3, 1, 1)).clamp(0, 1)

    def finish(self, x: Tensor) -> Image.Image:
        """The painting at the size of x (1, 3, H, W), colours and transparency put back."""
        painting = to_picture(x)
        if self._params.keep_colours is KeepColours.LUMINANCE:
            painting = colour.with_colours_of(self._content.resize(painting.size, Image.Resampling.LANCZOS), painting)
        if self._alpha is not None:
            painting.putalpha(self._alpha.resize(painting.size, Image.Resampling.LANCZOS))
        return painting


class _Painter:
    """Climbs the scales, reports and obeys."""

    def __init__(
        self,
        easel: _Easel,
        scales: list[Scale],
        params: StyleParams,
        on_progress: Callable[[Iterate], None],
        should_stop: Callable[[], bool],
    ) -> None:
        self._easel, self._params = easel, params
        self._on_progress, self._should_stop = on_progress, should_stop
        self.scales = scales
        self.optimisers: list[list[str]] = []
        self.losses: dict[str, float] = {}
        self.stopped = False
        self._work_done, self._started = 0.0, time.perf_counter()
        self._work = sum(self._work_of(scale) * scale.steps for scale in scales)

    def paint(self) -> Image.Image:
        """The painting, or what there is of it when it should stop."""
        iterates = self._iterates()
        x = next(iterates)
        self.stopped = self._should_stop()
        while not self.stopped and (following := next(iterates, None)) is not None:
            x, self.stopped = following, self._should_stop()
        return self._easel.finish(x)

    def _iterates(self) -> Iterator[Tensor]:
        """The painting (1, 3, h, w) behind every step, and as it is before each scale's first."""
        previous = None
        for index, scale in enumerate(self.scales):
            for x in self._paint_scale(index, scale, previous):
                yield x
            previous = x

    def _paint_scale(self, index: int, scale: Scale, previous: Tensor | None) -> Iterator[Tensor]:
        size = self._easel.size_at(scale.long_side)
        photo = self._easel.photo(size)
        styles = self._easel.styles(scale, photo)
        start = self._easel.start(photo, styles) if previous is None else framed(resize(previous, size))
        yield crop_to(start, size)
        objective = Objective(self._easel.encoder, photo, styles, self._params)
        self.optimisers.append([])
        for number, step in enumerate(descend(objective, start, scale.steps, self._params.optimiser), start=1):
            self._note(step)
            x = crop_to(step.picture, size).clamp(0, 1)
            self._work_done += self._work_of(scale)
            self._on_progress(self._iterate(index, number, x))
            yield x

    def _note(self, step: Step) -> None:
        self.losses = step.losses
        if step.optimiser not in self.optimisers[-1]:
            self.optimisers[-1].append(step.optimiser.value)

    def _work_of(self, scale: Scale) -> float:
        height, width = self._easel.size_at(scale.long_side)
        return (height + 2 * MARGIN) * (width + 2 * MARGIN)

    def _iterate(self, index: int, number: int, x: Tensor) -> Iterate:
        fraction = self._work_done / self._work
        spent = time.perf_counter() - self._started
        return Iterate(
            fraction=fraction,
            scale=index + 1,
            scales=len(self.scales),
            step=number,
            steps=self.scales[index].steps,
            losses=self.losses,
            seconds_left=spent / fraction - spent,
            preview=lambda max_side: self._preview(x, max_side),
        )

    def _preview(self, x: Tensor, max_side: int) -> Image.Image:
        """Of one size from the first scale to the last, so that a page that shows it does not jump."""
        return self._easel.finish(resize(x, self._easel.size_at(min(max_side, self.scales[-1].long_side))))


def _checked(styles: list[Style], params: StyleParams, encoder: Encoder | None) -> list[Style]:
    if not any(style.share > 0 for style in styles) or any(style.share < 0 for style in styles):
        raise InvalidParams("A painting needs at least one style, and no style may have a negative share.")
    if encoder is None:
        known = layer_names(params.encoder)
        for layer, _ in params.layer_weights or ():
            if layer not in known:
                raise InvalidParams(f"The encoder {params.encoder} has no layer {layer!r}; it has {', '.join(known)}.")
    return [style for style in styles if style.share > 0]


def _recipe(
    params: StyleParams, styles: list[Style], encoder: Encoder, device: torch.device, painter: _Painter, picture: Image.Image
) -> dict[str, Any]:
    total = sum(style.share for style in styles)
    scales = [
        {"long_side": scale.long_side, "steps": scale.steps, "optimisers": names}
        for scale, names in zip(painter.scales, painter.optimisers, strict=False)
    ]
    return {
        "params": params.to_dict(),
        "size": list(picture.size),
        "style_shares": [round(style.share / total, 6) for style in styles],
        "encoder": {"name": encoder.name, "sha256": encoder.digest},
        "scales": scales,
        "losses": painter.losses,
        "stopped": painter.stopped,
        "device": str(device),
        "threads": torch.get_num_threads(),
        "versions": {
            "pastiche": nst.__version__,
            "torch": torch.__version__,
            "pillow": PIL.__version__,
            "python": platform.python_version(),
        },
    }
