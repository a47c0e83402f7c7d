"""Progress of a rendering, and of a job."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Progress:
    """Progress of a rendering.

    Attributes:
        fraction: of the whole work, from 0 to 1.
        scale: the present scale, from 1 to `scales`, coarse to fine.
        step: steps done at this scale, from 0 to `steps`.
        losses: the weighted terms of the objective by name.
        seconds_left: an estimate from the steps so far; None before there is one.
        preview: maps a greatest side in pixels to a Pillow image of the painting so far. It takes time, so call it only to show one.
        checkpoint: returns bytes from which `nst.engine.stylize` goes on after this scale, if the rendering is interrupted: six for each
            pixel, which takes time. None in the middle of a scale, and after the last one.
    """

    fraction: float
    scale: int
    scales: int
    step: int
    steps: int
    losses: Mapping[str, float] = field(default_factory=dict)
    seconds_left: float | None = None
    preview: Callable[[int], Any] = field(kw_only=True, repr=False)
    checkpoint: Callable[[], bytes] | None = field(default=None, kw_only=True, repr=False)

    @property
    def stage(self) -> str:
        return f"scale {self.scale} of {self.scales}"


@dataclass(frozen=True)
class JobProgress:
    """What a job's record keeps of its progress.

    Attributes:
        fraction: from 0 to 1.
        stage: in words, as "scale 3 of 5".
        seconds_left: an estimate; None before there is one.
    """

    fraction: float = 0.0
    stage: str = ""
    seconds_left: float | None = None
