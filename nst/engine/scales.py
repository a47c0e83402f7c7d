"""The ladder of sizes that a rendering climbs, coarse to fine, each rung about sqrt(2) times the last, and the steps on each."""

from dataclasses import dataclass

from nst.domain import Preset, StyleParams

RATIO = 2**0.5
COARSEST = 128  # pixels of the long side: below it nothing of a photo is left to hold on to
# Steps at the coarsest and at the finest scale. Composition is settled where steps are cheap.
STEPS = {Preset.DRAFT: (40, 25), Preset.STANDARD: (60, 30), Preset.HIGH: (80, 25), Preset.ULTRA: (80, 12)}


@dataclass(frozen=True)
class Scale:
    """One rung: the long side in pixels, and how many steps are taken there."""

    long_side: int
    steps: int


def plan(size: int, params: StyleParams, elongation: float = 1.0) -> list[Scale]:
    """The scales for a painting with a long side of `size` pixels, coarse first; `elongation` is the photo's (see `pictures`)."""
    count = params.scales or _room(size / elongation)
    sides = [max(1, round(size / RATIO**rung)) for rung in reversed(range(count))]
    return [Scale(side, _steps(rung, count, params)) for rung, side in enumerate(sides)]


def _room(size: float) -> int:
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
