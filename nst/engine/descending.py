"""The optimised rendering: a picture descends the objective, coarse to fine (Gatys et al. 2016). It knows no presets and no files."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from PIL import Image
from torch import Tensor

from nst.domain import StyleParams
from nst.engine.descent import Step, descend
from nst.engine.easel import Easel
from nst.engine.encoders import Encoder
from nst.engine.objective import Objective
from nst.engine.pictures import MARGIN, crop_to, enlarged, framed, resize
from nst.engine.results import Iterate
from nst.engine.scales import Scale, plan


class Descending:
    """Climbs the scales, reports and obeys."""

    heeds = tuple(entry.name for entry in fields(StyleParams))

    def __init__(
        self,
        easel: Easel,
        encoder: Encoder,
        size: int,
        params: StyleParams,
        on_progress: Callable[[Iterate], None],
        should_stop: Callable[[], bool],
    ) -> None:
        """`size` is the painting's long side."""
        self._easel, self._encoder, self._params = easel, encoder, params
        self._on_progress, self._should_stop = on_progress, should_stop
        self.scales = plan(size, params, easel.elongation)
        self.optimisers: list[list[str]] = []
        self.losses: Mapping[str, float] = {}
        self.stopped = False
        self._work_done, self._started = 0.0, time.perf_counter()
        self._work = sum(self._work_of(scale) * scale.steps for scale in self.scales)

    def paint(self) -> Image.Image:
        """The painting, or what there is of it when it should stop."""
        iterates = self._iterates()
        x = next(iterates)
        self.stopped = self._should_stop()
        while not self.stopped and (following := next(iterates, None)) is not None:
            x, self.stopped = following, self._should_stop()
        return self._easel.finish(x)

    def recipe(self) -> dict[str, Any]:
        """What it did."""
        scales = [
            {"long_side": scale.long_side, "steps": scale.steps, "optimisers": names}
            for scale, names in zip(self.scales, self.optimisers, strict=False)
        ]
        return {"encoder": {"name": self._encoder.name, "sha256": self._encoder.digest}, "scales": scales, "losses": dict(self.losses)}

    def _iterates(self) -> Iterator[Tensor]:
        """The painting (1, 3, h, w) behind every step, and as it is before each scale's first."""
        previous = None
        for index, scale in enumerate(self.scales):
            for x in self._paint_scale(index, scale, previous):
                yield x
            previous = x

    def _paint_scale(self, index: int, scale: Scale, previous: Tensor | None) -> Iterator[Tensor]:
        size = self._easel.size_at(scale.long_side)
        bare_photo = self._easel.photo(size)
        photo = framed(bare_photo)
        shares = enumerate(self._easel.shares)
        styles = [(self._easel.style(index, scale.long_side, lambda: photo), share) for index, share in shares]
        if previous is None:
            start = self._easel.start(photo, styles)
        else:
            smaller = self._easel.photo(self._easel.size_at(self.scales[index - 1].long_side))
            start = framed(enlarged(previous, smaller, bare_photo))
        yield crop_to(start, size)
        objective = Objective(self._encoder, photo, styles, self._params)
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
