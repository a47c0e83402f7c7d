"""The optimised and the quick rendering: the pixels are optimised, coarse to fine."""

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import fields
from functools import cache, cached_property, partial
from typing import Any

from PIL import Image
from torch import Tensor

from nst.allocator import give_back_freed
from nst.domain import PASS_WORK, Mode, Progress, StyleParams
from nst.engine import checkpoints
from nst.engine.checkpoints import Checkpoint
from nst.engine.encoders.registry import Encoder
from nst.engine.inputs import RenderInputs
from nst.engine.instant.renderer import InstantRenderer
from nst.engine.instant.stylizer import NOISE, InstantStylizer, RenderingStopped
from nst.engine.optimised.minimise import Step, minimise
from nst.engine.optimised.objective import Objective
from nst.engine.optimised.scales import Scale, plan
from nst.engine.optimised.sums import PIXELS_AT_ONCE, sums_of
from nst.engine.optimised.targets import StyleTargets
from nst.engine.tensors import DETAIL, MARGIN, crop, hold, pad, reduced, resize, upsample_with_detail

# Share of the photo's finer detail in what a pass paints over: with half of it, more of the content is lost and no style won.
PASS_DETAIL = 1.0
# Least standard deviation of a pass's input. A coarse painting has strokes already, so it needs less noise than a photo.
PASS_NOISE = 0.5 * NOISE
# Long side in pixels up to which passes of larger versions transfer the style in full: that of most style pictures, whose pixels would be
# strokes of a pixel at any size, sharp as etchings.
FULL_TRANSFER = 1024
# Pixels from which a scale begins with the memory that was freed before it given back: what the allocator keeps of smaller ones would add
# to the peak.
LARGE = 500_000


class OptimisedRenderer:
    """Renders scale by scale, or enlarges an earlier painting; reports progress and can be stopped. It implements `Renderer`."""

    def __init__(
        self,
        inputs: RenderInputs,
        encoder: Encoder,
        instant: InstantStylizer | None,
        size: int,
        params: StyleParams,
        on_progress: Callable[[Progress], None],
        should_stop: Callable[[], bool],
        pixels_at_once: int = PIXELS_AT_ONCE,
        checkpoint: bytes | None = None,
    ) -> None:
        """
        Args:
            instant: required where there are passes (see `has_passes`).
            size: the painting's long side in pixels.
            pixels_at_once: number of a picture's pixels above which it is encoded tile by tile.
            checkpoint: of an interrupted rendering (see `stylize`).
        """
        self._inputs, self._encoder, self._instant, self._params = inputs, encoder, instant, params
        self._on_progress, self._should_stop = on_progress, should_stop
        self.scales = plan(size, params, inputs.aspect_excess, inputs.earlier_side)
        self.optimisers: list[list[str]] = []
        self.losses: Mapping[str, float] = {}
        self.stopped = False
        self._sums = sums_of(encoder, pixels_at_once, self._check_stop)
        self._targets = StyleTargets(encoder, self._sums, params)
        self._work = sum(map(self._whole_work_of, self.scales))
        sizes = [inputs.size_at(scale.long_side) for scale in self.scales]
        self._reached = checkpoints.decode(checkpoint, self._fingerprint, sizes) if checkpoint is not None else None
        self.seconds_before = self._reached.seconds if self._reached else 0.0
        self._work_done, self._started = 0.0, time.perf_counter() - self.seconds_before

    @property
    def used_params(self) -> tuple[str, ...]:
        if self._inputs.earlier_side:  # there are passes alone
            return InstantRenderer.used_params
        unused = ("init", "scales") if self._params.mode is Mode.QUICK else ()
        return tuple(entry.name for entry in fields(StyleParams) if entry.name not in unused)

    def render(self) -> Image.Image:
        paintings = self._paintings()
        x = next(paintings)
        self.stopped = self._should_stop()
        while not self.stopped and (following := next(paintings, None)) is not None:
            x, self.stopped = following, self._should_stop()
        paintings.close()  # with what the optimiser keeps
        return self._inputs.finish(x)

    def recipe(self) -> dict[str, Any]:
        scales = [
            {"long_side": scale.long_side, "pass": scale.has_pass, "steps": scale.steps, "optimisers": names}
            for scale, names in zip(self.scales, self.optimisers, strict=False)
        ]
        encoder = {} if self._inputs.earlier_side else {"encoder": {"name": self._encoder.name, "sha256": self._encoder.digest}}
        network = {"network": {"name": self._instant.name, "sha256": self._instant.digest}} if self._instant else {}
        return {**encoder, **network, "scales": scales, "losses": dict(self.losses)}

    def _paintings(self) -> Generator[Tensor]:
        """The painting (1, 3, h, w) before the first step of every scale, and after every step."""
        first, x = 0, None
        if self._reached is None:
            x = self._inputs.earlier()
        else:
            first, x = self._reached.scales, self._take_up(self._reached)
            self._reached = None
            yield x
        for index, scale in enumerate(self.scales[first:], first):
            following = self._render_scale(index, scale, x)
            for x in following:
                yield x

    def _take_up(self, checkpoint: Checkpoint) -> Tensor:
        """The painting of an interrupted rendering, which is reported, since the next report may take minutes."""
        last = checkpoint.scales - 1
        self.optimisers, self.losses = [list(names) for names in checkpoint.optimisers], checkpoint.losses
        self._work_done = sum(map(self._whole_work_of, self.scales[: checkpoint.scales]))
        x = self._inputs.on_device(checkpoint.picture)
        self._on_progress(self._progress(last, self.scales[last].steps, x))
        return x

    def _render_scale(self, index: int, scale: Scale, previous: Tensor | None) -> Iterator[Tensor]:
        size = self._inputs.size_at(scale.long_side)
        previous = None if previous is None else checkpoints.rounded(previous)
        self._give_back(scale)
        initial, coarse = self._initial(scale, previous), self._held(previous)
        del previous  # large pictures are not kept any longer than they are needed
        self.optimisers.append([])
        x = crop(initial, size)
        try:
            if scale.has_pass:
                x = self._instant_pass(index, scale, x, coarse)
                initial = pad(x)
            yield x
            if not scale.steps:
                return
            objective = self._objective(scale)
            self._give_back(scale)
            steps = minimise(objective, initial, scale.steps, self._params.optimiser)
            del initial, objective
            for number, step in enumerate(steps, start=1):
                self._note(step)
                x = crop(step.picture, size)
                self._work_done += self._work_of(scale)
                self._on_progress(self._progress(index, number, x))
                yield x
        except RenderingStopped:
            yield x

    def _give_back(self, scale: Scale) -> None:
        if self._work_of(scale) > LARGE:
            give_back_freed()

    def _initial(self, scale: Scale, previous: Tensor | None) -> Tensor:
        """The painting that a scale begins with, padded."""
        size = self._inputs.size_at(scale.long_side)
        photo = self._inputs.photo(size)
        if previous is not None:
            return pad(self._enlarged(previous, scale, photo))
        weights = self._inputs.weights(size)
        return self._inputs.initial(pad(photo), None if weights is None else pad(weights), scale.long_side)

    def _objective(self, scale: Scale) -> Objective:
        size = self._inputs.size_at(scale.long_side)
        photo, weights = pad(self._inputs.photo(size)), self._inputs.weights(size)
        targets = self._targets.of(self._inputs, scale.long_side)
        return Objective(self._sums, photo, targets, self._params, None if weights is None else pad(weights))

    def _enlarged(self, previous: Tensor, scale: Scale, photo: Tensor) -> Tensor:
        """A smaller painting (1, 3, h, w) in the size of `photo` (1, 3, H, W), which is the scale's, and with some of its detail."""
        smaller = self._inputs.photo((previous.shape[-2], previous.shape[-1]))
        return upsample_with_detail(previous, smaller, photo, PASS_DETAIL if scale.has_pass else DETAIL)

    def _held(self, previous: Tensor | None) -> Tensor | None:
        """What a scale of a larger version keeps of the one before, (1, 3, h, w)."""
        return reduced(previous) if previous is not None and self._inputs.earlier_side else None

    def _instant_pass(self, index: int, scale: Scale, x: Tensor, coarse: Tensor | None) -> Tensor:
        """Stylize x (1, 3, H, W) with the instant network, and hold it to coarse colours (1, 3, h, w)."""
        assert self._instant is not None  # noqa: S101
        size = self._inputs.size_at(scale.long_side)
        coded, seed = self._instant.coded_parts(self._inputs, scale.long_side, self._check_stop), self._params.seed
        parts = [part.with_share(self._pass_share(scale)) for part in coded]
        x = self._instant.stylize(
            None, lambda: x, parts, self._check_stop, weights=lambda: self._inputs.weights(size), noise=PASS_NOISE, seed=seed
        )
        x = x if coarse is None else hold(x, coarse)
        self._work_done += PASS_WORK * self._work_of(scale)
        self._on_progress(self._progress(index, 0, x))
        return x

    def _pass_share(self, scale: Scale) -> float:
        """Share of the style's transfer in a pass: less at the large scales of a larger version."""
        side = scale.long_side / self._inputs.aspect_excess
        return min(1.0, (FULL_TRANSFER / side) ** 0.5) if self._inputs.earlier_side else 1.0

    def _check_stop(self) -> None:
        if self._should_stop():
            raise RenderingStopped

    def _note(self, step: Step) -> None:
        self.losses = step.losses
        if step.optimiser not in self.optimisers[-1]:
            self.optimisers[-1].append(step.optimiser.value)

    def _work_of(self, scale: Scale) -> float:
        height, width = self._inputs.size_at(scale.long_side)
        return (height + 2 * MARGIN) * (width + 2 * MARGIN)

    def _whole_work_of(self, scale: Scale) -> float:
        return self._work_of(scale) * (scale.steps + PASS_WORK * scale.has_pass)

    @cached_property
    def _fingerprint(self) -> str:
        """Of this rendering, as its checkpoints have it. Device, precision and tiles are left out: they change the painting by rounding."""
        instant = self._instant.digest if self._instant else None
        scales = [[*self._inputs.size_at(scale.long_side), scale.steps, scale.has_pass] for scale in self.scales]
        return checkpoints.fingerprint_of([self._params.to_dict(), self._encoder.digest, instant, scales, self._inputs.facts()])

    def _checkpoint(self, scales: int, x: Tensor) -> bytes:
        """The painting x (1, 3, h, w) after that number of scales."""
        seconds = time.perf_counter() - self._started
        return checkpoints.encode(Checkpoint(x, scales, seconds, self.optimisers, self.losses), self._fingerprint)

    def _progress(self, index: int, number: int, x: Tensor) -> Progress:
        fraction = self._work_done / self._work
        spent = time.perf_counter() - self._started
        has_more = index + 1 < len(self.scales)
        return Progress(
            fraction=fraction,
            scale=index + 1,
            scales=len(self.scales),
            step=number,
            steps=self.scales[index].steps,
            losses=self.losses,
            seconds_left=spent / fraction - spent,
            preview=cache(lambda max_side: self._preview(x, max_side)),  # a page and the time-lapse ask for the same one
            checkpoint=partial(self._checkpoint, index + 1, x) if has_more and number == self.scales[index].steps else None,
        )

    def _preview(self, x: Tensor, max_side: int) -> Image.Image:
        """A preview of the same size at every scale, so that a page that shows it does not jump."""
        return self._inputs.finish(resize(x.clamp(0, 1), self._inputs.size_at(min(max_side, self.scales[-1].long_side))))
