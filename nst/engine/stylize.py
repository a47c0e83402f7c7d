"""The engine's one call: a photo and style pictures in, a painting out. It knows no files, jobs or users."""

import platform
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import PIL
import torch
from PIL import Image

import nst
from nst.domain import Mode, Precision, Progress, StyleParams, check_earlier_shape, check_is_larger
from nst.engine import memory_budget
from nst.engine.devices import best_device, uses_bfloat16
from nst.engine.encoders.registry import Encoder, layer_names, load_encoder
from nst.engine.inputs import RenderInputs
from nst.engine.instant.renderer import InstantRenderer
from nst.engine.instant.stylizer import InstantStylizer, load_instant
from nst.engine.memory_budget import OtherInputs
from nst.engine.optimised.renderer import OptimisedRenderer
from nst.engine.optimised.scales import has_passes
from nst.engine.regions import AnyStyle, Layout, MaskedStyle, Part, Region, part_of
from nst.engine.results import Result
from nst.errors import InvalidParams


class Renderer(Protocol):
    """A way to render a painting."""

    stopped: bool
    seconds_before: float
    """What the interrupted rendering took that it goes on from."""

    @property
    def used_params(self) -> Collection[str]:
        """Names of the parameters that it uses; the others are left out of the recipe."""
        ...

    def render(self) -> Image.Image:
        """Render the painting, or what there is of it when it is stopped."""
        ...

    def recipe(self) -> dict[str, Any]:
        """Networks, scales and losses of the rendering; ready for JSON."""
        ...


def stylize(
    content: Image.Image,
    styles: Sequence[AnyStyle],
    params: StyleParams | None = None,
    *,
    regions: Sequence[Region] = (),
    earlier: Image.Image | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    encoder: Encoder | None = None,
    instant: InstantStylizer | None = None,
    device: torch.device | None = None,
    precision: Precision = Precision.AUTO,
    weights_dir: Path | None = None,
    checkpoint: bytes | None = None,
) -> Result:
    """Render `content` in the style of `styles`: optimised (Gatys et al. 2016, coarse to fine), quick, or by one pass of a network.

    Args:
        content: an upright sRGB picture (see `nst.images`). The painting has its aspect ratio and transparency.
        styles: at least one; several are blended by their shares in the space of feature moments. A `MaskedStyle` is a part of
            a style picture, whose statistics alone are used (guided by its mask: Gatys et al. 2017).
        regions: parts of the photo with styles or a strength of their own, or to be kept as they are; at most `MAX_REGIONS`. Later ones
            cover earlier ones. `styles` are for the rest.
        earlier: a finished painting of `content` that is smaller than the one asked for. It is enlarged: the painting goes on from it, with
            the photo's detail and finer strokes. It should have been painted with the same styles, regions and parameters.
        on_progress: called after every step.
        should_stop: called after every step; once it returns True, the painting is returned as it is.
        encoder: replaces the one that `params` names.
        instant: an instant network whose caches outlive this call (see `load_instant`).
        device: by default the best available one.
        precision: of the networks that are loaded here; `encoder` and `instant` have their own.
        weights_dir: the folder of downloaded weights; by default the user's cache folder.
        checkpoint: what `Progress.checkpoint` returned in a rendering with the same arguments that was interrupted. The painting goes on
            after the scale that was finished last, and is the same but for rounding. One that is damaged, or of another version or
            rendering, is not used.

    Raises:
        InvalidParams: for an unknown encoder or layer, without a style that has a share, for a mask of another aspect ratio, or for a
            style's mask that is black.
        DoesNotFit: when the painting needs more memory than is free; raised before the work begins.
        WeightsUnavailable: when the encoder's weights have to be downloaded and cannot be.
        RenderingFailed: when the rendering finds no finite picture.
    """
    started = time.perf_counter()
    params = params or StyleParams()
    device = device or (instant.device if instant else best_device())
    precision = instant.precision if instant else precision
    rest = part_of(styles, params.strength)
    if encoder is None:
        _check_layers(params)
    others = _other_inputs(earlier, rest, regions)
    size = _checked_size(content, earlier, params, device, precision, others)
    layout = Layout(content, rest, regions, size, params.style_scale)
    renderer: Renderer
    if params.mode is Mode.INSTANT and earlier is None:
        inputs, instant = RenderInputs(content, layout, params, 1, device), instant or load_instant(device, precision)
        renderer = InstantRenderer(inputs, instant, size, params, on_progress or _ignore, should_stop or _never)
    else:
        instant = (instant or load_instant(device, precision)) if has_passes(params, max(earlier.size) if earlier else 0) else None
        # An earlier painting is enlarged without steps: the encoder takes no part in it.
        encoder = encoder or load_encoder("compact" if earlier else params.encoder, device, weights_dir, precision)
        inputs = RenderInputs(content, layout, params, encoder.min_side, device, earlier)
        at_once = memory_budget.pixels_at_once(params, device, memory_budget.free_bytes(device), others.parts)
        at_once = memory_budget.pixels_at_once_of(content, params, size, at_once, inputs.earlier_side)
        callbacks = on_progress or _ignore, should_stop or _never
        renderer = OptimisedRenderer(inputs, encoder, instant, size, params, *callbacks, at_once, checkpoint)
    picture = renderer.render()
    # With the size in pixels: a preset's depends on the photo, and ultra's on the memory that was free.
    recipe = _recipe(replace(params, size=size), rest, device, precision, renderer, picture)
    seconds = renderer.seconds_before + time.perf_counter() - started
    return Result(picture, {**recipe, **_input_facts(regions, layout, earlier), "seconds": round(seconds, 2)}, renderer.stopped)


def _ignore(_: Progress) -> None:
    pass


def _never() -> bool:
    return False


def _checked_size(
    content: Image.Image, earlier: Image.Image | None, params: StyleParams, device: torch.device, precision: Precision, others: OtherInputs
) -> int:
    """The painting's long side in pixels.

    Raises:
        InvalidParams: when an earlier painting does not have the photo's shape, or is as large.
        DoesNotFit: as `stylize`.
    """
    if earlier is not None:
        check_earlier_shape(earlier.size, content.size)
    size = memory_budget.affordable_size(content, params, device, precision, others)
    if earlier is not None:
        check_is_larger(size, earlier.size)
    return size


def _other_inputs(earlier: Image.Image | None, rest: Part[MaskedStyle], regions: Sequence[Region]) -> OtherInputs:
    painted = [rest, *(part_of(region.styles, 0) for region in regions if region.styles)]
    style_side = max(max(style.style.picture.size) for part in painted for style in part.styles)
    return OtherInputs(1 + len(regions) if regions else 0, max(earlier.size) if earlier else 0, style_side)


def _check_layers(params: StyleParams) -> None:
    known = layer_names(params.encoder)
    for layer, _ in params.layer_weights or ():
        if layer not in known:
            raise InvalidParams(f"The encoder {params.encoder} has no layer {layer!r}; it has {', '.join(known)}.")


def _input_facts(regions: Sequence[Region], layout: Layout, earlier: Image.Image | None) -> dict[str, Any]:
    """What a recipe says of inputs that most paintings do not have."""
    of_regions = {"regions": list(map(_region_facts, regions, layout.mask_digests))} if regions else {}
    return {**of_regions, **({"earlier_size": list(earlier.size)} if earlier else {})}


def _region_facts(region: Region, mask_digest: str) -> dict[str, Any]:
    """What a recipe says of a region: never its mask, only a digest of it."""
    shares = part_of(region.styles, 0).styles if region.styles else []
    return {
        "mask_digest": mask_digest,
        "kept": region.is_kept,
        "style_shares": [round(style.share, 6) for style in shares],
        "strength": region.strength,
    }


def _recipe(
    params: StyleParams,
    rest: Part[MaskedStyle],
    device: torch.device,
    precision: Precision,
    renderer: Renderer,
    picture: Image.Image,
) -> dict[str, Any]:
    return {
        "params": {name: value for name, value in params.to_dict().items() if name in renderer.used_params},
        "size": list(picture.size),
        "style_shares": [round(style.share, 6) for style in rest.styles],
        **renderer.recipe(),
        "stopped": renderer.stopped,
        "device": str(device),
        "precision": "bfloat16" if uses_bfloat16(device, precision) else "float32",
        "threads": torch.get_num_threads(),
        "versions": {
            "pastiche": nst.__version__,
            "torch": torch.__version__,
            "pillow": PIL.__version__,
            "python": platform.python_version(),
        },
    }
