"""The one-pass rendering of a painting: progress, previews and cancellation."""

import time
from collections.abc import Callable
from typing import Any

from PIL import Image
from torch import Tensor

from nst.domain import Progress, StyleParams
from nst.engine.inputs import RenderInputs
from nst.engine.instant.stylizer import InstantStylizer, RenderingStopped, tile_count
from nst.engine.tensors import resize

# Number of stages, each of which processes every tile: the addition of noise, and twelve of the network.
STAGES = 13


class InstantRenderer:
    """Renders by one pass, reports progress and can be stopped. It implements `Renderer`."""

    used_params = ("mode", "size", "strength", "style_scale", "keep_colours", "seed")
    seconds_before = 0.0

    def __init__(
        self,
        inputs: RenderInputs,
        instant: InstantStylizer,
        size: int,
        params: StyleParams,
        on_progress: Callable[[Progress], None],
        should_stop: Callable[[], bool],
    ) -> None:
        """
        Args:
            size: the painting's long side in pixels.
        """
        self._inputs, self._instant, self._params = inputs, instant, params
        self._on_progress, self._should_stop = on_progress, should_stop
        self._long_side, self._size = size, inputs.size_at(size)
        self.stopped = False
        self._done, self._started = 0, time.perf_counter()
        self._work = STAGES * tile_count(self._size)

    def render(self) -> Image.Image:
        """The painting; the photo when it should stop, since there is nothing in between."""
        try:
            return self._inputs.finish(self._painting())
        except RenderingStopped:
            self.stopped = True
            return self._inputs.finish(self._photo())

    def recipe(self) -> dict[str, Any]:
        return {"network": {"name": self._instant.name, "sha256": self._instant.digest}}

    def _painting(self) -> Tensor:
        self._check_stop()
        key = self._inputs.key(self._size)
        parts = self._instant.coded_parts(self._inputs, self._long_side, self._check_stop)
        x = self._instant.stylize(key, self._photo, parts, self._before_tile, weights=self._weights, seed=self._params.seed)
        self._check_stop()
        self._done = self._work
        self._report(x)
        return x

    def _photo(self) -> Tensor:
        return self._inputs.photo(self._size)

    def _weights(self) -> Tensor | None:
        return self._inputs.weights(self._size)

    def _check_stop(self) -> None:
        if self._should_stop():
            raise RenderingStopped

    def _before_tile(self) -> None:
        self._check_stop()
        self._done = min(self._done + 1, self._work - 1)
        if self._work > STAGES:
            self._report(None)

    def _report(self, x: Tensor | None) -> None:
        fraction = self._done / self._work
        spent = time.perf_counter() - self._started
        progress = Progress(
            fraction=fraction,
            scale=1,
            scales=1,
            step=self._done,
            steps=self._work,
            seconds_left=spent / fraction - spent,
            preview=lambda max_side: self._preview(x, max_side),
        )
        self._on_progress(progress)

    def _preview(self, x: Tensor | None, max_side: int) -> Image.Image:
        size = self._inputs.size_at(min(max_side, self._long_side))
        return self._inputs.finish(self._inputs.photo(size) if x is None else resize(x, size))
