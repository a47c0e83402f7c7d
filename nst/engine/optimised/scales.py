"""The scales of the optimised and the quick rendering, coarse to fine, and the work at each."""

from dataclasses import dataclass

from nst.domain import Init, Mode, Optimiser, Preset, StyleParams, larger_scales

RATIO = 2**0.5
COARSEST = 128  # pixels of the long side: below it nothing of a photo is left to hold on to
COARSE = 200  # pixels up to which steps are so cheap that composition is settled there
SMALLEST_PASS = 362  # pixels: a painting is enlarged at most 2.8 times before its first pass of the instant network, then twice
COARSE_STEPS = {Mode.QUICK: 8, Mode.OPTIMISED: 20}
# Steps at the scales that begin with a pass, the last number for all further ones: the larger the scale, the more a step costs.
FINISHING_STEPS = {Mode.QUICK: (4, 0), Mode.OPTIMISED: (20, 10, 6)}
# Without passes: steps at the coarsest and at the finest scale.
STEPS = {Preset.DRAFT: (40, 25), Preset.STANDARD: (60, 30), Preset.HIGH: (80, 25), Preset.ULTRA: (80, 12)}


@dataclass(frozen=True)
class Scale:
    """One size of the painting.

    Attributes:
        long_side: in pixels.
        steps: of the optimiser.
        has_pass: whether the instant network paints over the enlarged painting of the scale before, ahead of the steps.
    """

    long_side: int
    steps: int
    has_pass: bool = False


def plan(size: int, params: StyleParams, aspect_excess: float = 1.0, earlier: int = 0) -> list[Scale]:
    """The scales for a painting with a long side of `size` pixels, coarse first.

    Args:
        aspect_excess: of the photo (see `tensors.aspect_excess`).
        earlier: the long side in pixels of a finished painting that it goes on from; 0 for none.
    """
    if earlier:
        return [Scale(side, 0, has_pass=True) for side in larger_scales(earlier, size)]
    if has_passes(params):
        return _with_passes(size, params, aspect_excess)
    count = params.scales or _scale_count(size / aspect_excess)
    sides = [max(1, round(size / RATIO**rung)) for rung in reversed(range(count))]
    return [Scale(side, _steps(rung, count, params)) for rung, side in enumerate(sides)]


def has_passes(params: StyleParams, earlier: int = 0) -> bool:
    """Whether passes of the instant network replace most of the steps.

    They do in quick paintings and in those that go on from an `earlier` one, and in other optimised ones unless the parameters set the
    number of steps or scales, another start than the photo or another optimiser.
    """
    if earlier:
        return True
    if params.mode is Mode.OPTIMISED:
        return not (params.iterations or params.scales) and params.init is Init.PHOTO and params.optimiser is Optimiser.LBFGS
    return params.mode is Mode.QUICK


def _with_passes(size: int, params: StyleParams, aspect_excess: float) -> list[Scale]:
    """Steps at coarse scales, then a pass at every doubling of the size."""
    passes = [size]
    while passes[0] / 2 / aspect_excess >= SMALLEST_PASS:
        passes.insert(0, round(passes[0] / 2))
    ladder = [passes[0] / RATIO**rung for rung in range(1, _scale_count(passes[0] / aspect_excess))]
    coarse = [round(side) for side in reversed(ladder) if side / aspect_excess <= COARSE]
    steps = params.iterations or COARSE_STEPS[params.mode]
    finishing = FINISHING_STEPS[params.mode]
    return [
        *(Scale(side, steps) for side in coarse),
        *(Scale(side, finishing[min(index, len(finishing) - 1)], has_pass=True) for index, side in enumerate(passes)),
    ]


def _scale_count(size: float) -> int:
    count = 1
    while size / RATIO**count >= COARSEST - 1:
        count += 1
    return count


def _steps(rung: int, count: int, params: StyleParams) -> int:
    if params.iterations:
        return params.iterations
    coarsest, finest = STEPS[params.preset]
    position = rung / (count - 1) if count > 1 else 1.0
    return round(coarsest + (finest - coarsest) * position)
